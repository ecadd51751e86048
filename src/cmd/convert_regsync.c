/*
 * The file is built as a tree whose nodes have the places of the rules, so that comments find their
 * steps. A list of tags becomes one step for each; patterns become one step for the repository.
 */
#include "cmd/convert_regsync.h"

#include "config/convert/logins_text.h"
#include "plan/list.h"
#include "plan/side.h"

#include <string.h>

struct regsync_writing {
	const struct convert_source *source;
	struct translation *translation;
	struct convert_rules rules;
	struct node *steps;
};

/* --- texts ----------------------------------------------------------------------------------- */

/* A text with templates in place of the stand-ins for variables. */
static struct node *text_of(const struct regsync_writing *writing, const struct node *at,
			    struct str text)
{
	scoped(buf_finish) struct buf out = {0};
	convert_rules_variables(&writing->rules, text, "{{env \"", "\"}}", &out);
	writing->translation->failed |= !buf_ok(&out);
	return translation_text(writing->translation, at, buf_str(&out));
}

static struct node *name_of(const struct regsync_writing *writing, const struct node *at,
			    const struct reference *ref)
{
	scoped(buf_finish) struct buf out = {0};
	reference_print(ref, &out);
	writing->translation->failed |= !buf_ok(&out);
	return text_of(writing, at, buf_str(&out));
}

static void add_pattern(const struct regsync_writing *writing, struct node *list,
			const struct node *at, const struct pattern *pattern, struct str name)
{
	scoped(buf_finish) struct buf out = {0};
	convert_rules_anchored(pattern, name, &out);
	writing->translation->failed |= !buf_ok(&out);
	translation_add(writing->translation, list,
			translation_text(writing->translation, at, buf_str(&out)));
}

/* --- fields that all types of steps have ------------------------------------------------------ */

static void add_switch(const struct regsync_writing *writing, struct node *step, const char *field)
{
	translation_set(writing->translation, step, field,
			translation_switch(writing->translation, step, true));
}

static void add_referrers(const struct regsync_writing *writing, struct node *step,
			  const struct rule *rule)
{
	struct translation *translation = writing->translation;
	const struct companion_filter *filter = rule_terms(rule)->companions;
	if (!filter || companion_filter_empty(filter))
		return;
	if (filter->signatures || filter->attestations || filter->sboms)
		problem_warn(writing->source->problems, rule->source_place,
			     "%.200s: regsync cannot tell signatures, attestations and sboms "
			     "apart: all that belongs to the image is copied",
			     rule->source);
	else if (filter->type_count && !filter->all) {
		struct node *list = translation_list(translation, step);
		for (size_t i = 0; i < filter->type_count; i++) {
			struct node *map = translation_map(translation, step);
			translation_set(translation, map, "artifactType",
					translation_text(translation, step, filter->types[i]));
			translation_add(translation, list, map);
		}
		add_switch(writing, step, "referrers");
		translation_set(translation, step, "referrerFilters", list);
		return;
	}
	add_switch(writing, step, "digestTags");
	add_switch(writing, step, "referrers");
}

static void add_platforms(const struct regsync_writing *writing, struct node *step,
			  const struct rule *rule)
{
	struct translation *translation = writing->translation;
	const struct platform_filter *filter = rule_terms(rule)->platforms;
	struct node *list = translation_list(translation, step);
	for (size_t i = 0; filter && i < filter->platform_count; i++) {
		const struct platform *each = &filter->platforms[i];
		translation_add(translation, list,
				translation_printf(translation, step, "%.*s/%.*s%s%.*s",
						   STR_ARGS(each->os), STR_ARGS(each->architecture),
						   each->variant.len ? "/" : "",
						   STR_ARGS(each->variant)));
	}
	if (list && list->count)
		translation_set(translation, step, "platforms", list);
}

