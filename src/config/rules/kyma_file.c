/*
 * The original joins texts and cuts them at the first colon, which goes wrong with ports and with a
 * tag beside a digest. Here a source is parsed first. Then the name is taken from its text as
 * written, since existing targets have that name.
 */
#include "config/rules/kyma_file.h"

#include "config/fields.h"
#include "config/rules/kyma_target.h"
#include "config/rules/terms_fields.h"
#include "oci/reference.h"

#include <string.h>

enum kyma_root_field { TARGET_PREFIX, IMAGES, SIGN_ALL, ROOT_FIELDS };
enum kyma_image_field { SOURCE, TAG, TARGET, AMD64_ONLY, PREFIX, SIGN, IMAGE_FIELDS };

static const struct field root_fields[ROOT_FIELDS] = {
	[TARGET_PREFIX] = {"targetRepoPrefix", FIELDS_TEXT, "where the images go"},
	[IMAGES] = {"images", FIELDS_MIXED, "a list of mappings with source and tag"},
	[SIGN_ALL] = {"sign", FIELDS_SWITCH, "from old releases"},
};

/* The README of the original also writes amd64only. */
static const struct field image_fields[IMAGE_FIELDS] = {
	[SOURCE] = {"source", FIELDS_TEXT, "the image, by tag, digest or both"},
	[TAG] = {"tag", FIELDS_TEXT, "tag at the target"},
	[TARGET] = {"target", FIELDS_MIXED, "name and tag below the prefix, from old releases"},
	[AMD64_ONLY] = {"amd64Only", FIELDS_SWITCH, "lifts require-platforms", true},
	[PREFIX] = {"prefix", FIELDS_TEXT, "instead of targetRepoPrefix, for this image"},
	[SIGN] = {"sign", FIELDS_SWITCH, "from old releases"},
};

static const struct fields_table root_table = {.fields = root_fields, .count = ROOT_FIELDS};
static const struct fields_table image_table = {
	.fields = image_fields, .count = IMAGE_FIELDS, .beside = &terms_fields};

struct kyma_reading {
	struct fields_reading fields;
	struct rules *rules;
	const char *prefix; /* NULL: none, or a problem was added for it */
	const char
		*overruled; /* the prefix of the file, if the options give another one; or NULL */
	bool prefix_told;   /* there is a prefix, or a problem was added for the lack of one */
	bool library;       /* names without '/' get "library/" */
};

/* One source, parsed. */
struct source {
	struct str name; /* as written, without tag and digest */
	struct reference ref;
};

static const char *place_of(const struct kyma_reading *reading, const struct node *node)
{
	return fields_place(&reading->fields, node);
}

/* The text of a field; NULL when it is absent, null, empty or wrong, which goes to problems. */
static const char *read_text(const struct kyma_reading *reading, const struct field *field,
			     const struct node *node)
{
	struct str text;
	if (!fields_text(&reading->fields, field, node, &text) || !text.len)
		return NULL;
	const char *copy = arena_copy(reading->fields.arena, text.at, text.len);
	if (!copy)
		fields_memory(&reading->fields);
	return copy;
}

/* In old releases this field decided whether copies were signed. */
static void check_sign(const struct kyma_reading *reading, const struct field *field,
		       const struct node *node)
{
	if (fields_switch(&reading->fields, field, node, false))
		problem_warn(reading->fields.problems, place_of(reading, node),
			     "\"sign\" belongs to old releases and is ignored: nothing is signed; "
			     "--referrers signatures copies existing signatures");
}

/* --- prefixes ------------------------------------------------------------------------------ */

/* Checks a prefix and reports what is wrong or odd; place is NULL for the command line. */
static bool check_prefix(const struct kyma_reading *reading, const char *prefix, const char *place)
{
	struct error err;
	struct reference ref;
	struct str text = str_of(prefix);
	const char *trial = arena_printf(reading->fields.arena, "%sx", prefix);
	if (str_find(text, '/') == text.len) {
		problem_add(reading->fields.problems, place,
			    "target prefix \"%s\" has no /: write registry and path, as in "
			    "registry.example.com/external/",
			    prefix);
		return false;
	}
	if (!trial || !reference_parse(reading->fields.arena, str_of(trial), &ref, &err)) {
		problem_add(reading->fields.problems, place, "target prefix \"%s\": %s", prefix,
			    trial ? err.text : "out of memory");
		return false;
	}
	if (!str_ends(text, "/"))
		problem_warn(reading->fields.problems, place,
			     "target prefix \"%s\" does not end in /: names directly follow it, as "
			     "in %sname",
			     prefix, prefix);
	return true;
}

