/*
 * A step is read with the defaults below it, as regsync does: a field that a step leaves out has
 * the node of the defaults. What cannot be carried over is reported where it is written: once for
 * the defaults, not again for each step.
 *
 * In regsync an image without a tag is `latest`, where here it would be the whole repository. Its
 * patterns of tags are anchored at both ends and find what there is, so names become patterns too.
 */
#include "config/foreign/regsync_file.h"

#include "config/foreign/regsync_creds.h"
#include "config/foreign/regsync_fields.h"
#include "config/foreign/semver_text.h"
#include "config/foreign/template.h"

#include <limits.h>
#include <string.h>

enum root_field { VERSION, CREDS, DEFAULTS, SYNC, ROOT_FIELDS };

static const struct field root_fields[ROOT_FIELDS] = {
	[VERSION] = {"version", FIELDS_TEXT, "that of the form"},
	[CREDS] = {"creds", FIELDS_MIXED, "the registries with their logins"},
	[DEFAULTS] = {"defaults", FIELDS_MAP, "what holds for all steps"},
	[SYNC] = {"sync", FIELDS_MIXED, "the steps"},
};

enum selection_field { ALLOW, DENY, SEMVER_RANGE, SELECTION_FIELDS };

static const struct field selection_fields[SELECTION_FIELDS] = {
	[ALLOW] = {"allow", FIELDS_TEXTS, "patterns of what is taken"},
	[DENY] = {"deny", FIELDS_TEXTS, "patterns of what is not taken"},
	[SEMVER_RANGE] = {"semverRange", FIELDS_TEXTS, "ranges of versions"},
};

enum filter_field { ARTIFACT_TYPE, ANNOTATIONS, FILTER_FIELDS };

static const struct field filter_fields[FILTER_FIELDS] = {
	[ARTIFACT_TYPE] = {"artifactType", FIELDS_TEXT, "the type of the referrer"},
	[ANNOTATIONS] = {"annotations", FIELDS_MAP, "its annotations"},
};

static const struct fields_table root_table = {.fields = root_fields, .count = ROOT_FIELDS};
static const struct fields_table step_table = {.fields = regsync_fields, .count = REGSYNC_GENERAL};
static const struct fields_table default_table = {.fields = regsync_fields + REGSYNC_SHARED,
						  .count = REGSYNC_FIELDS - REGSYNC_SHARED};
static const struct fields_table tags_table = {.fields = selection_fields,
					       .count = SELECTION_FIELDS};
static const struct fields_table repos_table = {.fields = selection_fields, .count = SEMVER_RANGE};
static const struct fields_table filter_table = {.fields = filter_fields, .count = FILTER_FIELDS};

bool regsync_file_recognise(const struct node *root)
{
	const struct node *sync = node_get(root, "sync");
	const struct node *first =
		sync && sync->kind == NODE_LIST && sync->count ? sync->items[0] : NULL;
	return node_get(first, "source") && node_get(first, "target");
}

/* --- one step -------------------------------------------------------------------------------- */

/* Adds the patterns in node, one or a list, to those of map under key. */
static void add_patterns(struct translation *translation, struct node *map, const char *key,
			 const struct node *node)
{
	const struct fields_reading reading = translation_reading(translation);
	static const struct field pattern = {.name = "a pattern", .kind = FIELDS_TEXT};
	if (!node || node->kind == NODE_NULL || (node->kind == NODE_LIST && !node->count))
		return;
	struct node *list = translation_list(translation, node);
	for (size_t i = 0; i < fields_count(&reading, &pattern, node); i++) {
		const struct node *each = fields_item(node, i);
		struct str text;
		if (fields_filled(&reading, &pattern, each, &text))
			translation_pattern(translation, list, each, "^", text, "$");
	}
	translation_set(translation, map, key, list);
}

static void add_semver(struct translation *translation, struct node *map, const struct node *ranges)
{
	scoped(buf_finish) struct buf range = {0};
	if (!ranges || (ranges->kind == NODE_LIST && !ranges->count))
		return;
	for (size_t i = 0; i < (ranges->kind == NODE_LIST ? ranges->count : 1); i++) {
		const struct node *each = fields_item(ranges, i);
		if (!each->text.len)
			continue;
		if (range.len)
			buf_add_string(&range, " || ");
		if (!semver_text_add(each->text, &range))
			translation_refuse(translation, each,
					   "a range compares versions of at most three numbers, as "
					   "in >=1.2 <2");
	}
	translation->failed |= !buf_ok(&range);
	if (!range.len)
		return;
	translation_set(translation, map, "semver",
			translation_text(translation, ranges, buf_str(&range)));
	/* A prerelease is in a range of regsync's by its precedence alone. */
	translation_set(translation, map, "prereleases",
			translation_switch(translation, ranges, true));
	translation_lose(translation, ranges,
			 "semverRange takes only tags with three numbers here: 1.28 is no version, "
			 "1.28.0 is");
}

