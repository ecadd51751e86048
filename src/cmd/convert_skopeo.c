/*
 * One run of skopeo sync has one destination, below which it decides the names itself: the last
 * part of a name, or with --scoped all of it. So the rules are asked which of the two fits all of
 * them, and those that fit neither are mistakes.
 */
#include "cmd/convert_skopeo.h"

#include <string.h>

enum kind { IMAGES, BY_REGEX, BY_SEMVER, KINDS };

static const char *const kind_names[KINDS] = {"images", "images-by-tag-regex", "images-by-semver"};

struct skopeo_writing {
	const struct convert_source *source;
	struct translation *translation;
	struct convert_rules rules;
	struct node *root;
	const char *prefix; /* NULL: not known yet */
	bool scoped, known;
};

static void refuse(const struct skopeo_writing *writing, const struct rule *rule, const char *what)
{
	problem_add(writing->source->problems, rule->source_place,
		    "%.200s: %s has no counterpart in skopeo", rule->source, what);
}

/* The prefix of a destination that ends in "/" and name; NULL: it does not. */
static const char *prefix_of(const struct skopeo_writing *writing, struct str destination,
			     struct str name)
{
	if (destination.len <= name.len + 1 ||
	    !str_equal(str_from(destination, destination.len - name.len), name) ||
	    destination.at[destination.len - name.len - 1] != '/')
		return NULL;
	return arena_copy(writing->source->arena, destination.at, destination.len - name.len - 1);
}

/* True when skopeo would call the copy so as well. */
static bool fits(struct skopeo_writing *writing, const struct plan_rule *rule)
{
	struct arena *arena = writing->source->arena;
	const char *to = reference_string(arena, rule->destination.name);
	const char *from = reference_string(arena, rule->source.name);
	struct str whole = str_of(from);
	size_t slash = whole.len;
	while (slash && whole.at[slash - 1] != '/')
		slash--;
	for (int scoped = 0; to && from && scoped < 2; scoped++) {
		const char *prefix =
			prefix_of(writing, str_of(to), scoped ? whole : str_from(whole, slash));
		if (!prefix || (writing->known && (writing->scoped != (scoped == 1) ||
						   strcmp(prefix, writing->prefix) != 0)))
			continue;
		/* A name that ends so by chance is decided by the next rule. */
		if (!scoped && !writing->known && prefix_of(writing, str_of(to), whole))
			continue;
		writing->known = true;
		writing->scoped = scoped == 1;
		writing->prefix = prefix;
		return true;
	}
	return false;
}

static struct node *map_below(const struct skopeo_writing *writing, struct node *map,
			      const char *key, const struct node *at)
{
	struct node *found = (struct node *)(uintptr_t)node_get(map, key);
	if (found)
		return found;
	found = translation_map(writing->translation, at);
	translation_put(writing->translation, map,
			translation_text(writing->translation, at, str_of(key)), found);
	return found;
}

/* The mapping from repositories for rules of that kind. */
static struct node *repositories(const struct skopeo_writing *writing, const struct plan_rule *rule,
				 enum kind kind, const struct node *at)
{
	struct node *registry = map_below(writing, writing->root, rule->source.name->host, at);
	return registry ? map_below(writing, registry, kind_names[kind], at) : NULL;
}

static void set(const struct skopeo_writing *writing, const struct plan_rule *rule, enum kind kind,
		const struct node *at, const struct node *value)
{
	struct node *map = repositories(writing, rule, kind, at);
	if (map && node_get(map, rule->source.name->repository))
		refuse(writing, rule->rule, "a second selection of one repository");
	else
		translation_put(writing->translation, map,
				translation_text(writing->translation, at,
						 str_of(rule->source.name->repository)),
				value);
}

static void add_tags(const struct skopeo_writing *writing, const struct plan_rule *rule,
		     const struct node *at)
{
	struct translation *translation = writing->translation;
	struct node *map = repositories(writing, rule, IMAGES, at);
	struct node *list = (struct node *)(uintptr_t)node_get(map, rule->source.name->repository);
	if (!list) {
		list = translation_list(translation, at);
		set(writing, rule, IMAGES, at, list);
	} else if (!list->count || !rule->source.count) {
		refuse(writing, rule->rule, "a second selection of one repository");
		return;
	}
	for (size_t i = 0; i < rule->source.count; i++) {
		const struct plan_item *item = &rule->source.items[i];
		translation_add(translation, list,
				translation_text(translation, at,
						 str_of(item->digest ? item->digest : item->tag)));
	}
}

