/*
 * A policy that is not what its author meant lets strangers write to a registry. So nothing has a
 * default that allows more: what may be asked for has to be said, and a field that is not known is
 * a mistake.
 */
#include "config/request/policy_file.h"

#include "config/rules/naming.h"
#include "config/rules/prefix.h"
#include "config/rules/terms_fields.h"

enum policy_field { ALLOW, DENY, TO, NAMES, MAX_IMAGES, WHO, FIELDS };
enum who_field { ASSOCIATIONS, USERS, TEAMS, WHO_FIELDS };

static const struct field fields[FIELDS] = {
	[ALLOW] = {"allow", FIELDS_TEXTS, "which images may be asked for, as in quay.io/**"},
	[DENY] = {"deny", FIELDS_TEXTS, "which of them may not"},
	[TO] = {"to", FIELDS_TEXT, "the prefix below which they go"},
	[NAMES] = {"names", FIELDS_TEXT, "what the copies are called"},
	[MAX_IMAGES] = {"max-images", FIELDS_TEXT, "how many images one request may ask for"},
	[WHO] = {"who", FIELDS_MAP, "who may ask"},
};

static const struct field who_fields[WHO_FIELDS] = {
	[ASSOCIATIONS] = {"associations", FIELDS_TEXTS, "as owner, member or collaborator"},
	[USERS] = {"users", FIELDS_TEXTS, "names of users"},
	[TEAMS] = {"teams", FIELDS_TEXTS, "names of teams that the workflow gives"},
};

static const struct fields_table table = {
	.fields = fields, .count = FIELDS, .beside = &terms_fields};
static const struct fields_table who_table = {.fields = who_fields, .count = WHO_FIELDS};

struct policy_reading {
	struct fields_reading fields;
	const struct expand_lookup *lookup;
	struct policy *out;
};

static void read_words(const struct policy_reading *reading, const struct field *field,
		       const struct node *node, struct policy_words *out)
{
	if (node)
		fields_placed_list(&reading->fields, field, node, &out->items, &out->count);
}

static void read_to(const struct policy_reading *reading, const struct node *node)
{
	const struct fields_reading *fields_of = &reading->fields;
	struct str text;
	const char *prefix;
	struct error err = {0};
	if (!fields_filled(fields_of, &fields[TO], node, &text) ||
	    (expand_text(fields_of->arena, text, EXPAND_DESTINATION, reading->lookup, &prefix,
			 &err) &&
	     prefix_parse(fields_of->arena, str_of(prefix), &reading->out->to, &err)))
		return;
	fields_complain(fields_of, node, "to: %s", err.text);
}

static void read_names(const struct policy_reading *reading, const struct node *node)
{
	struct placed names;
	struct error err = {0};
	/* Two registries have images of the same name, and anybody may ask for them. */
	reading->out->names = "full";
	if (!node || !fields_placed(&reading->fields, &fields[NAMES], node, &names))
		return;
	reading->out->names = names.text;
	if (!naming_check(names.text, &err))
		fields_complain(&reading->fields, node, "%s", err.text);
}

static void read_count(const struct policy_reading *reading, const struct node *node)
{
	int64_t *out = &reading->out->max_images;
	*out = POLICY_IMAGES;
	if (node && (!str_to_int64(node->text, out) || *out < 1))
		fields_complain(&reading->fields, node, "max-images must be a number from 1");
}

static void read_who(const struct policy_reading *reading, const struct node *node)
{
	const struct fields_reading *fields_of = &reading->fields;
	struct policy *out = reading->out;
	const struct node *values[WHO_FIELDS];
	out->who = node != NULL;
	if (!node)
		return;
	if (node->kind != NODE_MAP || !node->count) {
		fields_complain(fields_of, node,
				"who must say who may ask, as in {associations: [owner, member]}; "
				"without who everybody may");
		return;
	}
	fields_collect(fields_of, &who_table, node, values);
	read_words(reading, &who_fields[ASSOCIATIONS], values[ASSOCIATIONS], &out->associations);
	read_words(reading, &who_fields[USERS], values[USERS], &out->users);
	read_words(reading, &who_fields[TEAMS], values[TEAMS], &out->teams);
}

static void read_map(const struct policy_reading *reading, const struct node *map)
{
	const struct node *values[FIELDS];
	fields_collect(&reading->fields, &table, map, values);
	terms_fields_read(&reading->fields, map, &reading->out->terms);
	read_words(reading, &fields[ALLOW], values[ALLOW], &reading->out->allow);
	read_words(reading, &fields[DENY], values[DENY], &reading->out->deny);
	read_names(reading, values[NAMES]);
	read_count(reading, values[MAX_IMAGES]);
	read_who(reading, values[WHO]);
	if (values[TO])
		read_to(reading, values[TO]);
	else
		fields_complain(&reading->fields, map,
				"to is missing: say where the images go, as in to: "
				"registry.example.com/mirror");
	if (!values[ALLOW])
		fields_complain(&reading->fields, map,
				"allow is missing: say which images may be asked for, as in allow: "
				"[docker.io/library/*, quay.io/**]; \"**\" allows all");
}

bool policy_file_read(struct arena *arena, const struct document *document,
		      const struct expand_lookup *lookup, struct policy *out,
		      struct problems *problems)
{
	const struct policy_reading reading = {{arena, document, problems, NULL}, lookup, out};
	size_t before = problems->error_count;
	*out = (struct policy){.who = false};
	if (document->root && document->root->kind == NODE_MAP)
		read_map(&reading, document->root);
	else
		problem_add(problems, document->name,
			    "this is no policy: write fields, as in to: "
			    "registry.example.com/mirror and allow: [quay.io/**]");
	return problems->error_count == before;
}