/* Adds one selection of tags. */
static void add_tags(struct translation *translation, struct node *map, const struct node *tags)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[SELECTION_FIELDS];
	if (!translation_expect_map(translation, tags, "a selection of tags"))
		return;
	fields_collect(&reading, &tags_table, tags, values);
	add_patterns(translation, map, "tags", values[ALLOW]);
	add_patterns(translation, map, "exclude", values[DENY]);
	add_semver(translation, map, values[SEMVER_RANGE]);
}

static void add_repositories(struct translation *translation, struct node *map,
			     const struct node *repos)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[SELECTION_FIELDS];
	if (!repos || repos->kind == NODE_NULL ||
	    !translation_expect_map(translation, repos, "repos"))
		return;
	fields_collect(&reading, &repos_table, repos, values);
	add_patterns(translation, map, "repositories", values[ALLOW]);
	add_patterns(translation, map, "exclude-repositories", values[DENY]);
}

static void add_platforms(struct translation *translation, struct node *map,
			  const struct node *const *values)
{
	const struct node *one = values[REGSYNC_PLATFORM], *several = values[REGSYNC_PLATFORMS];
	if (several && several->kind == NODE_LIST && !several->count)
		several = NULL;
	if (one && several)
		translation_refuse(translation, several,
				   "platform and platforms together have no counterpart: keep one");
	else if (one && one->text.len)
		translation_set(translation, map, "platforms", one);
	else if (several)
		translation_set(translation, map, "platforms", several);
	else
		return;
	translation_lose(translation, one ? one : several,
			 "%s: the destination gets an index of these platforms, with another "
			 "digest than that of regsync",
			 one ? "platform" : "platforms");
}

/* The types of referrers that filters let pass. */
static const struct node *read_filters(struct translation *translation, const struct node *filters)
{
	const struct fields_reading reading = translation_reading(translation);
	struct node *types = translation_list(translation, filters);
	bool all = false;
	for (size_t i = 0; i < filters->count; i++) {
		const struct node *values[FILTER_FIELDS], *each = filters->items[i];
		if (!translation_expect_map(translation, each, "a filter of referrers"))
			continue;
		fields_collect(&reading, &filter_table, each, values);
		if (values[ANNOTATIONS])
			translation_refuse(translation, values[ANNOTATIONS],
					   "referrers cannot be chosen by their annotations here, "
					   "only by artifactType");
		if (values[ARTIFACT_TYPE])
			translation_add(translation, types, values[ARTIFACT_TYPE]);
		all |= !values[ARTIFACT_TYPE] && !values[ANNOTATIONS];
	}
	return all || !types || !types->count ? NULL : types;
}

static void add_referrers(struct translation *translation, struct node *map,
			  const struct node *const *values)
{
	const struct node *filters = values[REGSYNC_REFERRER_FILTERS];
	bool digest_tags = regsync_fields_true(translation, REGSYNC_DIGEST_TAGS, values);
	bool referrers = regsync_fields_true(translation, REGSYNC_REFERRERS, values);
	const struct node *types = NULL;
	if (!referrers && !digest_tags)
		return;
	if (filters && filters->kind != NODE_NULL && referrers &&
	    translation_expect_list(translation, filters, "referrerFilters"))
		types = read_filters(translation, filters);
	if (types && digest_tags) {
		translation_lose(translation, values[REGSYNC_DIGEST_TAGS],
				 "digestTags is ignored beside referrerFilters: what tags attach "
				 "is copied only if its type is among them");
	} else if (digest_tags != referrers) {
		translation_remark(
			translation, values[digest_tags ? REGSYNC_DIGEST_TAGS : REGSYNC_REFERRERS],
			"%s: both what tags attach and what refers to an image is copied",
			regsync_fields[digest_tags ? REGSYNC_DIGEST_TAGS : REGSYNC_REFERRERS].name);
	}
	if (types)
		translation_set(translation, map, "referrers", types);
	else
		translation_set(translation, map, "referrers",
				translation_switch(
					translation,
					values[referrers ? REGSYNC_REFERRERS : REGSYNC_DIGEST_TAGS],
					true));
}

