/*
 * Three passes over one array, each compacting it in place. The newest few are found by sorting
 * indices, and then taken in the order of the array, so that a list of destination tags beside the
 * rule is not shuffled by dates.
 */
#include "plan/select.h"

#include "plan/list.h"
#include "plan/semver_range.h"

#include <stdlib.h>

struct select {
	struct item_list tags, exclude; /* empty: no restriction */
	const struct semver_range *semver;
	int64_t since, latest;
	bool by_date;
	enum selection_prereleases prereleases;
};

/* One image for sorting. */
struct rank {
	size_t index;
	int64_t when;
	struct semver version;
	bool by_date;
};

/* --- from text ----------------------------------------------------------------------------- */

struct parsing {
	struct arena *arena;
	const struct reference *name;
	struct problems *problems;
	bool good, out_of_memory;
};

static void complain(struct parsing *parsing, const char *field, const struct placed *text,
		     const struct error *err)
{
	parsing->good = false;
	if (err->kind == ERROR_MEMORY)
		parsing->out_of_memory = true;
	else
		problem_add(parsing->problems, text->place, "%s %s", field, err->text);
}

static bool parse_one(struct parsing *parsing, const struct placed *text, struct item_list *out,
		      struct error *err)
{
	size_t first = out->count;
	if (!list_parse(parsing->arena, parsing->name, str_of(text->text), out, err))
		return false;
	for (; first < out->count; first++)
		if (out->items[first].digest)
			return error_set(
				err, ERROR_CONFIG,
				"\"%.200s\": only tags and patterns are allowed here, no digests",
				text->text);
	return true;
}

static void parse_list(struct parsing *parsing, const char *field, const struct placed *texts,
		       size_t count, struct item_list *out)
{
	struct error err = {0};
	size_t most = 0;
	for (size_t i = 0; i < count; i++)
		most += list_most(str_of(texts[i].text));
	out->items = arena_array(parsing->arena, most, sizeof(*out->items));
	if (!out->items) {
		parsing->good = false;
		parsing->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (!parse_one(parsing, &texts[i], out, &err))
			complain(parsing, field, &texts[i], &err);
}

static void parse_semver(struct parsing *parsing, const struct placed *text,
			 const struct semver_range **out)
{
	struct error err = {0};
	if (text->text && !semver_range_parse(parsing->arena, str_of(text->text), out, &err)) {
		if (err.kind != ERROR_MEMORY)
			error_wrap(&err, "\"%.200s\"", text->text);
		complain(parsing, "semver", text, &err);
	}
}

bool select_parse(struct arena *arena, const struct selection *selection, struct plan_side *source,
		  const struct select **out, struct problems *problems, bool *memory)
{
	struct parsing parsing = {arena, source->name, problems, .good = true};
	struct select *select = arena_new_of(arena, struct select);
	*memory = select != NULL;
	*out = select;
	if (!select)
		return false;
	parse_list(&parsing, "tags", selection->tags, selection->tag_count, &select->tags);
	parse_list(&parsing, "exclude", selection->exclude, selection->exclude_count,
		   &select->exclude);
	parse_semver(&parsing, &selection->semver, &select->semver);
	select->since = selection->since;
	select->latest = selection->latest;
	select->by_date = selection->latest_by_date;
	select->prereleases = selection->prereleases;
	if (!source->count) {
		source->items = select->tags.items;
		source->count = select->tags.count;
		select->tags = (struct item_list){0};
	}
	if (!select->tags.count && !select->exclude.count && !select->semver && !select->since &&
	    !select->latest && select->prereleases != SELECTION_PRERELEASES_NO)
		*out = NULL;
	*memory = !parsing.out_of_memory;
	return parsing.good;
}

/* --- by tag -------------------------------------------------------------------------------- */

static bool list_finds(const struct item_list *list, struct str tag, bool *found, struct error *err)
{
	*found = false;
	for (size_t i = 0; i < list->count && !*found; i++) {
		const struct plan_item *item = &list->items[i];
		if (!item->pattern)
			*found = str_is(tag, item->tag);
		else if (!pattern_match(item->pattern, tag, found, err))
			return false;
	}
	return true;
}

bool select_takes_tag(const struct select *select, struct str tag, bool *taken, struct error *err)
{
	bool wanted, unwanted;
	struct semver version;
	*taken = false;
	if (!list_finds(&select->tags, tag, &wanted, err) ||
	    !list_finds(&select->exclude, tag, &unwanted, err))
		return false;
	if ((select->tags.count && !wanted) || unwanted)
		return true;
	bool parsed = semver_parse(tag, &version);
	if (select->prereleases == SELECTION_PRERELEASES_NO && parsed && version.prerelease.len)
		return true;
	*taken = !select->semver ||
		 (parsed && semver_range_matches(select->semver, &version,
						 select->prereleases == SELECTION_PRERELEASES_YES));
	return true;
}

static bool keep_by_tag(const struct select *select, struct images *images, struct error *err)
{
	size_t kept = 0;
	for (size_t i = 0; i < images->count; i++) {
		bool selected;
		if (!select_takes_tag(select, items_word(&images->items[i]), &selected, err))
			return false;
		if (selected)
			images->items[kept++] = images->items[i];
	}
	images->count = kept;
	return true;
}

/* --- by date and rank ---------------------------------------------------------------------- */

bool select_by_date(const struct select *select)
{
	return select->since || (select->latest && select->by_date);
}

bool select_compares(const struct select *select)
{
	return select->latest > 0;
}

static bool ask_dates(struct arena *arena, const struct expanding *expanding,
		      const struct images *images, int64_t **out, struct error *err)
{
	const struct catalog *catalog = expanding->catalog;
	const struct select *select = expanding->rule->select;
	size_t unknown = 0;
	int64_t *when = arena_array(arena, images->count + 1, sizeof(*when));
	const struct dating dating = {.images = images->items,
				      .count = images->count,
				      .since = select->since,
				      .newest = select->by_date ? select->latest : 0,
				      .when = when};
	if (!when)
		return error_memory(err);
	*out = when;
	if (!images->count)
		return true;
	if (!catalog->created)
		return error_set(err, ERROR_UNSUPPORTED,
				 "selecting by date is not supported by this version");
	if (!catalog->created(catalog->ctx, &dating, err))
		return false;
	for (size_t i = 0; i < images->count; i++)
		unknown += when[i] == 0;
	if (unknown)
		problem_warn(expanding->warnings, expanding->rule->rule->source_place,
			     "%zu of %zu images of %s/%s have no date of creation: they "
			     "count as the oldest",
			     unknown, images->count, images->items[0].host,
			     images->items[0].repository);
	return true;
}

static void keep_since(int64_t since, struct images *images, int64_t *when)
{
	size_t kept = 0;
	for (size_t i = 0; i < images->count; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): ask_dates() made it */
		if (when[i] == 0 || when[i] < since)
			continue;
		when[kept] = when[i];
		images->items[kept++] = images->items[i];
	}
	images->count = kept;
}

