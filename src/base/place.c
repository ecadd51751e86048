/* A file may have ": " in its name, so each of them is tried until what is before it is a place. */
#include "base/place.h"

#include <string.h>

/* Takes ":number" off the end of text. */
static bool cut_number(struct str *text, int64_t *number)
{
	size_t colon = text->len;
	while (colon && text->at[colon - 1] != ':')
		colon--;
	if (!colon || !str_to_int64(str_from(*text, colon), number))
		return false;
	text->len = colon - 1;
	return true;
}

bool place_read(struct str text, struct place *out)
{
	struct place found = {.file = text};
	*out = (struct place){.line = 0};
	if (!cut_number(&found.file, &found.column) || !cut_number(&found.file, &found.line) ||
	    !found.file.len)
		return false;
	*out = found;
	return true;
}

bool place_split(struct str line, struct place *out, struct str *text)
{
	for (size_t end = 0; end + 1 < line.len; end++) {
		if (line.at[end] != ':' || line.at[end + 1] != ' ' ||
		    !place_read(str_head(line, end), out))
			continue;
		*text = str_from(line, end + 2);
		return true;
	}
	*out = (struct place){.line = 0};
	*text = line;
	return false;
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int place_compare(const struct place *a, const struct place *b)
{
	size_t common = a->file.len < b->file.len ? a->file.len : b->file.len;
	int order = common ? memcmp(a->file.at, b->file.at, common) : 0;
	if (!order)
		order = (a->file.len > b->file.len) - (a->file.len < b->file.len);
	if (!order)
		order = compare_numbers(a->line, b->line);
	return order ? order : compare_numbers(a->column, b->column);
}