/* Chooses the prefix of the run and the form of the names after it. */
static void settle_prefix(struct kyma_reading *reading, const struct options *options,
			  const struct node *node)
{
	const char *in_file = read_text(reading, &root_fields[TARGET_PREFIX], node);
	const char *given = options->target_repo_prefix;
	const char *form = options->target_names;
	const char *place = in_file ? place_of(reading, node) : NULL;
	if (given && in_file)
		problem_warn(reading->fields.problems, place,
			     "--target-repo-prefix is given: targetRepoPrefix is ignored");
	const char *prefix = given ? given : in_file;
	reading->library = form ? strcmp(form, "library") == 0 : given != NULL;
	if (!prefix)
		return;
	reading->prefix_told = true;
	reading->overruled = given ? in_file : NULL;
	if (check_prefix(reading, prefix, given ? NULL : place))
		reading->prefix = prefix;
}

static const char *prefix_for(struct kyma_reading *reading, const struct node *map,
			      const struct node *own)
{
	const char *prefix = read_text(reading, &image_fields[PREFIX], own);
	if (prefix)
		return check_prefix(reading, prefix, place_of(reading, own)) ? prefix : NULL;
	if (!reading->prefix && !reading->prefix_told)
		problem_add(reading->fields.problems, place_of(reading, map),
			    "targetRepoPrefix can not be empty: write it into the file, or give "
			    "--target-repo-prefix");
	reading->prefix_told = true;
	return reading->prefix;
}

/* --- images -------------------------------------------------------------------------------- */

static bool read_source(const struct kyma_reading *reading, const struct node *map,
			const struct node *node, struct source *out)
{
	struct error err;
	size_t before = reading->fields.problems->error_count;
	const char *text = read_text(reading, &image_fields[SOURCE], node);
	if (!text) {
		if (reading->fields.problems->error_count == before)
			problem_add(reading->fields.problems, place_of(reading, node ? node : map),
				    "source is missing: write a name as in quay.io/coreos/etcd:"
				    "v3.5.0");
		return false;
	}
	if (str_ends(str_of(text), "/*") || str_ends(str_of(text), "/**")) {
		problem_add(reading->fields.problems, place_of(reading, node),
			    "source \"%.300s\": this form of file names single images: write the "
			    "rule %.300s: PREFIX into a file of its own",
			    text, text);
		return false;
	}
	if (!reference_parse(reading->fields.arena, str_of(text), &out->ref, &err)) {
		problem_add(reading->fields.problems, place_of(reading, node), "source %s",
			    err.text);
		return false;
	}
	out->name = str_head(str_of(text), str_find(str_of(text), '@'));
	if (out->ref.tag)
		out->name = str_head(out->name, out->name.len - strlen(out->ref.tag) - 1);
	return true;
}

/* The tag at the target; said: the one in the field target, or NULL. NULL: none, or a wrong one. */
static const char *target_tag(const struct kyma_reading *reading, const struct node *node,
			      const struct source *source, const struct node *source_node,
			      const char *said)
{
	size_t before = reading->fields.problems->error_count;
	const char *tag = read_text(reading, &image_fields[TAG], node);
	if (reading->fields.problems->error_count != before)
		return NULL;
	if (tag && said && strcmp(tag, said) != 0) {
		fields_complain(&reading->fields, node,
				"tag is %s, but target says %s: keep one of them", tag, said);
		return NULL;
	}
	if (said)
		return said;
	if (tag && !reference_tag_valid(str_of(tag))) {
		problem_add(reading->fields.problems, place_of(reading, node),
			    "tag \"%s\": a tag has up to %d letters, digits, '_', '.' and '-', and "
			    "does not begin with '.' or '-'",
			    tag, REFERENCE_TAG_MAX);
		return NULL;
	}
	if (tag || source->ref.tag)
		return tag ? tag : source->ref.tag;
	if (!source->ref.digest)
		return "latest";
	problem_add(reading->fields.problems, place_of(reading, source_node),
		    "sha256 digest detected, but the \"tag\" was not specified");
	return NULL;
}

/* The name at the target: a host in its first part may have characters a repository may not. */
static char *target_name(const struct kyma_reading *reading, struct str name)
{
	bool plain = str_find(name, '/') == name.len;
	char *copy = arena_printf(reading->fields.arena, "%s%.*s",
				  plain && reading->library ? "library/" : "", STR_ARGS(name));
	for (char *at = copy; at && *at && *at != '/'; at++) {
		if (*at == ':')
			*at = '_';
		else if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	}
	return copy;
}

/* Where one image goes, below its prefix. */
struct target {
	const char *name, *tag;
	const char *place; /* of the field that says so */
};

/* Reads the field target if it is there; else name and tag follow from source and tag. */
static bool read_target(const struct kyma_reading *reading, const struct node *const *values,
			const char *prefix, const struct source *source, struct target *out)
{
	const struct node *node = values[TARGET];
	struct kyma_target said = {NULL, NULL};
	out->place = place_of(reading, values[TAG] ? values[TAG] : values[SOURCE]);
	out->name = target_name(reading, source->name);
	if (!out->name)
		fields_memory(&reading->fields);
	if (node && node->kind != NODE_NULL) {
		const struct kyma_prefixes prefixes = {prefix, reading->overruled, out->name};
		if (!kyma_target_read(&reading->fields, node, &prefixes, &said))
			return false;
		out->place = place_of(reading, node);
		out->name = said.name ? said.name : out->name;
	}
	out->tag = target_tag(reading, values[TAG], source, values[SOURCE], said.tag);
	return out->name && out->tag;
}

