/*
 * Filters are alternatives, where the fields of a rule here all have to hold: so each range is a
 * rule of its own. keep: holds for what filters found, not for names.
 */
#include "config/foreign/dregsy_tags.h"

#include "config/foreign/semver_text.h"

#include <string.h>

struct filters {
	struct node *names;             /* tags and patterns */
	struct node *excluded;          /* what keep: leaves out */
	const struct node *not_pattern; /* regex: !..., beside which nothing else can be said */
	const struct node *kept;        /* keep: with a pattern */
	const struct node *ranges;
	struct node *newest; /* keep: latest */
	size_t patterns;     /* among names */
};

static const struct field tag = {.name = "a tag", .kind = FIELDS_TEXT};

/* Adds the anchored pattern; dregsy adds what is missing. */
static void add_pattern(struct translation *translation, struct node *list, const struct node *at,
			struct str text)
{
	translation_pattern(translation, list, at, str_starts(text, "^") ? "" : "^", text,
			    str_ends(text, "$") ? "" : "$");
}

static bool cut_prefix(struct str *text, const char *prefix)
{
	if (!str_starts(*text, prefix))
		return false;
	*text = str_trim(str_from(*text, strlen(prefix)));
	return true;
}

static void read_keep(struct translation *translation, const struct node *node, struct str text,
		      struct filters *out)
{
	if (cut_prefix(&text, "latest ")) {
		out->newest = translation_text(translation, node, text);
	} else if (cut_prefix(&text, "!")) {
		if (!out->excluded)
			out->excluded = translation_list(translation, node);
		add_pattern(translation, out->excluded, node, text);
	} else if (out->kept) {
		translation_refuse(translation, node,
				   "a second keep: has no counterpart: write both as one pattern");
	} else {
		struct node *list = translation_list(translation, node);
		add_pattern(translation, list, node, text);
		out->kept = list;
	}
}

static void read_tag(struct translation *translation, const struct node *node, struct filters *out)
{
	const struct fields_reading reading = translation_reading(translation);
	struct str text;
	if (!fields_filled(&reading, &tag, node, &text))
		return;
	text = str_trim(text);
	if (cut_prefix(&text, "semver:")) {
		scoped(buf_finish) struct buf range = {0};
		if (!semver_text_add(text, &range))
			translation_refuse(translation, node,
					   "a range compares versions of at most three numbers");
		struct node *list = (struct node *)(uintptr_t)out->ranges;
		if (!list)
			list = translation_list(translation, node);
		translation_add(translation, list,
				translation_text(translation, node, buf_str(&range)));
		translation->failed |= !buf_ok(&range);
		out->ranges = list;
	} else if (cut_prefix(&text, "regex:")) {
		if (cut_prefix(&text, "!")) {
			struct node *list = translation_list(translation, node);
			add_pattern(translation, list, node, text);
			out->not_pattern = list;
			return;
		}
		add_pattern(translation, out->names, node, text);
		out->patterns++;
	} else if (cut_prefix(&text, "keep:")) {
		read_keep(translation, node, text, out);
	} else {
		/* With a digest the name is only that at the target. */
		if (str_find(text, ':') < text.len)
			translation_refuse(translation, node,
					   "a digest among tags has no counterpart: write a rule "
					   "REPOSITORY@sha256:...: DESTINATION:TAG for it");
		else
			translation_add(translation, out->names,
					translation_text(translation, node, text));
	}
}

static struct node *new_rule(struct translation *translation, const struct dregsy_mapping *mapping)
{
	struct node *map = translation_map(translation, mapping->target);
	translation_set(translation, map, "to", mapping->target);
	return map;
}

static void add_rule(struct translation *translation, const struct dregsy_mapping *mapping,
		     struct node *map)
{
	for (size_t i = 0; i < mapping->rest->count; i++)
		translation_put(translation, map, mapping->rest->keys[i], mapping->rest->items[i]);
	bool plain = map && map->count == 1;
	translation_rule(translation,
			 translation_text(translation, mapping->at, str_of(mapping->source)),
			 plain ? mapping->target : map);
}

/* The rule for names and patterns, or for all tags. */
static void add_names(struct translation *translation, const struct dregsy_mapping *mapping,
		      const struct filters *filters)
{
	struct node *map = new_rule(translation, mapping);
	bool all = !filters->names->count && !filters->not_pattern;
	if (filters->names->count)
		translation_set(translation, map, "tags", filters->names);
	else if (filters->kept)
		translation_set(translation, map, "tags", filters->kept);
	if (filters->not_pattern)
		translation_set(translation, map, "exclude", filters->not_pattern);
	else if (all && filters->excluded)
		translation_set(translation, map, "exclude", filters->excluded);
	if (filters->newest) {
		translation_set(translation, map, "latest", filters->newest);
		translation_lose(translation, filters->newest,
				 "keep: latest takes only versions here: tags that are none are "
				 "left out");
	}
	add_rule(translation, mapping, map);
}

static void add_ranges(struct translation *translation, const struct dregsy_mapping *mapping,
		       const struct filters *filters)
{
	for (size_t i = 0; filters->ranges && i < filters->ranges->count; i++) {
		struct node *map = new_rule(translation, mapping);
		translation_set(translation, map, "semver", filters->ranges->items[i]);
		translation_set(translation, map, "prereleases",
				translation_switch(translation, filters->ranges, true));
		if (filters->kept)
			translation_set(translation, map, "tags", filters->kept);
		if (filters->excluded)
			translation_set(translation, map, "exclude", filters->excluded);
		if (filters->newest)
			translation_set(translation, map, "latest", filters->newest);
		add_rule(translation, mapping, map);
	}
}

/* What all filters together mean may be more than rules can say. */
static void check(struct translation *translation, const struct filters *filters)
{
	const struct node *at = filters->not_pattern;
	if (at && (filters->names->count || filters->ranges || filters->kept || filters->excluded))
		translation_refuse(translation, at,
				   "regex: ! beside other filters has no counterpart");
	if (filters->patterns && (filters->kept || filters->excluded || filters->newest))
		translation_refuse(translation,
				   filters->kept       ? filters->kept
				   : filters->excluded ? filters->excluded
						       : filters->newest,
				   "keep: beside regex: has no counterpart: write both as one "
				   "pattern");
	if (filters->newest && filters->ranges && filters->ranges->count > 1)
		translation_refuse(translation, filters->newest,
				   "keep: latest for several ranges has no counterpart: write one "
				   "range, with || between");
	if (filters->ranges)
		translation_lose(translation, filters->ranges,
				 "semver: takes only tags with three numbers here: 1.28 is no "
				 "version, 1.28.0 is");
}

void dregsy_tags_translate(struct translation *translation, const struct dregsy_mapping *mapping,
			   const struct node *tags)
{
	struct filters filters = {.names = translation_list(translation, mapping->at)};
	if (!filters.names)
		return;
	if (tags && tags->kind != NODE_NULL && translation_expect_list(translation, tags, "tags"))
		for (size_t i = 0; i < tags->count; i++)
			read_tag(translation, tags->items[i], &filters);
	check(translation, &filters);
	add_ranges(translation, mapping, &filters);
	bool filtered = filters.ranges && !filters.names->count;
	if (filters.names->count && filters.ranges && filters.newest)
		filters.newest = NULL; /* names are not subject to it */
	if (!filtered)
		add_names(translation, mapping, &filters);
}