/* Fields in the order of a step, behind its type. */
static void add_terms(const struct regsync_writing *writing, struct node *step,
		      const struct rule *rule)
{
	struct translation *translation = writing->translation;
	const struct rule_schedule *schedule = rule->schedule;
	add_platforms(writing, step, rule);
	add_referrers(writing, step, rule);
	if (rule_terms(rule)->foreign == FOREIGN_COPY)
		add_switch(writing, step, "includeExternal");
	if (schedule)
		translation_set(
			translation, step, schedule->every.text ? "interval" : "schedule",
			translation_text(translation, step,
					 str_of(schedule->every.text ? schedule->every.text
								     : schedule->cron.text)));
}

static struct node *new_step(const struct regsync_writing *writing, const struct node *at,
			     const struct node *source, const struct node *target, const char *type)
{
	struct translation *translation = writing->translation;
	struct node *step = translation_map(translation, at);
	translation_set(translation, step, "source", source);
	translation_set(translation, step, "target", target);
	translation_set(translation, step, "type", translation_text(translation, at, str_of(type)));
	return step;
}

/* --- rules ----------------------------------------------------------------------------------- */

/* Adds the patterns for one text of exclude, a list. */
static void add_excluded(const struct regsync_writing *writing, struct node *list,
			 const struct node *at, const struct plan_rule *rule, struct str text)
{
	struct arena *arena = writing->source->arena;
	struct item_list items = {arena_array(arena, list_most(text), sizeof(*items.items)), 0};
	struct error err = {0};
	if (!items.items || !list_parse(arena, rule->source.name, text, &items, &err)) {
		writing->translation->failed |= !items.items || err.kind == ERROR_MEMORY;
		return;
	}
	for (size_t i = 0; i < items.count; i++)
		add_pattern(writing, list, at, items.items[i].pattern, str_of(items.items[i].tag));
}

static struct node *make_tags(const struct regsync_writing *writing, const struct node *at,
			      const struct plan_rule *rule)
{
	struct translation *translation = writing->translation;
	const struct selection *selection = rule->rule->selection;
	struct node *tags = translation_map(translation, at),
		    *allow = translation_list(translation, at);
	struct node *deny = translation_list(translation, at);
	for (size_t i = 0; i < rule->source.count; i++)
		add_pattern(writing, allow, at, rule->source.items[i].pattern,
			    str_of(rule->source.items[i].tag));
	if (allow && allow->count)
		translation_set(translation, tags, "allow", allow);
	for (size_t i = 0; selection && i < selection->exclude_count; i++)
		add_excluded(writing, deny, at, rule, str_of(selection->exclude[i].text));
	if (deny && deny->count)
		translation_set(translation, tags, "deny", deny);
	if (selection && selection->semver.text) {
		struct node *ranges = translation_list(translation, at);
		struct str rest = str_of(selection->semver.text), range;
		while (str_cut(&rest, '|', &range))
			if (str_trim(range).len)
				translation_add(translation, ranges,
						translation_text(translation, at, str_trim(range)));
		translation_set(translation, tags, "semverRange", ranges);
		if (selection->prereleases != SELECTION_PRERELEASES_YES)
			problem_warn(writing->source->problems, selection->semver.place,
				     "regsync counts prereleases, and tags with fewer than three "
				     "numbers, as versions in a range");
	}
	return tags;
}

static bool has_patterns(const struct plan_rule *rule)
{
	bool any = !rule->source.count;
	for (size_t i = 0; i < rule->source.count; i++)
		any |= rule->source.items[i].pattern != NULL;
	return any;
}

static void add_repository(const struct regsync_writing *writing, const struct node *at,
			   const struct plan_rule *rule)
{
	struct translation *translation = writing->translation;
	if (convert_rules_renames(rule)) {
		problem_add(writing->source->problems, rule->rule->destination_place,
			    "%.200s: regsync cannot rename the tags of a repository",
			    rule->rule->source);
		return;
	}
	struct node *step = new_step(writing, at, name_of(writing, at, rule->source.name),
				     name_of(writing, at, rule->destination.name), "repository");
	struct node *tags = make_tags(writing, at, rule);
	if (tags && tags->count)
		translation_set(translation, step, "tags", tags);
	add_terms(writing, step, rule->rule);
	translation_add(translation, writing->steps, step);
}

