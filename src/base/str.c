/* Small, total functions: every one accepts the empty slice. */
#include "base/str.h"

#include <string.h>

struct str str_of(const char *text)
{
	return (struct str){text, text ? strlen(text) : 0};
}

bool str_equal(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_equal_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	return true;
}

bool str_is(struct str a, const char *text)
{
	return str_equal(a, str_of(text));
}

bool str_starts(struct str text, const char *prefix)
{
	return str_equal(str_head(text, strlen(prefix)), str_of(prefix));
}

bool str_ends(struct str text, const char *suffix)
{
	size_t len = strlen(suffix);
	return text.len >= len && str_is(str_from(text, text.len - len), suffix);
}

size_t str_find(struct str text, char c)
{
	const char *at = text.len ? memchr(text.at, c, text.len) : NULL;
	return at ? (size_t)(at - text.at) : text.len;
}

struct str str_from(struct str text, size_t offset)
{
	if (offset >= text.len)
		return (struct str){text.at ? text.at + text.len : NULL, 0};
	return (struct str){text.at + offset, text.len - offset};
}

struct str str_head(struct str text, size_t len)
{
	return (struct str){text.at, len < text.len ? len : text.len};
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

struct str str_trim(struct str text)
{
	while (text.len && blank(text.at[0]))
		text = str_from(text, 1);
	while (text.len && blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

bool str_cut(struct str *text, char separator, struct str *head)
{
	if (!text->at)
		return false;
	size_t at = str_find(*text, separator);
	*head = str_head(*text, at);
	*text = at < text->len ? str_from(*text, at + 1) : (struct str){NULL, 0};
	return true;
}

bool str_to_int64(struct str text, int64_t *out)
{
	int64_t value = 0;
	if (!text.len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int digit = text.at[i] - '0';
		if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*out = value;
	return true;
}

unsigned str_distance(struct str a, struct str b)
{
	enum { LIMIT = 64 };
	unsigned row[LIMIT + 1];
	a = str_head(a, LIMIT);
	b = str_head(b, LIMIT);
	for (unsigned j = 0; j <= b.len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned cost = diagonal + (a.at[i - 1] != b.at[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < cost)
				cost = row[j] + 1;
			if (row[j - 1] + 1 < cost)
				cost = row[j - 1] + 1;
			row[j] = cost;
		}
	}
	return row[b.len];
}
