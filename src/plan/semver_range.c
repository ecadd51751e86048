/*
 * Whatever the spelling, a term becomes a lower and an upper bound, inside or outside of which a
 * version must be. An upper bound like "below 2.0.0" means 2.0.0-0, the lowest there is of 2.0.0,
 * so that its prereleases are out as well.
 */
#include "plan/semver_range.h"

#include <string.h>

enum { PARTS = 3, TEXT_MAX = 1000 };

struct bound {
	bool set, inclusive;
	bool named; /* its prerelease is one that the user wrote */
	struct semver version;
};

struct term {
	struct bound low, high;
	bool negated;
	bool first; /* of its alternative */
};

struct semver_range {
	struct term *terms;
	size_t count;
};

/* A version that may end early: 1.2, 1.x, *. */
struct partial {
	struct semver version; /* missing numbers are 0 */
	size_t parts;          /* numbers that are given */
};

enum operation { EQUAL, UNEQUAL, GREATER, AT_LEAST, LESS, AT_MOST, TILDE, CARET };

/* Longer ones first, so that the first that fits is the one. */
static const struct {
	const char *text;
	enum operation operation;
} operations[] = {
	{"!=", UNEQUAL}, {">=", AT_LEAST}, {"<=", AT_MOST}, {"=", EQUAL},
	{">", GREATER},  {"<", LESS},      {"~", TILDE},    {"^", CARET},
};

struct range_reading {
	struct str rest; /* of the current alternative */
	struct semver_range *range;
	struct error *err;
};

/* --- versions ------------------------------------------------------------------------------ */

static bool is_wildcard(struct str text)
{
	return str_is(text, "x") || str_is(text, "X") || str_is(text, "*");
}

static bool read_partial(struct str text, struct partial *out)
{
	struct str rest = str_from(text, str_starts(text, "v"));
	struct str part;
	bool open = false;
	*out = (struct partial){0};
	if (semver_parse(text, &out->version)) {
		out->parts = PARTS;
		return out->version.number[0] < INT64_MAX && out->version.number[1] < INT64_MAX &&
		       out->version.number[2] < INT64_MAX;
	}
	*out = (struct partial){0};
	for (size_t i = 0; str_cut(&rest, '.', &part); i++) {
		int64_t *number = &out->version.number[i];
		if (i == PARTS || (open && !is_wildcard(part)))
			return false;
		open = open || is_wildcard(part);
		if (open)
			continue;
		if (i == PARTS - 1 || !str_to_int64(part, number) || *number == INT64_MAX)
			return false;
		out->parts++;
	}
	return text.len != 0;
}

/* version with the number of this index one higher, and none behind it. */
static struct semver raised(const struct semver *version, size_t index)
{
	struct semver result = {0};
	for (size_t i = 0; i <= index; i++)
		result.number[i] = version->number[i];
	result.number[index]++;
	return result;
}

static struct bound bound_of(const struct partial *partial, bool inclusive)
{
	return (struct bound){.set = true,
			      .inclusive = inclusive,
			      .named = partial->version.prerelease.len != 0,
			      .version = partial->version};
}

/* Everything before version, its prereleases included. */
static struct bound before(struct semver version)
{
	version.prerelease = STR("0");
	return (struct bound){.set = true, .version = version};
}

/* The index of the number that a term with this operator lets no one raise. */
static size_t fixed_index(enum operation operation, const struct partial *partial)
{
	size_t i = 0;
	if (operation == TILDE)
		return partial->parts > 1;
	if (operation != CARET)
		return partial->parts - 1;
	while (i + 1 < partial->parts && partial->version.number[i] == 0)
		i++;
	return i;
}

/* --- terms --------------------------------------------------------------------------------- */

/* The term of an operator and a whole version. */
static struct term whole_term(enum operation operation, const struct partial *partial)
{
	struct bound inclusive = bound_of(partial, true);
	struct bound exclusive = bound_of(partial, false);
	struct bound next = before(raised(&partial->version, fixed_index(operation, partial)));
	switch (operation) {
	case EQUAL:
		return (struct term){.low = inclusive, .high = inclusive};
	case UNEQUAL:
		inclusive.named = false;
		return (struct term){.low = inclusive, .high = inclusive, .negated = true};
	case GREATER:
		return (struct term){.low = exclusive};
	case AT_LEAST:
		return (struct term){.low = inclusive};
	case LESS:
		return (struct term){.high = exclusive};
	case AT_MOST:
		return (struct term){.high = inclusive};
	case TILDE:
	case CARET:
		return (struct term){.low = inclusive, .high = next};
	}
	return (struct term){.negated = false};
}

/* The term of an operator and 1.2 or 1: it speaks of all versions that begin so. */
static struct term partial_term(enum operation operation, const struct partial *partial)
{
	struct bound low = bound_of(partial, true);
	struct semver next = raised(&partial->version, fixed_index(operation, partial));
	switch (operation) {
	case GREATER:
		return (struct term){.low = {.set = true, .inclusive = true, .version = next}};
	case AT_LEAST:
		return (struct term){.low = low};
	case LESS:
		return (struct term){.high = before(partial->version)};
	case AT_MOST:
		return (struct term){.high = before(next)};
	case EQUAL:
	case UNEQUAL:
	case TILDE:
	case CARET:
		break;
	}
	return (struct term){.low = low, .high = before(next), .negated = operation == UNEQUAL};
}