static void add_images(const struct regsync_writing *writing, const struct node *at,
		       const struct plan_rule *rule)
{
	const struct plan_side *to = &rule->destination;
	const struct selection *selection = rule->rule->selection;
	if (selection && (selection->exclude_count || selection->semver.text)) {
		add_repository(writing, at, rule);
		return;
	}
	for (size_t i = 0; i < rule->source.count; i++) {
		const struct plan_item *item = &rule->source.items[i];
		struct plan_item repeated = {item->tag, item->tag ? NULL : item->digest, NULL};
		bool named = i < to->count && !to->items[i].pattern;
		struct reference from = side_image(&rule->source, item);
		struct reference target = side_image(to, named ? &to->items[i] : &repeated);
		struct node *step = new_step(writing, at, name_of(writing, at, &from),
					     name_of(writing, at, &target), "image");
		add_terms(writing, step, rule->rule);
		translation_add(writing->translation, writing->steps, step);
	}
}

/* True when a list behind the source and the field tags both have to let a tag pass. */
static bool both_lists(const struct rule *rule)
{
	struct str name = str_of(rule->source);
	size_t slash = name.len;
	while (slash && name.at[slash - 1] != '/')
		slash--;
	struct str last = str_from(name, slash);
	return rule->selection && rule->selection->tag_count && str_find(last, ':') < last.len;
}

static void add_rule(const struct regsync_writing *writing, const struct plan_rule *rule)
{
	const struct node at = convert_rules_at(rule->rule);
	if (both_lists(rule->rule))
		problem_add(writing->source->problems, rule->rule->source_place,
			    "%.200s: a list of tags beside the field tags has no counterpart in "
			    "regsync",
			    rule->rule->source);
	convert_rules_tell(writing->source, rule->rule, rule->prune, "regsync");
	(has_patterns(rule) ? add_repository : add_images)(writing, &at, rule);
}

/* --- namespaces ------------------------------------------------------------------------------ */

static void add_items(const struct regsync_writing *writing, struct node *repos, const char *field,
		      const struct namespace_item *items, size_t count, const char *below)
{
	struct translation *translation = writing->translation;
	struct node *list = translation_list(translation, repos);
	for (size_t i = 0; i < count; i++) {
		scoped(buf_finish) struct buf text = {0};
		if (*below) {
			convert_rules_anchored(NULL, str_of(below), &text);
			buf_add_char(&text, '/');
		}
		convert_rules_anchored(items[i].pattern, items[i].name, &text);
		translation->failed |= !buf_ok(&text);
		translation_add(translation, list,
				translation_text(translation, repos, buf_str(&text)));
	}
	if (list && list->count)
		translation_set(translation, repos, field, list);
}

/* All repositories of a part of a registry are those that its path begins. */
static void add_path(const struct regsync_writing *writing, struct node *repos,
		     const struct namespace_rule *namespace)
{
	struct translation *translation = writing->translation;
	scoped(buf_finish) struct buf text = {0};
	struct node *list = translation_list(translation, repos);
	convert_rules_anchored(NULL, str_of(namespace->source.repository), &text);
	buf_printf(&text, "%s%s", *namespace->source.repository ? "/" : "",
		   namespace->deep ? ".+" : "[^/]+");
	translation->failed |= !buf_ok(&text);
	translation_add(translation, list, translation_text(translation, repos, buf_str(&text)));
	translation_set(translation, repos, "allow", list);
}

/* The target to which regsync appends the whole path. False: it has no such form. */
static bool find_target(const struct namespace_rule *namespace, struct reference *out,
			struct arena *arena)
{
	struct str path = str_of(namespace->destination.repository);
	struct str below = str_of(namespace->source.repository);
	*out = namespace->destination;
	if (!below.len)
		return true;
	if (!str_ends(path, namespace->source.repository))
		return false;
	path = str_head(path, path.len - below.len);
	if (path.len && path.at[path.len - 1] != '/')
		return false;
	out->repository = arena_copy(arena, path.at, path.len ? path.len - 1 : 0);
	return out->repository;
}

