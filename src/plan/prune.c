/*
 * Every doubt is in favour of the tag. One of an unknown age is too young for older-than, and
 * counts as the newest where a few are kept.
 */
#include "plan/prune.h"

#include "oci/companion.h"

#include <stdlib.h>
#include <string.h>

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

struct prune prune_join(const struct prune *rule, const struct prune *other)
{
	struct prune both = *rule;
	if (!other)
		return both;
	both.keep = larger(rule->keep, other->keep);
	both.older_than = larger(rule->older_than, other->older_than);
	both.foreign = rule->foreign && other->foreign;
	/* Which of two kinds of limits allows less depends on the number of tags: the usual one. */
	bool alike = rule->max && other->max && rule->percent == other->percent;
	both.max = alike ? smaller(rule->max, other->max) : 0;
	both.percent = alike && rule->percent;
	return both;
}

static enum prune_verdict judge(const struct prune *rule, const struct prune_tag *tag, int64_t now)
{
	if (tag->selected)
		return PRUNE_SELECTED;
	if (companion_is_tag(str_of(tag->name)))
		return PRUNE_COMPANION;
	if (!tag->written && !rule->foreign)
		return PRUNE_FOREIGN;
	if (rule->older_than && (!tag->last || tag->last > now - rule->older_than))
		return PRUNE_YOUNG;
	return PRUNE_GOES;
}

/* The newest first, then by name so that two runs agree. */
static int compare(const void *a, const void *b)
{
	const struct prune_tag *left = *(struct prune_tag *const *)a;
	const struct prune_tag *right = *(struct prune_tag *const *)b;
	int64_t first = left->last ? left->last : INT64_MAX;
	int64_t second = right->last ? right->last : INT64_MAX;
	if (first != second)
		return first > second ? -1 : 1;
	return strcmp(right->name, left->name);
}

/* Keeps the newest of those that go. */
static bool keep_newest(const struct prune *rule, struct prune_tag *tags, size_t count)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct prune_tag **going =
		arena ? arena_array(arena, count + 1, sizeof(struct prune_tag *)) : NULL;
	size_t found = 0;
	if (!going)
		return false;
	for (size_t i = 0; i < count; i++)
		if (tags[i].verdict == PRUNE_GOES)
			going[found++] = &tags[i];
	qsort(going, found, sizeof(struct prune_tag *), compare);
	for (size_t i = 0; i < found && (int64_t)i < rule->keep; i++)
		going[i]->verdict = PRUNE_KEPT;
	return true;
}

bool prune_judge(const struct prune *rule, struct prune_tag *tags, size_t count, int64_t now)
{
	for (size_t i = 0; i < count; i++)
		tags[i].verdict = judge(rule, &tags[i], now);
	if (!rule->keep || keep_newest(rule, tags, count))
		return true;
	for (size_t i = 0; i < count; i++)
		tags[i].verdict = PRUNE_KEPT;
	return false;
}

static size_t limit(const struct prune *rule, size_t tags)
{
	size_t part = tags * (size_t)(rule->percent ? rule->max : PRUNE_PERCENT) / 100;
	if (rule->percent)
		return part;
	if (rule->max)
		return (size_t)rule->max;
	return part > PRUNE_MAX ? part : PRUNE_MAX;
}

bool prune_allows(const struct prune *rule, size_t going, size_t tags, size_t selected,
		  struct error *err)
{
	size_t most = limit(rule, tags);
	if (going && !selected)
		return error_set(err, ERROR_CONFIG,
				 "its rules select no tag at all, so none of %zu is removed: that "
				 "is more likely a slip than what was meant",
				 going);
	if (going > most)
		return error_set(err, ERROR_CONFIG,
				 "%zu of %zu tags would go, but a run may remove %zu, so none is "
				 "removed: look at them with --dry-run, and say max: %zu if they "
				 "should go",
				 going, tags, most, going);
	return true;
}

const char *prune_verdict_name(enum prune_verdict verdict)
{
	static const char *const names[] = {
		[PRUNE_GOES] = "goes",           [PRUNE_SELECTED] = "selected",
		[PRUNE_COMPANION] = "companion", [PRUNE_FOREIGN] = "foreign",
		[PRUNE_YOUNG] = "young",         [PRUNE_KEPT] = "kept",
		[PRUNE_CHANGED] = "changed"};
	return names[verdict];
}
