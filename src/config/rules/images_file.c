/*
 * One rule per source and destination. The document gives an upper bound of their number, so they
 * are one array; wrong sources only leave it shorter.
 *
 * A source may be given twice, as in files that grew by lines at their end. Both entries count, and
 * a warning says so, since the author may have forgotten the first.
 */
#include "config/rules/images_file.h"

#include "base/map.h"
#include "config/rules/images_fields.h"

struct images_reading {
	struct arena *arena;
	const struct document *document;
	const struct expand_lookup *lookup;
	struct rules *rules;
	struct problems *problems;
};

static const char *place_of(const struct images_reading *reading, const struct node *node)
{
	return document_place(reading->arena, reading->document, node);
}

/* An upper bound of the number of rules that value gives. */
static size_t count_rules(const struct node *value)
{
	size_t count = 1;
	for (size_t i = 0; i < value->count; i++)
		count += count_rules(value->items[i]);
	return count;
}

/* Reads the name of one destination for the source of rule. */
static void read_name(const struct images_reading *reading, struct rule rule,
		      const struct node *value)
{
	struct error err = {0};
	rule.destination_place = place_of(reading, value);
	if (value->kind != NODE_STRING) {
		bool quote = value->text.len > 0;
		problem_add(reading->problems, rule.destination_place,
			    "destination of %s is %s%s%.*s%s: expected a name as in "
			    "registry.example.com/team/app, or a list of such names",
			    rule.source, node_kind_name(value->kind), quote ? " (" : "",
			    STR_ARGS(value->text), quote ? ")" : "");
		return;
	}
	bool good = expand_text(reading->arena, value->text, EXPAND_DESTINATION, reading->lookup,
				&rule.destination, &err);
	if (!good)
		problem_add(reading->problems, rule.destination_place, "destination of %s: %s",
			    rule.source, err.text);
	else if (!*rule.destination)
		problem_add(reading->problems, rule.destination_place,
			    "destination of %s is empty: write a name as in "
			    "registry.example.com/team/app",
			    rule.source);
	else
		reading->rules->items[reading->rules->count++] = rule;
}

/* Calls read for value, or for each of its items if it is a list. */
static void read_each(const struct images_reading *reading, const struct rule *rule,
		      const struct node *value,
		      void (*read)(const struct images_reading *reading, struct rule rule,
				   const struct node *value))
{
	if (value->kind != NODE_LIST) {
		read(reading, *rule, value);
		return;
	}
	if (!value->count)
		problem_add(reading->problems, place_of(reading, value),
			    "the list of destinations of %s is empty: name at least one",
			    rule->source);
	for (size_t i = 0; i < value->count; i++)
		read(reading, *rule, value->items[i]);
}

/* Reads one destination, a name or a mapping. */
static void read_destination(const struct images_reading *reading, struct rule rule,
			     const struct node *value)
{
	const struct fields_reading mapping = {reading->arena, reading->document, reading->problems,
					       rule.source};
	struct images_fields fields;
	if (value->kind != NODE_MAP) {
		read_name(reading, rule, value);
		return;
	}
	images_fields_read(&mapping, value, &fields);
	rule.selection = fields.selection;
	rule.gather = fields.gather;
	rule.schedule = fields.schedule;
	rule.prune = fields.prune;
	if (!rule_set_terms(reading->arena, &rule, &fields.terms))
		fields_memory(&mapping);
	else if (fields.to)
		read_each(reading, &rule, fields.to, read_name);
}

static void warn_repeated(const struct images_reading *reading, struct map *seen,
			  const struct node *key)
{
	const struct node *first = map_get(seen, key->text);
	if (first)
		problem_warn(
			reading->problems, place_of(reading, key),
			"%.*s is a source here and at %s: it goes to the destinations of both; "
			"write them as one list",
			STR_ARGS(str_head(key->text, 200)), place_of(reading, first));
	else if (!map_put(seen, key->text, (void *)(uintptr_t)key))
		problem_add(reading->problems, reading->document->name, "out of memory");
}

static void read_source(const struct images_reading *reading, const struct node *key,
			const struct node *value)
{
	struct rule rule = {.source = arena_copy(reading->arena, key->text.at, key->text.len),
			    .source_place = place_of(reading, key)};
	if (!rule.source) {
		problem_add(reading->problems, rule.source_place, "out of memory");
		return;
	}
	if (!*rule.source) {
		problem_add(reading->problems, rule.source_place,
			    "the source is empty: write a name as in quay.io/coreos/etcd:v3.5.0");
		return;
	}
	read_each(reading, &rule, value, read_destination);
}

/* True for a node in which there is nothing but names and lists of them. */
static bool is_names(const struct node *node)
{
	for (size_t i = 0; i < node->count; i++)
		if (!is_names(node->items[i]))
			return false;
	return node->kind == NODE_STRING || node->kind == NODE_LIST;
}

bool images_file_copies(const struct document *document)
{
	const struct node *root = document->root;
	for (size_t i = 0; i < root->count; i++)
		if (!is_names(root->items[i]))
			return false;
	return root->kind == NODE_MAP;
}

void images_file_read(struct arena *arena, const struct document *document,
		      const struct expand_lookup *lookup, struct rules *out,
		      struct problems *problems)
{
	struct images_reading reading = {arena, document, lookup, out, problems};
	const struct node *root = document->root;
	*out = (struct rules){0};
	if (root->kind == NODE_NULL)
		return;
	if (root->kind != NODE_MAP) {
		problem_add(problems, document_place(arena, document, root),
			    "expected a mapping from source to destination, found %s",
			    node_kind_name(root->kind));
		return;
	}
	out->items = arena_array(arena, count_rules(root), sizeof(*out->items));
	if (!out->items) {
		problem_add(problems, document->name, "out of memory");
		return;
	}
	scoped(map_finish) struct map seen = {.borrows = true};
	for (size_t i = 0; i < root->count; i++) {
		warn_repeated(&reading, &seen, root->keys[i]);
		read_source(&reading, root->keys[i], root->items[i]);
	}
}
