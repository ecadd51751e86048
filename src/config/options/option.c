/* One line of options.def is one element here; what an element means is decided elsewhere. */
#include "config/options/option.h"

#include "config/nearest.h"

#include <stddef.h>

const struct option option_table[] = {
#define OPTION_GROUP(title) {.kind = OPTION_KIND_GROUP, .name = title},
#define OPTION_ANY(kind, field, name, letter, argument, fallback, help)                            \
	{kind, name, letter, argument, fallback, offsetof(struct options, field), help},
#define OPTION_TEXT(field, name, letter, argument, help)                                           \
	OPTION_ANY(OPTION_KIND_TEXT, field, name, letter, argument, 0, help)
#define OPTION_NUMBER(field, name, letter, argument, fallback, help)                               \
	OPTION_ANY(OPTION_KIND_NUMBER, field, name, letter, argument, fallback, help)
#define OPTION_SWITCH(field, name, letter, help)                                                   \
	OPTION_ANY(OPTION_KIND_SWITCH, field, name, letter, NULL, 0, help)
#define OPTION_LIST(field, name, letter, argument, help)                                           \
	OPTION_ANY(OPTION_KIND_LIST, field, name, letter, argument, 0, help)
#define OPTION_LINES(field, name, letter, argument, help)                                          \
	OPTION_ANY(OPTION_KIND_LINES, field, name, letter, argument, 0, help)
#define OPTION_ALIAS OPTION_TEXT
#include "config/options/options.def"
};

const size_t option_count = array_count(option_table);

const struct option *option_named(struct str name)
{
	for (size_t i = 0; i < option_count; i++)
		if (option_table[i].kind != OPTION_KIND_GROUP && str_is(name, option_table[i].name))
			return &option_table[i];
	return NULL;
}

const struct option *option_lettered(char letter)
{
	for (size_t i = 0; i < option_count; i++)
		if (letter && option_table[i].letter == letter)
			return &option_table[i];
	return NULL;
}

const char *option_nearest(struct str name)
{
	const char *names[array_count(option_table)];
	size_t count = 0;
	for (size_t i = 0; i < option_count; i++)
		if (option_table[i].kind != OPTION_KIND_GROUP)
			names[count++] = option_table[i].name;
	return nearest_word(name, names, count);
}
