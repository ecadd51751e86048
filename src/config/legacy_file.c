/* Each part is passed on as a document of its own: same file, same places, another root. */
#include "config/legacy_file.h"

#include "config/auth/auth_file.h"
#include "config/fields.h"
#include "config/rules/images_file.h"

enum part { AUTH, IMAGES, PARTS };

static const struct field parts[PARTS] = {
	[AUTH] = {"auth", FIELDS_MAP, "the logins by registry, as in the auth file"},
	[IMAGES] = {"images", FIELDS_MAP, "what to copy where, as in the images file"},
};

/* The original ignores other sections, but a slip of auth or images is not meant as one. */
static void check_section(const struct fields_reading *reading, const struct fields_table *table,
			  const struct node *name)
{
	const struct field *near = fields_nearest(table, name->text);
	if (near && !fields_find(reading, near, reading->document->root))
		fields_refuse(reading, table, name);
	else
		fields_ignore(reading, table, name);
}

static const struct fields_table table = {
	.fields = parts, .count = PARTS, .unknown = check_section};

void legacy_file_read(struct arena *arena, const struct document *document,
		      const struct expand_lookup *lookup, struct credentials *credentials,
		      struct rules *rules, struct problems *problems)
{
	const struct node *root = document->root;
	const struct fields_reading reading = {arena, document, problems, NULL};
	const struct node *values[PARTS];
	struct document part = *document;
	if (root->kind != NODE_MAP) {
		problem_add(problems, document_place(arena, document, root),
			    "expected a mapping with auth and images, found %s",
			    node_kind_name(root->kind));
		return;
	}
	fields_collect(&reading, &table, root, values);
	part.root = values[AUTH];
	if (part.root)
		auth_file_read(arena, &part, lookup, credentials, problems);
	part.root = values[IMAGES];
	if (part.root)
		images_file_read(arena, &part, lookup, rules, problems);
	else
		problem_add(problems, document_place(arena, document, root),
			    "images is missing: it says what to copy");
}
