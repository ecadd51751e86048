/*
 * The single letters y and n are text, as in the Go library that many users' files were written
 * for, and so are numbers in base 60 and dates: a port range or a tag must not turn into something
 * else.
 */
#include "doc/yaml_scalar.h"

#include <string.h>

struct word {
	const char *text;
	enum node_kind kind;
	bool truth;
};

/* As in the standard: all lower case, all upper case, or capitalised, nothing else. */
static const struct word words[] = {
	{"", NODE_NULL, false},      {"~", NODE_NULL, false},     {"null", NODE_NULL, false},
	{"Null", NODE_NULL, false},  {"NULL", NODE_NULL, false},  {"true", NODE_BOOL, true},
	{"True", NODE_BOOL, true},   {"TRUE", NODE_BOOL, true},   {"yes", NODE_BOOL, true},
	{"Yes", NODE_BOOL, true},    {"YES", NODE_BOOL, true},    {"on", NODE_BOOL, true},
	{"On", NODE_BOOL, true},     {"ON", NODE_BOOL, true},     {"false", NODE_BOOL, false},
	{"False", NODE_BOOL, false}, {"FALSE", NODE_BOOL, false}, {"no", NODE_BOOL, false},
	{"No", NODE_BOOL, false},    {"NO", NODE_BOOL, false},    {"off", NODE_BOOL, false},
	{"Off", NODE_BOOL, false},   {"OFF", NODE_BOOL, false},
};

/* Steps over leading bytes that are in set; returns their number. */
static size_t skip(struct str *text, const char *set)
{
	size_t len = 0;
	while (len < text->len && text->at[len] && strchr(set, text->at[len]))
		len++;
	*text = str_from(*text, len);
	return len;
}

static bool skip_one(struct str *text, const char *set)
{
	if (!text->len || !text->at[0] || !strchr(set, text->at[0]))
		return false;
	*text = str_from(*text, 1);
	return true;
}

/* True when text is not empty and all its bytes are in set. */
static bool only(struct str text, const char *set)
{
	return skip(&text, set) && !text.len;
}

static bool is_number(struct str text)
{
	if (str_is(text, ".nan") || str_is(text, ".NaN") || str_is(text, ".NAN"))
		return true;
	skip_one(&text, "+-");
	if (str_is(text, ".inf") || str_is(text, ".Inf") || str_is(text, ".INF"))
		return true;
	if (str_starts(text, "0x"))
		return only(str_from(text, 2), "0123456789abcdefABCDEF_");
	if (str_starts(text, "0b"))
		return only(str_from(text, 2), "01_");
	if (str_starts(text, "0o"))
		return only(str_from(text, 2), "01234567_");
	if (!text.len || text.at[0] == '_')
		return false;
	size_t digits = skip(&text, "0123456789_");
	if (skip_one(&text, "."))
		digits += skip(&text, "0123456789_");
	if (!digits)
		return false;
	if (!text.len)
		return true;
	if (!skip_one(&text, "eE"))
		return false;
	skip_one(&text, "+-");
	return only(text, "0123456789");
}

enum node_kind yaml_scalar_kind(struct str text, bool *truth)
{
	for (size_t i = 0; i < array_count(words); i++) {
		if (!str_is(text, words[i].text))
			continue;
		*truth = words[i].truth;
		return words[i].kind;
	}
	return is_number(text) ? NODE_NUMBER : NODE_STRING;
}