/* regsync reads them there alone. */
static void add_referrers_from(struct translation *translation, struct node *map,
			       const struct node *const *values)
{
	const struct node *from = values[REGSYNC_REFERRER_SOURCE];
	if (!from || !from->text.len)
		return;
	if (!regsync_fields_true(translation, REGSYNC_REFERRERS, values)) {
		translation_remark(translation, from,
				   "referrerSource counts only for steps with referrers: true");
		return;
	}
	struct node *name = template_read(translation, from, TEMPLATE_SOURCE, NULL);
	translation_set(translation, map, "referrers-from", name);
	if (name)
		translation_remark(translation, from,
				   "referrerSource: referrers are read beside the image as well");
}

static void add_times(struct translation *translation, struct node *map,
		      const struct node *const *values)
{
	const struct node *schedule = values[REGSYNC_SCHEDULE],
			  *interval = values[REGSYNC_INTERVAL];
	if (schedule && schedule->text.len) {
		struct str text = str_trim(schedule->text), zone;
		if (str_starts(text, "CRON_TZ=") || str_starts(text, "TZ=")) {
			str_cut(&text, ' ', &zone);
			text = str_trim(text);
			translation_lose(translation, schedule,
					 "the time zone is ignored: give --time-zone to serve");
		}
		bool every = str_starts(text, "@every ");
		if (every)
			text = str_trim(str_from(text, strlen("@every ")));
		translation_set(translation, map, every ? "every" : "cron",
				translation_text(translation, schedule, text));
	} else if (interval && interval->text.len) {
		translation_set(translation, map, "every", interval);
	}
}

/* What a step copies, by its type. */
enum step_type { IMAGE, REPOSITORY, REGISTRY, UNKNOWN };

static enum step_type read_type(struct translation *translation, const struct node *step,
				const struct node *type)
{
	static const char *const names[UNKNOWN] = {"image", "repository", "registry"};
	for (int i = 0; type && i < UNKNOWN; i++)
		if (str_is(type->text, names[i]))
			return i;
	translation_refuse(translation, type ? type : step,
			   "type must be image, repository or registry");
	return UNKNOWN;
}

/* True when the name has a tag or a digest. */
static bool is_image(struct str name)
{
	size_t slash = name.len;
	while (slash && name.at[slash - 1] != '/')
		slash--;
	struct str last = str_from(name, slash);
	return str_find(last, ':') < last.len || str_find(name, '@') < name.len;
}

/* The name of one side as we write it. NULL: it is missing, or wrong. */
static const struct node *read_side(struct translation *translation, const struct node *step,
				    const struct node *const *values, enum regsync_field side,
				    enum step_type type)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *node = values[side];
	struct str text;
	if (!node)
		translation_refuse(translation, step, "%s is missing", regsync_fields[side].name);
	if (!node || !fields_filled(&reading, &regsync_fields[side], node, &text))
		return NULL;
	struct node *name = template_read(
		translation, node, side == REGSYNC_SOURCE ? TEMPLATE_SOURCE : TEMPLATE_DESTINATION,
		NULL);
	if (!name || type == UNKNOWN)
		return NULL;
	if (type == IMAGE)
		return is_image(name->text) ? name
					    : translation_printf(translation, node, "%.*s:latest",
								 STR_ARGS(name->text));
	if (is_image(name->text) && (type == REPOSITORY || str_find(name->text, '/') < text.len)) {
		translation_refuse(translation, node,
				   "%s names an image, but the step is of the type %s: leave out "
				   "its tag",
				   regsync_fields[side].name, values[REGSYNC_TYPE]->text.at);
		return NULL;
	}
	return type == REGISTRY && side == REGSYNC_SOURCE
		       ? translation_printf(translation, node, "%.*s/**", STR_ARGS(name->text))
		       : name;
}

/* The rule of a step for one selection of tags; NULL: for all. */
static void add_rule(struct translation *translation, const struct node *source,
		     const struct node *target, const struct node *tags, const struct node *rest)
{
	struct node *map = translation_map(translation, target);
	translation_set(translation, map, "to", target);
	if (tags)
		add_tags(translation, map, tags);
	for (size_t i = 0; i < rest->count; i++)
		translation_put(translation, map, rest->keys[i], rest->items[i]);
	bool plain = map && map->count == 1;
	translation_rule(translation, source, plain ? target : map);
}

static bool has_tags(const struct node *tags)
{
	bool any = false;
	for (size_t i = 0; tags && tags->kind == NODE_MAP && i < tags->count; i++)
		any |= tags->items[i]->kind != NODE_LIST || tags->items[i]->count;
	return any || (tags && tags->kind != NODE_MAP && tags->kind != NODE_NULL);
}

