/* Only numbers are completed: operators, blanks, commas and prereleases stay as they are. */
#include "config/foreign/semver_text.h"

#include <string.h>

/* The length of the text that consists of the characters in set. */
static size_t span(struct str text, const char *set)
{
	size_t len = 0;
	while (len < text.len && text.at[len] && strchr(set, text.at[len]))
		len++;
	return len;
}

bool semver_text_add(struct str range, struct buf *out)
{
	while (range.len) {
		size_t operator= span(range, "<>=!~^ ,|\tv");
		buf_add_str(out, str_head(range, operator));
		range = str_from(range, operator);
		size_t numbers = span(range, "0123456789."), dots = 0;
		for (size_t i = 0; i < numbers; i++)
			dots += range.at[i] == '.';
		if (dots > 2)
			return false;
		buf_add_str(out, str_head(range, numbers));
		range = str_from(range, numbers);
		/* A wildcard stands for what is missing. */
		bool wild = range.len && strchr("xX*", range.at[0] ? range.at[0] : ' ');
		for (; numbers && !wild && dots < 2; dots++)
			buf_add_string(out, ".0");
		size_t rest = 0;
		while (rest < range.len &&
		       !strchr("<>=!~^ ,|\t", range.at[rest] ? range.at[rest] : ' '))
			rest++;
		buf_add_str(out, str_head(range, rest));
		range = str_from(range, rest);
		if (!operator&& !numbers && !rest)
			return false;
	}
	return true;
}