static void add_namespace(const struct regsync_writing *writing,
			  const struct namespace_rule *namespace)
{
	struct translation *translation = writing->translation;
	const struct rule *rule = namespace->rule;
	const struct gather *gather = rule->gather;
	const struct node at = convert_rules_at(rule);
	struct reference target;
	convert_rules_tell(writing->source, rule, rule->prune, "regsync");
	bool named = gather && gather->names.text && strcmp(gather->names.text, "keep") != 0;
	bool selects =
		namespace->items.len ||
		(rule->selection && (rule->selection->tag_count || rule->selection->exclude_count ||
				     rule->selection->semver.text));
	if (named || selects || !find_target(namespace, &target, writing->source->arena)) {
		problem_add(writing->source->problems, rule->source_place,
			    "%.200s: %s has no counterpart in regsync", rule->source,
			    named     ? "names"
			    : selects ? "a selection of tags for a whole namespace"
				      : "a destination that does not end like the namespace");
		return;
	}
	struct node *from = text_of(writing, &at, str_of(namespace->source.host));
	struct node *to = translation_printf(translation, &at, "%s%s%s", target.host,
					     *target.repository ? "/" : "", target.repository);
	struct node *step = new_step(writing, &at, from,
				     to ? text_of(writing, &at, to->text) : NULL, "registry");
	struct node *repos = translation_map(translation, &at);
	if (namespace->wanted_count)
		add_items(writing, repos, "allow", namespace->wanted, namespace->wanted_count,
			  namespace->source.repository);
	else if (!namespace->deep || *namespace->source.repository)
		add_path(writing, repos, namespace);
	add_items(writing, repos, "deny", namespace->unwanted, namespace->unwanted_count,
		  namespace->source.repository);
	if (repos && repos->count)
		translation_set(translation, step, "repos", repos);
	add_terms(writing, step, rule);
	translation_add(translation, writing->steps, step);
}

/* --- the file -------------------------------------------------------------------------------- */

/* Rules and namespaces are two lists; the file has them in its own order. */
static void add_steps(const struct regsync_writing *writing)
{
	const struct convert_rules *rules = &writing->rules;
	size_t next = 0;
	for (size_t i = 0; i <= rules->count; i++) {
		int line = i < rules->count ? convert_rules_line(rules->items[i].rule->source_place)
					    : INT32_MAX;
		for (; next < rules->namespace_count &&
		       convert_rules_line(rules->namespaces[next].rule->source_place) < line;
		     next++)
			add_namespace(writing, &rules->namespaces[next]);
		if (i < rules->count)
			add_rule(writing, &rules->items[i]);
	}
}

bool convert_regsync(const struct convert_source *source)
{
	struct translation *translation = source->translation;
	const struct node top = {.line = 1, .column = 1};
	struct regsync_writing writing = {.source = source,
					  .translation = translation,
					  .steps = translation_list(translation, &top)};
	struct node *root = translation_map(translation, &top);
	scoped(problem_finish) struct problems told = {0};
	struct convert_source quiet = *source;
	quiet.problems = &told; /* the check has told them */
	bool good = convert_rules_read(&quiet, &writing.rules);
	if (good) {
		add_steps(&writing);
		struct node *version = translation_text(translation, &top, STR("1"));
		if (version) {
			version->kind = NODE_NUMBER;
			version->quoted = false;
		}
		translation_set(translation, root, "version", version);
		translation_set(translation, root, "sync", writing.steps);
	}
	if (translation->auth->count)
		problem_warn(source->notes, NULL,
			     "the logins are not in this output: write them into creds");
	if (root && good && !translation->failed)
		commented_print(&source->text, root);
	convert_rules_finish(&writing.rules);
	return good && !translation->failed && buf_ok(source->text.out);
}