static void read_terms(const struct kyma_reading *reading, const struct node *map,
		       const struct source *source, bool any, struct terms *out)
{
	struct fields_reading fields = reading->fields;
	fields.subject = reference_string(reading->fields.arena, &source->ref);
	terms_fields_read(&fields, map, out);
	out->pinned_tag = source->ref.digest ? source->ref.tag : NULL;
	if (any) {
		out->required = NULL;
		out->required_said = true;
	}
}

/* Adds the rule; its members other than the names are set. */
static void add_rule(const struct kyma_reading *reading, struct rule rule, const char *prefix,
		     const struct source *source, const struct target *target)
{
	struct reference from = source->ref;
	if (!from.tag && !from.digest)
		from.tag = "latest";
	rule.source = reference_string(reading->fields.arena, &from);
	rule.destination =
		arena_printf(reading->fields.arena, "%s%s:%s", prefix, target->name, target->tag);
	if (!rule.source || !rule.destination)
		problem_add(reading->fields.problems, rule.source_place, "out of memory");
	else
		reading->rules->items[reading->rules->count++] = rule;
}

static void read_image(struct kyma_reading *reading, const struct node *map)
{
	const struct node *values[IMAGE_FIELDS];
	struct source source;
	if (map->kind != NODE_MAP) {
		problem_add(reading->fields.problems, place_of(reading, map),
			    "expected a mapping with source and tag, found %s",
			    node_kind_name(map->kind));
		return;
	}
	fields_collect(&reading->fields, &image_table, map, values);
	check_sign(reading, &image_fields[SIGN], values[SIGN]);
	bool any = fields_switch(&reading->fields, &image_fields[AMD64_ONLY], values[AMD64_ONLY],
				 false);
	const char *prefix = prefix_for(reading, map, values[PREFIX]);
	if (!read_source(reading, map, values[SOURCE], &source))
		return;
	struct rule rule = {.source_place = place_of(reading, values[SOURCE])};
	struct terms terms = {0};
	read_terms(reading, map, &source, any, &terms);
	if (!rule_set_terms(reading->fields.arena, &rule, &terms))
		fields_memory(&reading->fields);
	struct target target;
	if (read_target(reading, values, prefix, &source, &target) && prefix) {
		rule.destination_place = target.place;
		add_rule(reading, rule, prefix, &source, &target);
	}
}

/* --- the file ------------------------------------------------------------------------------ */

static bool has_source(const struct node *images)
{
	for (size_t i = 0; i < images->count; i++)
		if (node_get(images->items[i], image_fields[SOURCE].name))
			return true;
	return false;
}

bool kyma_file_recognise(const struct document *document, bool prefix)
{
	const struct node *root = document->root;
	const struct node *images = node_get(root, root_fields[IMAGES].name);
	if (node_get(root, root_fields[TARGET_PREFIX].name))
		return true;
	if (!images)
		return false;
	if (images->kind == NODE_NULL || !images->count)
		return images->kind != NODE_STRING && root->count == 1;
	return images->kind == NODE_LIST &&
	       (has_source(images) || (prefix && images->items[0]->kind == NODE_MAP));
}

static void check_form(const struct options *options, struct problems *problems)
{
	const char *form = options->target_names;
	if (form && strcmp(form, "plain") != 0 && strcmp(form, "library") != 0)
		problem_add(problems, NULL, "--target-names %s: expected plain or library", form);
}

void kyma_file_read(struct arena *arena, const struct document *document,
		    const struct options *options, struct rules *out, const char **prefix,
		    struct problems *problems)
{
	struct kyma_reading reading = {.fields = {arena, document, problems, NULL}, .rules = out};
	const struct node *values[ROOT_FIELDS];
	*out = (struct rules){0};
	check_form(options, problems);
	fields_collect(&reading.fields, &root_table, document->root, values);
	check_sign(&reading, &root_fields[SIGN_ALL], values[SIGN_ALL]);
	settle_prefix(&reading, options, values[TARGET_PREFIX]);
	*prefix = reading.prefix;
	const struct node *images = values[IMAGES];
	if (!images || images->kind == NODE_NULL || (images->kind == NODE_LIST && !images->count)) {
		problem_warn(problems, document->name, "the file lists no images");
		return;
	}
	if (images->kind != NODE_LIST) {
		problem_add(problems, place_of(&reading, images),
			    "images is %s: expected a list of mappings with source and tag",
			    node_kind_name(images->kind));
		return;
	}
	out->items = arena_array(arena, images->count, sizeof(*out->items));
	if (!out->items) {
		problem_add(problems, document->name, "out of memory");
		return;
	}
	for (size_t i = 0; i < images->count; i++)
		read_image(&reading, images->items[i]);
}