/* Adds a rule for each selection of tags; their images may overlap. */
static void add_rules(struct translation *translation, const struct node *source,
		      const struct node *target, const struct node *const *values,
		      const struct node *rest)
{
	const struct node *sets = values[REGSYNC_TAG_SETS];
	size_t count = 0;
	if (sets && sets->kind != NODE_NULL &&
	    translation_expect_list(translation, sets, "tagSets"))
		for (; count < sets->count; count++)
			add_rule(translation, source, target, sets->items[count], rest);
	if (!count || has_tags(values[REGSYNC_TAGS]))
		add_rule(translation, source, target, values[REGSYNC_TAGS], rest);
}

static void read_step(struct translation *translation, const struct node *step,
		      const struct node *const *defaults)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[REGSYNC_FIELDS] = {NULL};
	if (!translation_expect_map(translation, step, "a step"))
		return;
	fields_collect(&reading, &step_table, step, values);
	regsync_fields_tell(translation, values);
	regsync_fields_limit(translation, values[REGSYNC_RATE_LIMIT]);
	for (int field = REGSYNC_SHARED; field < REGSYNC_GENERAL; field++) {
		bool time = field == REGSYNC_INTERVAL || field == REGSYNC_SCHEDULE;
		if (!values[field] &&
		    !(time && (values[REGSYNC_INTERVAL] || values[REGSYNC_SCHEDULE])))
			values[field] = defaults[field];
	}
	enum step_type type = read_type(translation, step, values[REGSYNC_TYPE]);
	const struct node *source = read_side(translation, step, values, REGSYNC_SOURCE, type);
	const struct node *target = read_side(translation, step, values, REGSYNC_TARGET, type);
	struct node *rest = translation_map(translation, step);
	if (!source || !target || !rest)
		return;
	if (type == REGISTRY)
		add_repositories(translation, rest, values[REGSYNC_REPOS]);
	else if (values[REGSYNC_REPOS])
		translation_lose(translation, values[REGSYNC_REPOS],
				 "repos is ignored: it is for steps of the type registry");
	add_platforms(translation, rest, values);
	add_referrers(translation, rest, values);
	add_referrers_from(translation, rest, values);
	if (regsync_fields_true(translation, REGSYNC_INCLUDE_EXTERNAL, values))
		translation_set(translation, rest, "foreign",
				translation_text(translation, values[REGSYNC_INCLUDE_EXTERNAL],
						 STR("copy")));
	add_times(translation, rest, values);
	if (type == IMAGE && (has_tags(values[REGSYNC_TAGS]) || values[REGSYNC_TAG_SETS]))
		translation_lose(translation,
				 values[REGSYNC_TAGS] ? values[REGSYNC_TAGS]
						      : values[REGSYNC_TAG_SETS],
				 "tags are ignored: the step is of the type image");
	if (type == IMAGE)
		add_rule(translation, source, target, NULL, rest);
	else
		add_rules(translation, source, target, values, rest);
}

/* --- the file -------------------------------------------------------------------------------- */

static void read_defaults(struct translation *translation, const struct node *defaults,
			  const struct node **values)
{
	const struct fields_reading reading = translation_reading(translation);
	if (!defaults || defaults->kind == NODE_NULL ||
	    !translation_expect_map(translation, defaults, "defaults"))
		return;
	fields_collect(&reading, &default_table, defaults, values + REGSYNC_SHARED);
	regsync_fields_tell(translation, values);
	regsync_fields_limit(translation, values[REGSYNC_RATE_LIMIT]);
}

/* The lines from creds to the next field of the file. */
static void find_creds(struct translation *translation)
{
	const struct node *root = translation->document->root;
	translation->auth_last = INT_MAX;
	for (size_t i = 0; i < root->count; i++) {
		int line = root->keys[i]->line;
		if (str_is(root->keys[i]->text, root_fields[CREDS].name))
			translation->auth_first = line;
		else if (translation->auth_first && line > translation->auth_first &&
			 line <= translation->auth_last)
			translation->auth_last = line - 1;
	}
}

void regsync_file_translate(struct translation *translation)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[ROOT_FIELDS], *defaults[REGSYNC_FIELDS] = {NULL};
	int64_t version = 1;
	fields_collect(&reading, &root_table, translation->document->root, values);
	if (values[VERSION] && (!str_to_int64(values[VERSION]->text, &version) || version > 1))
		translation_refuse(translation, values[VERSION],
				   "version %.*s of regsync's files is not known: expected 1",
				   STR_ARGS(str_head(values[VERSION]->text, 20)));
	if (values[CREDS]) {
		find_creds(translation);
		regsync_creds_translate(translation, values[CREDS]);
	}
	read_defaults(translation, values[DEFAULTS], defaults);
	if (!values[SYNC] || !translation_expect_list(translation, values[SYNC], "sync"))
		return;
	for (size_t i = 0; i < values[SYNC]->count; i++)
		read_step(translation, values[SYNC]->items[i], defaults);
}
