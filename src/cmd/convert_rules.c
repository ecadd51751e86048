/*
 * A stand-in is a name that can be a host, a part of a path and a tag, and that nobody has. It is
 * remembered in the map with the variable's name.
 */
#include "cmd/convert_rules.h"

#include "config/rules/images_file.h"

#include <stdlib.h>
#include <string.h>

static const char stand_in_beginning[] = "variable-";
static const char stand_in_end[] = ".image-syncer.invalid";

struct stand_ins {
	struct arena *arena;
	struct map *variables;
};

/* Gives each variable its stand-in. */
static const char *stand_in(void *ctx, const char *name)
{
	const struct stand_ins *stand_ins = ctx;
	char *text = arena_printf(stand_ins->arena, "%s%zu%s", stand_in_beginning,
				  stand_ins->variables->count, stand_in_end);
	char *copy = arena_string(stand_ins->arena, name);
	if (!text || !copy)
		return NULL;
	for (size_t i = 0; i < stand_ins->variables->count; i++)
		if (strcmp(stand_ins->variables->entries[i].value, name) == 0)
			return stand_ins->variables->entries[i].key;
	return map_put(stand_ins->variables, str_of(text), copy) ? text : NULL;
}

bool convert_rules_read(const struct convert_source *source, struct convert_rules *out)
{
	struct stand_ins stand_ins = {source->arena, &out->variables};
	const struct expand_lookup lookup = {.get = stand_in, .ctx = &stand_ins};
	struct document part = *source->translation->document;
	struct rules rules;
	*out = (struct convert_rules){.items = NULL};
	part.root = source->translation->images;
	images_file_read(source->arena, &part, &lookup, &rules, source->problems);
	return namespace_parse(source->arena, &rules, &out->namespaces, &out->namespace_count,
			       source->problems) &&
	       plan_parse(source->arena, &rules, &out->items, &out->count, source->problems);
}

void convert_rules_finish(struct convert_rules *rules)
{
	map_finish(&rules->variables);
}

bool convert_rules_check(const struct convert_source *source)
{
	scoped(convert_rules_finish) struct convert_rules rules;
	scoped(problem_finish) struct problems found = {0};
	struct convert_source quiet = *source;
	quiet.problems = &found;
	bool good = convert_rules_read(&quiet, &rules);
	struct str rest = buf_str(&found.errors), line;
	while (good && str_cut(&rest, '\n', &line))
		if (line.len)
			problem_add(source->problems, NULL, "%.*s", STR_ARGS(line));
	return good;
}

void convert_rules_variables(const struct convert_rules *rules, struct str text, const char *before,
			     const char *behind, struct buf *out)
{
	while (text.len) {
		const struct map_entry *found = NULL;
		for (size_t i = 0; i < rules->variables.count && !found; i++)
			if (str_equal(str_head(text, rules->variables.entries[i].len),
				      (struct str){rules->variables.entries[i].key,
						   rules->variables.entries[i].len}))
				found = &rules->variables.entries[i];
		if (found)
			buf_printf(out, "%s%s%s", before, (const char *)found->value, behind);
		else
			buf_add_char(out, text.at[0]);
		text = str_from(text, found ? found->len : 1);
	}
}

int convert_rules_line(const char *place)
{
	const char *column = place ? strrchr(place, ':') : NULL;
	const char *line = column;
	while (line && line > place && line[-1] != ':')
		line--;
	int64_t number = 0;
	bool good = line && line > place &&
		    str_to_int64((struct str){line, (size_t)(column - line)}, &number);
	return good && number < INT32_MAX ? (int)number : 0;
}

struct node convert_rules_at(const struct rule *rule)
{
	return (struct node){.line = convert_rules_line(rule->source_place), .column = 1};
}

static void refuse(const struct convert_source *source, const struct rule *rule, const char *what,
		   const char *program)
{
	problem_add(source->problems, rule->source_place, "%.200s: %s has no counterpart in %s",
		    rule->source, what, program);
}

void convert_rules_tell(const struct convert_source *source, const struct rule *rule,
			const struct prune *prune, const char *program)
{
	const struct selection *selection = rule->selection;
	const struct terms *terms = rule_terms(rule);
	const struct {
		bool said;
		const char *what;
	} all[] = {
		{selection && selection->latest, "latest"},
		{selection && selection->since, "since"},
		{selection && selection->prereleases == SELECTION_PRERELEASES_NO,
		 "prereleases: false"},
		{prune != NULL, "prune"},
		{terms->required != NULL, "require-platforms"},
		{terms->signer != NULL, "require-signed"},
		{terms->on_change != CHANGE_UNSAID && terms->on_change != CHANGE_OVERWRITE,
		 "on-change"},
		{terms->foreign == FOREIGN_FAIL, "foreign: fail"},
		{terms->platforms && (terms->platforms->os_count || terms->platforms->arch_count),
		 "a filter by os or arch alone"},
	};
	for (size_t i = 0; i < array_count(all); i++)
		if (all[i].said)
			refuse(source, rule, all[i].what, program);
}

static void add_escaped(struct str name, struct buf *out)
{
	for (size_t i = 0; i < name.len; i++) {
		if (strchr("\\.+*?()|[]{}^$", name.at[i]))
			buf_add_char(out, '\\');
		buf_add_char(out, name.at[i]);
	}
}

void convert_rules_anchored(const struct pattern *pattern, struct str name, struct buf *out)
{
	if (!pattern) {
		add_escaped(name, out);
		return;
	}
	struct str text = str_of(pattern_text(pattern));
	bool choice = str_find(text, '|') < text.len;
	bool start = !choice && str_starts(text, "^");
	bool end = !choice && str_ends(text, "$") && !str_ends(text, "\\$");
	if (start)
		text = str_from(text, 1);
	if (end)
		text = str_head(text, text.len - 1);
	buf_printf(out, "%s%s%.*s%s%s", start ? "" : ".*", choice ? "(?:" : "", STR_ARGS(text),
		   choice ? ")" : "", end ? "" : ".*");
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool convert_rules_renames(const struct plan_rule *rule)
{
	const struct plan_side *from = &rule->source, *to = &rule->destination;
	bool same = !to->count || to->count == from->count;
	for (size_t i = 0; same && i < to->count; i++) {
		const struct plan_item *a = &from->items[i], *b = &to->items[i];
		same = a->pattern || b->pattern
			       ? a->pattern && b->pattern &&
					 same_text(pattern_text(a->pattern),
						   pattern_text(b->pattern))
			       : same_text(a->tag, b->tag) && same_text(a->digest, b->digest);
	}
	return !same;
}