static struct term make_term(enum operation operation, const struct partial *partial)
{
	struct semver none = {.build = {0}};
	bool nothing = operation == GREATER || operation == LESS || operation == UNEQUAL;
	if (partial->parts == PARTS)
		return whole_term(operation, partial);
	if (partial->parts)
		return partial_term(operation, partial);
	return nothing ? (struct term){.high = before(none)} : (struct term){.negated = false};
}

/* --- text ---------------------------------------------------------------------------------- */

static bool is_separator(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

static void skip_separators(struct str *text)
{
	while (text->len && is_separator(text->at[0]))
		*text = str_from(*text, 1);
}

/* Cuts off the part before the next separator, and the separators after it. */
static struct str cut_word(struct str *text)
{
	size_t len = 0;
	while (len < text->len && !is_separator(text->at[len]))
		len++;
	struct str word = str_head(*text, len);
	*text = str_from(*text, len);
	skip_separators(text);
	return word;
}

static bool read_version(struct range_reading *reading, struct partial *out)
{
	struct str word = cut_word(&reading->rest);
	if (read_partial(word, out))
		return true;
	if (!word.len)
		return error_set(reading->err, ERROR_CONFIG, "a version is missing at the end");
	return error_set(reading->err, ERROR_CONFIG,
			 "\"%.*s\" is not a version: write one as in 1.2.3, 1.2 or 1.2.x",
			 STR_ARGS(str_head(word, 80)));
}

static bool read_operator(struct str *text, enum operation *out)
{
	for (size_t i = 0; i < array_count(operations); i++) {
		if (!str_starts(*text, operations[i].text))
			continue;
		*text = str_from(*text, strlen(operations[i].text));
		*out = operations[i].operation;
		return true;
	}
	return false;
}

static bool read_term(struct range_reading *reading, struct term *out)
{
	enum operation operation = EQUAL;
	struct partial from, to;
	bool plain = !read_operator(&reading->rest, &operation);
	skip_separators(&reading->rest);
	if (!read_version(reading, &from))
		return false;
	*out = make_term(operation, &from);
	struct str behind = reading->rest;
	if (!plain || !str_is(cut_word(&behind), "-"))
		return true;
	reading->rest = behind;
	if (!read_version(reading, &to))
		return false;
	out->low = make_term(AT_LEAST, &from).low;
	out->high = make_term(AT_MOST, &to).high;
	return true;
}

static bool read_alternative(struct range_reading *reading)
{
	struct semver_range *range = reading->range;
	bool first = true;
	skip_separators(&reading->rest);
	if (!reading->rest.len)
		return error_set(reading->err, ERROR_CONFIG,
				 "a range is missing: write * for every version");
	for (; reading->rest.len; first = false) {
		struct term *term = &range->terms[range->count];
		if (!read_term(reading, term))
			return false;
		term->first = first;
		range->count++;
	}
	return true;
}

bool semver_range_parse(struct arena *arena, struct str text, const struct semver_range **out,
			struct error *err)
{
	struct semver_range *range = arena_new_of(arena, struct semver_range);
	struct range_reading reading = {.range = range, .err = err};
	if (text.len > TEXT_MAX)
		return error_set(err, ERROR_CONFIG, "longer than %d characters", TEXT_MAX);
	if (!range)
		return error_memory(err);
	/* Each term takes at least one byte. */
	range->terms = arena_array(arena, text.len + 1, sizeof(*range->terms));
	if (!range->terms)
		return error_memory(err);
	*out = range;
	for (bool more = true; more;) {
		size_t end = 0;
		while (end < text.len && !str_starts(str_from(text, end), "||"))
			end++;
		reading.rest = str_head(text, end);
		more = end < text.len;
		text = str_from(text, end + 2);
		if (!read_alternative(&reading))
			return false;
	}
	return true;
}

/* --- matching ------------------------------------------------------------------------------ */

static bool above(const struct bound *low, const struct semver *version)
{
	int order = semver_compare(version, &low->version);
	return !low->set || order > 0 || (order == 0 && low->inclusive);
}

static bool below(const struct bound *high, const struct semver *version)
{
	int order = semver_compare(version, &high->version);
	return !high->set || order < 0 || (order == 0 && high->inclusive);
}

/* Does the bound name a prerelease of the version that this is a prerelease of? */
static bool names(const struct bound *bound, const struct semver *version)
{
	return bound->named &&
	       memcmp(bound->version.number, version->number, sizeof(version->number)) == 0;
}

/* A prerelease of the version that a range ends before is not in it, though it comes before. */
static bool ends_before(const struct bound *high, const struct semver *version)
{
	return high->set && !high->inclusive && !high->version.prerelease.len &&
	       version->prerelease.len &&
	       memcmp(high->version.number, version->number, sizeof(version->number)) == 0;
}

bool semver_range_matches(const struct semver_range *range, const struct semver *version,
			  bool prereleases)
{
	for (size_t i = 0; i < range->count;) {
		bool fits = true;
		bool named = prereleases || version->prerelease.len == 0;
		do {
			const struct term *term = &range->terms[i];
			bool inside = above(&term->low, version) && below(&term->high, version) &&
				      !(prereleases && ends_before(&term->high, version));
			fits = fits && inside != term->negated;
			named = named || names(&term->low, version) || names(&term->high, version);
			i++;
		} while (i < range->count && !range->terms[i].first);
		if (fits && named)
			return true;
	}
	return false;
}
