/*
 * Which tags are meant: patterns, ranges of versions, lists. The first byte chooses, the first line
 * is the expression, each further one a tag.
 */
#include "fuzz.h"

#include "plan/pattern.h"
#include "plan/semver_range.h"
#include "plan/side.h"

static void try_pattern(struct arena *arena, struct str text, struct str tags)
{
	const struct pattern *pattern = NULL;
	struct error err = {0};
	if (!pattern_parse(arena, text, &pattern, &err)) {
		require(err.kind == ERROR_CONFIG);
		return;
	}
	require(str_equal(str_of(pattern_text(pattern)),
			  str_head(text, strlen(pattern_text(pattern)))));
	while (tags.len) {
		struct str tag = input_part(&tags, '\n');
		bool first = false, second = false;
		if (!pattern_match(pattern, tag, &first, &err)) {
			require(err.kind == ERROR_CONFIG);
			continue;
		}
		require(pattern_match(pattern, tag, &second, &err) && first == second);
	}
}

static void try_range(struct arena *arena, struct str text, struct str tags)
{
	const struct semver_range *range = NULL;
	struct error err = {0};
	struct semver last = {0}, version;
	bool any = false;
	bool parsed = semver_range_parse(arena, text, &range, &err);
	require(parsed || err.kind == ERROR_CONFIG);
	while (tags.len) {
		if (!semver_parse(input_part(&tags, '\n'), &version))
			continue;
		require(semver_compare(&version, &version) == 0);
		if (any)
			require(semver_compare(&version, &last) ==
				-semver_compare(&last, &version));
		if (parsed)
			semver_range_matches(range, &version, version.number[0] & 1);
		last = version;
		any = true;
	}
}

static void try_side(struct arena *arena, struct str text)
{
	struct plan_side side;
	struct error err = {0};
	if (!side_parse(arena, text, &side, &err)) {
		require(err.kind == ERROR_CONFIG);
		return;
	}
	require(side.name->host && side.name->repository);
	bool patterns = side_has_patterns(&side);
	for (size_t i = 0; i < side.count; i++) {
		const struct plan_item *item = &side.items[i];
		require(item->pattern ? patterns && !item->tag && !item->digest
				      : item->tag || item->digest);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str rest = input_text(data, size);
	require(arena);
	unsigned kind = input_byte(&rest) % 3;
	struct str text = input_part(&rest, '\n');
	if (kind == 0)
		try_pattern(arena, text, rest);
	else if (kind == 1)
		try_range(arena, text, rest);
	else
		try_side(arena, text);
	return 0;
}
