/* Numbers of a prerelease have any length: they are compared as text, the longer one is larger. */
#include "plan/semver.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_number(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_digit(text.at[i]))
			return false;
	return text.len != 0;
}

/* [0-9A-Za-z-]+ parts joined by dots; with strict, numbers have no zeros in front. */
static bool identifiers_valid(struct str text, bool strict)
{
	struct str part;
	if (!text.len)
		return false;
	while (str_cut(&text, '.', &part)) {
		if (!part.len || (strict && part.len > 1 && part.at[0] == '0' && is_number(part)))
			return false;
		for (size_t i = 0; i < part.len; i++) {
			char c = part.at[i];
			if (!is_digit(c) && c != '-' && !(c >= 'a' && c <= 'z') &&
			    !(c >= 'A' && c <= 'Z'))
				return false;
		}
	}
	return true;
}

static bool read_number(struct str text, int64_t *out)
{
	return (text.len == 1 || !str_starts(text, "0")) && str_to_int64(text, out);
}

bool semver_parse(struct str text, struct semver *out)
{
	struct str rest = str_from(text, str_starts(text, "v"));
	size_t plus = str_find(rest, '+');
	struct str core = str_head(rest, plus);
	size_t minus = str_find(core, '-');
	struct str part;
	*out = (struct semver){.prerelease = str_from(core, minus + 1),
			       .build = str_from(rest, plus + 1)};
	if ((plus < rest.len && !identifiers_valid(out->build, false)) ||
	    (minus < core.len && !identifiers_valid(out->prerelease, true)))
		return false;
	core = str_head(core, minus);
	for (size_t i = 0; i < array_count(out->number); i++)
		if (!str_cut(&core, '.', &part) || !read_number(part, &out->number[i]))
			return false;
	return !core.at;
}

static int compare_text(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.at, b.at, len) : 0;
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Numbers come before words. */
static int compare_identifiers(struct str a, struct str b)
{
	bool number = is_number(a);
	if (number != is_number(b))
		return number ? -1 : 1;
	if (number && a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return compare_text(a, b);
}

static int compare_prereleases(struct str a, struct str b)
{
	struct str left, right;
	if (!a.len || !b.len)
		return (b.len != 0) - (a.len != 0);
	for (;;) {
		bool more = str_cut(&a, '.', &left);
		if (!str_cut(&b, '.', &right))
			return more;
		if (!more)
			return -1;
		int order = compare_identifiers(left, right);
		if (order)
			return order;
	}
}

int semver_compare(const struct semver *a, const struct semver *b)
{
	for (size_t i = 0; i < array_count(a->number); i++)
		if (a->number[i] != b->number[i])
			return a->number[i] < b->number[i] ? -1 : 1;
	return compare_prereleases(a->prerelease, b->prerelease);
}