static void add_regex(const struct skopeo_writing *writing, const struct plan_rule *rule,
		      const struct node *at)
{
	scoped(buf_finish) struct buf text = {0};
	for (size_t i = 0; i < rule->source.count; i++) {
		const struct plan_item *item = &rule->source.items[i];
		scoped(buf_finish) struct buf one = {0};
		if (rule->source.count == 1) {
			buf_add_string(&text, pattern_text(item->pattern));
			break;
		}
		convert_rules_anchored(item->pattern, str_of(item->tag), &one);
		buf_printf(&text, "%s^%s$", i ? "|" : "", buf_string(&one));
	}
	writing->translation->failed |= !buf_ok(&text);
	set(writing, rule, BY_REGEX, at,
	    translation_text(writing->translation, at, buf_str(&text)));
}

static bool has_patterns(const struct plan_rule *rule)
{
	for (size_t i = 0; i < rule->source.count; i++)
		if (rule->source.items[i].pattern)
			return true;
	return false;
}

/* Tells what is left out of a rule. */
static void tell(const struct skopeo_writing *writing, const struct plan_rule *rule)
{
	const struct rule *from = rule->rule;
	const struct selection *selection = from->selection;
	convert_rules_tell(writing->source, from, rule->prune, "skopeo");
	if (rule_terms(from)->platforms && rule_terms(from)->platforms->platform_count)
		refuse(writing, from, "platforms");
	if (rule_terms(from)->companions && !companion_filter_empty(rule_terms(from)->companions))
		refuse(writing, from, "referrers");
	if (rule_terms(from)->foreign == FOREIGN_COPY)
		refuse(writing, from, "foreign: copy");
	if (selection && selection->exclude_count)
		refuse(writing, from, "exclude");
	if (selection && selection->semver.text && rule->source.count)
		refuse(writing, from, "semver beside tags");
	if (from->schedule)
		problem_warn(writing->source->problems, from->source_place,
			     "%.200s: skopeo has no schedule: run it by a timer", from->source);
}

static void add_rule(struct skopeo_writing *writing, const struct plan_rule *rule)
{
	const struct node at = convert_rules_at(rule->rule);
	const struct selection *selection = rule->rule->selection;
	tell(writing, rule);
	if (convert_rules_renames(rule)) {
		problem_add(writing->source->problems, rule->rule->destination_place,
			    "%.200s: skopeo sync cannot rename tags", rule->rule->source);
		return;
	}
	if (!fits(writing, rule)) {
		problem_add(writing->source->problems, rule->rule->destination_place,
			    "%.200s: skopeo sync would give this copy another name: it has one "
			    "destination, and below it the last part or the whole of a name",
			    rule->rule->source);
		return;
	}
	if (selection && selection->semver.text)
		set(writing, rule, BY_SEMVER, &at,
		    translation_text(writing->translation, &at, str_of(selection->semver.text)));
	else if (has_patterns(rule))
		add_regex(writing, rule, &at);
	else
		add_tags(writing, rule, &at);
}

static void tell_command(const struct skopeo_writing *writing)
{
	scoped(buf_finish) struct buf prefix = {0};
	if (!writing->known)
		return;
	convert_rules_variables(&writing->rules, str_of(writing->prefix), "${", "}", &prefix);
	problem_warn(writing->source->notes, NULL,
		     "run it by: skopeo sync --all%s --src yaml --dest docker FILE %s",
		     writing->scoped ? " --scoped" : "", buf_string(&prefix));
}

bool convert_skopeo(const struct convert_source *source)
{
	struct translation *translation = source->translation;
	const struct node top = {.line = 1, .column = 1};
	struct skopeo_writing writing = {.source = source,
					 .translation = translation,
					 .root = translation_map(translation, &top)};
	scoped(problem_finish) struct problems told = {0};
	struct convert_source quiet = *source;
	quiet.problems = &told; /* the check has told them */
	bool good = convert_rules_read(&quiet, &writing.rules);
	for (size_t i = 0; good && i < writing.rules.count; i++)
		add_rule(&writing, &writing.rules.items[i]);
	for (size_t i = 0; good && i < writing.rules.namespace_count; i++)
		refuse(&writing, writing.rules.namespaces[i].rule, "a namespace");
	tell_command(&writing);
	if (translation->auth->count)
		problem_warn(source->notes, NULL,
			     "the logins are not in this output: give --src-creds, or log in with "
			     "skopeo login");
	if (writing.root && good && !translation->failed)
		commented_print(&source->text, writing.root);
	convert_rules_finish(&writing.rules);
	return good && !translation->failed && buf_ok(source->text.out);
}
