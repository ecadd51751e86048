/* Records that share their texts can also be told apart by the addresses of these. */
#include "base/intern.h"

void intern_finish(struct intern *intern)
{
	map_finish(&intern->texts);
}

const char *intern_text(struct intern *intern, const char *text)
{
	const char *known = map_get(&intern->texts, str_of(text));
	if (known)
		return known;
	intern->texts.borrows = true;
	char *copy = arena_string(intern->arena, text);
	return copy && map_put(&intern->texts, str_of(copy), copy) ? copy : NULL;
}
