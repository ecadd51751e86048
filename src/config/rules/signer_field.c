/*
 * A misspelt name would demand less than was meant, so an unknown name is a mistake, not just a
 * warning.
 */
#include "config/rules/signer_field.h"

#include "config/rules/companion_options.h"

enum { KEY, REFERENCE, FIELDS };

static const struct field fields[FIELDS] = {
	[KEY] = {"key", FIELDS_TEXT, "the file of a public key"},
	[REFERENCE] = {"reference", FIELDS_TEXT, "the repository that the signature must name"},
};

static const struct fields_table table = {.fields = fields, .count = FIELDS};

/* True for a text; in YAML a number counts as one. */
static bool is_text(const struct fields_reading *reading, const struct node *node)
{
	return node->text.len && (node->kind == NODE_STRING ||
				  (node->kind == NODE_NUMBER && !reading->document->json));
}

/* "quay.io/coreos/etcd: require-signed"; NULL without memory. */
static const char *full_name(const struct fields_reading *reading, const struct field *field)
{
	const char *subject = reading->subject;
	const char *name = arena_printf(reading->arena, "%s%s%s", subject ? subject : "",
					subject ? ": " : "", field->name);
	if (!name)
		fields_memory(reading);
	return name;
}

static struct signer *read_key(const struct fields_reading *reading, const struct field *field,
			       const struct node *node)
{
	if (!is_text(reading, node)) {
		fields_complain(reading, node, "%s must name a file with a public key%s",
				field->name, field == &fields[KEY] ? "" : ", or be false");
		return NULL;
	}
	const char *path = arena_copy(reading->arena, node->text.at, node->text.len);
	const char *what = full_name(reading, field);
	if (!path)
		fields_memory(reading);
	return path && what
		       ? companion_options_signer(reading->arena, path, what,
						  fields_place(reading, node), reading->problems)
		       : NULL;
}

static void read_reference(const struct fields_reading *reading, const struct node *node,
			   struct signer *out)
{
	struct error err;
	if (!is_text(reading, node))
		fields_complain(reading, node,
				"reference must be a repository, as in reg.example.com/team/app, "
				"or the word source");
	else if (!signer_name(reading->arena, node->text, out, &err))
		fields_complain(reading, node, "reference %s", err.text);
}

static const struct signer *read_map(const struct fields_reading *reading, const struct node *map)
{
	const struct node *values[FIELDS];
	struct signer *signer = NULL, nobody = {0};
	fields_collect(reading, &table, map, values);
	if (values[KEY])
		signer = read_key(reading, &fields[KEY], values[KEY]);
	else
		fields_complain(reading, map,
				"key is missing: write {key: cosign.pub, reference: source}");
	if (values[REFERENCE])
		read_reference(reading, values[REFERENCE], signer ? signer : &nobody);
	return signer;
}

const struct signer *signer_field_read(const struct fields_reading *reading,
				       const struct field *field, const struct node *node)
{
	if (node->kind == NODE_BOOL && !node->truth)
		return NULL;
	if (node->kind != NODE_MAP)
		return read_key(reading, field, node);
	struct fields_reading inner = *reading;
	inner.subject = full_name(reading, field);
	return inner.subject ? read_map(&inner, node) : NULL;
}