/* Newest first; of equal ones the first in the list. */
static int compare_ranks(const void *left, const void *right)
{
	const struct rank *a = left;
	const struct rank *b = right;
	int order = a->by_date ? (a->when > b->when) - (a->when < b->when)
			       : semver_compare(&a->version, &b->version);
	return order ? -order : (a->index > b->index) - (a->index < b->index);
}

/*
 * Who asks for the newest versions wants releases. A range has decided already which prereleases
 * are in.
 */
static bool ranks(const struct select *select, struct str tag, struct semver *version)
{
	bool all = select->prereleases == SELECTION_PRERELEASES_YES || select->semver;
	return semver_parse(tag, version) && (all || !version->prerelease.len);
}

/* Leaves the newest few; when is NULL for an order by version. */
static bool keep_latest(struct arena *arena, const struct select *select, struct images *images,
			const int64_t *when, struct error *err)
{
	size_t count = 0;
	size_t kept = 0;
	struct rank *order = arena_array(arena, images->count + 1, sizeof(*order));
	bool *chosen = arena_array(arena, images->count + 1, sizeof(*chosen));
	if (!order || !chosen)
		return error_memory(err);
	for (size_t i = 0; i < images->count; i++) {
		struct rank rank = {
			.index = i, .by_date = when != NULL, .when = when ? when[i] : 0};
		if (when || ranks(select, items_word(&images->items[i]), &rank.version))
			order[count++] = rank;
	}
	qsort(order, count, sizeof(*order), compare_ranks);
	for (size_t i = 0; i < count && (int64_t)i < select->latest; i++)
		chosen[order[i].index] = true;
	for (size_t i = 0; i < images->count; i++)
		if (chosen[i])
			images->items[kept++] = images->items[i];
	images->count = kept;
	return true;
}

/* Why a rule may leave none of its tags. items: the first count were there before the last step. */
static const char *why_none(const struct select *select, const struct reference *items,
			    size_t count)
{
	struct semver version;
	bool newest = select->latest && !select->by_date;
	size_t versions = 0;
	for (size_t i = 0; i < count; i++)
		versions += semver_parse(items_word(&items[i]), &version);
	if ((select->semver || newest) && !versions)
		return " (versions have three numbers, as in 1.2.3, and no tag is one: choose by "
		       "tags: /pattern/ or latest: 3 by date)";
	if (newest && !select->semver && !select->prereleases)
		return " (only releases count, unless the rule has prereleases: true)";
	return "";
}

bool select_apply(struct arena *arena, const struct expanding *expanding, struct images *images,
		  struct error *err)
{
	const struct select *select = expanding->rule->select;
	size_t before = images->count;
	struct reference name = before ? images->items[0] : (struct reference){0};
	int64_t *when = NULL;
	if (!keep_by_tag(select, images, err))
		return false;
	if (select_by_date(select) && !ask_dates(arena, expanding, images, &when, err))
		return false;
	if (select->since)
		keep_since(select->since, images, when);
	size_t left = images->count ? images->count : before;
	if (select->latest &&
	    !keep_latest(arena, select, images, select->by_date ? when : NULL, err))
		return false;
	if (!before || images->count)
		return true;
	return items_nothing(expanding, err, "the selection leaves none of the %zu tags of %s/%s%s",
			     before, name.host, name.repository,
			     why_none(select, images->items, left));
}
