/*
 * The original joins texts and cuts them at the first colon, which goes wrong with ports and with a
 * tag beside a digest (kyma.md 4). Here a source is parsed first; only then the name is taken out
 * of its text, as written, since that is what the targets of old are called.
 */
#include "config/kyma_file.h"

#include "config/images_fields.h"
#include "config/nearest.h"
#include "oci/reference.h"

#include <string.h>

enum root_field { TARGET_PREFIX, IMAGES, ROOT_FIELDS };
enum image_field { SOURCE, TAG, AMD64_ONLY, PREFIX, IMAGE_FIELDS };

static const char *const root_names[ROOT_FIELDS] = {
	[TARGET_PREFIX] = "targetRepoPrefix",
	[IMAGES] = "images",
};

static const char *const image_names[IMAGE_FIELDS] = {
	[SOURCE] = "source",
	[TAG] = "tag",
	[AMD64_ONLY] = "amd64Only",
	[PREFIX] = "prefix",
};

/* Keys of old releases, which still stand in files. */
static const char *const historic[] = {"target", "sign"};

struct reading {
	struct arena *arena;
	const struct document *document;
	struct rules *rules;
	const char *prefix; /* NULL: none, or a wrong one, which was told */
	bool prefix_told;   /* that there is none */
	bool library;       /* names without '/' get "library/" */
	struct problems *problems;
};

/* One source, taken apart. */
struct source {
	struct str name; /* as written, without tag and digest */
	struct reference ref;
};

static const char *place_of(const struct reading *reading, const struct node *node)
{
	return document_place(reading->arena, reading->document, node);
}

/* --- keys and values ----------------------------------------------------------------------- */

static bool is_historic(struct str key)
{
	for (size_t i = 0; i < array_count(historic); i++)
		if (str_is(key, historic[i]))
			return true;
	return false;
}

/* The README of the original prints amd64only as well. */
static size_t find_field(struct str key, const char *const *known, size_t count)
{
	size_t field = 0;
	for (; field < count; field++)
		if (known[field] == image_names[AMD64_ONLY]
			    ? str_equal_nocase(key, str_of(known[field]))
			    : str_is(key, known[field]))
			break;
	return field;
}

static void refuse_key(const struct reading *reading, const struct node *key,
		       const char *const *known, size_t count)
{
	const char *near = nearest_word(key->text, known, count);
	problem_add(reading->problems, place_of(reading, key), "unknown key \"%.*s\"%s%s%s",
		    STR_ARGS(key->text), near ? ": did you mean " : "", near ? near : "",
		    near ? "?" : "");
}

/* Sorts the pairs of map by the names that are known here. */
static void collect(const struct reading *reading, const struct node *map, const char *const *known,
		    size_t count, const struct node **values)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct node *key = map->keys[i];
		size_t field = find_field(key->text, known, count);
		if (field < count && values[field])
			problem_add(reading->problems, place_of(reading, key),
				    "%s is given twice: keep one", known[field]);
		else if (field < count)
			values[field] = map->items[i];
		else if (is_historic(key->text))
			problem_warn(reading->problems, place_of(reading, key),
				     "\"%.*s\" is of old releases and is ignored",
				     STR_ARGS(key->text));
		else if (known != image_names || !images_fields_shares(key->text))
			refuse_key(reading, key, known, count);
	}
}

/* The text of a scalar; NULL when it is absent, null, empty or wrong, which goes to problems. */
static const char *read_text(const struct reading *reading, const struct node *node,
			     const char *field)
{
	if (!node || node->kind == NODE_NULL)
		return NULL;
	bool scalar = node->kind == NODE_BOOL || node->kind == NODE_NUMBER;
	if (node->kind != NODE_STRING && (!scalar || reading->document->json)) {
		problem_add(reading->problems, place_of(reading, node),
			    "%s is %s: it must be a string", field, node_kind_name(node->kind));
		return NULL;
	}
	const char *text = arena_copy(reading->arena, node->text.at, node->text.len);
	if (!text)
		problem_add(reading->problems, reading->document->name, "out of memory");
	return text && *text ? text : NULL;
}

static bool read_switch(const struct reading *reading, const struct node *node, const char *field)
{
	if (!node || node->kind == NODE_NULL)
		return false;
	if (node->kind != NODE_BOOL)
		problem_add(reading->problems, place_of(reading, node),
			    "%s is %s: write true or false, without quotes", field,
			    node_kind_name(node->kind));
	return node->kind == NODE_BOOL && node->truth;
}

/* --- prefixes ------------------------------------------------------------------------------ */

/* Tells what is wrong or odd about a prefix; place is NULL for the command line. */
static bool check_prefix(const struct reading *reading, const char *prefix, const char *place)
{
	struct error err;
	struct reference ref;
	struct str text = str_of(prefix);
	const char *trial = arena_printf(reading->arena, "%sx", prefix);
	if (str_find(text, '/') == text.len) {
		problem_add(reading->problems, place,
			    "target prefix \"%s\" has no /: write registry and path, as in "
			    "registry.example.com/external/",
			    prefix);
		return false;
	}
	if (!trial || !reference_parse(reading->arena, str_of(trial), &ref, &err)) {
		problem_add(reading->problems, place, "target prefix \"%s\": %s", prefix,
			    trial ? err.text : "out of memory");
		return false;
	}
	if (!str_ends(text, "/"))
		problem_warn(reading->problems, place,
			     "target prefix \"%s\" does not end in /: names are put right behind "
			     "it, as in %sname",
			     prefix, prefix);
	return true;
}

/* Chooses the prefix of the run and the form of the names behind it. */
static void settle_prefix(struct reading *reading, const struct options *options,
			  const struct node *node)
{
	const char *in_file = read_text(reading, node, root_names[TARGET_PREFIX]);
	const char *given = options->target_repo_prefix;
	const char *form = options->target_names;
	const char *place = in_file ? place_of(reading, node) : NULL;
	if (given && in_file)
		problem_warn(reading->problems, place,
			     "--target-repo-prefix is given: targetRepoPrefix is ignored");
	const char *prefix = given ? given : in_file;
	reading->library = form ? strcmp(form, "library") == 0 : given != NULL;
	if (!prefix)
		return;
	reading->prefix_told = true;
	if (check_prefix(reading, prefix, given ? NULL : place))
		reading->prefix = prefix;
}

static const char *prefix_for(struct reading *reading, const struct node *map,
			      const struct node *own)
{
	const char *prefix = read_text(reading, own, image_names[PREFIX]);
	if (prefix)
		return check_prefix(reading, prefix, place_of(reading, own)) ? prefix : NULL;
	if (!reading->prefix && !reading->prefix_told)
		problem_add(reading->problems, place_of(reading, map),
			    "targetRepoPrefix can not be empty: write it into the file, or give "
			    "--target-repo-prefix");
	reading->prefix_told = true;
	return reading->prefix;
}

/* --- images -------------------------------------------------------------------------------- */

static bool read_source(const struct reading *reading, const struct node *map,
			const struct node *node, struct source *out)
{
	struct error err;
	size_t before = reading->problems->error_count;
	const char *text = read_text(reading, node, image_names[SOURCE]);
	if (!text) {
		if (reading->problems->error_count == before)
			problem_add(reading->problems, place_of(reading, node ? node : map),
				    "source is missing: write a name as in quay.io/coreos/etcd:"
				    "v3.5.0");
		return false;
	}
	if (!reference_parse(reading->arena, str_of(text), &out->ref, &err)) {
		problem_add(reading->problems, place_of(reading, node), "source %s", err.text);
		return false;
	}
	out->name = str_head(str_of(text), str_find(str_of(text), '@'));
	if (out->ref.tag)
		out->name = str_head(out->name, out->name.len - strlen(out->ref.tag) - 1);
	return true;
}

/* The tag at the target; NULL: there is none, or it is wrong. */
static const char *target_tag(const struct reading *reading, const struct node *node,
			      const struct source *source, const struct node *source_node)
{
	size_t before = reading->problems->error_count;
	const char *tag = read_text(reading, node, image_names[TAG]);
	if (reading->problems->error_count != before)
		return NULL;
	if (tag && !reference_tag_valid(str_of(tag))) {
		problem_add(reading->problems, place_of(reading, node),
			    "tag \"%s\": a tag has up to %d letters, digits, '_', '.' and '-', and "
			    "begins with none of the last two",
			    tag, REFERENCE_TAG_MAX);
		return NULL;
	}
	if (tag || source->ref.tag)
		return tag ? tag : source->ref.tag;
	if (!source->ref.digest)
		return "latest";
	problem_add(reading->problems, place_of(reading, source_node),
		    "sha256 digest detected, but the \"tag\" was not specified");
	return NULL;
}

/* The name with what no repository may have in its first part, when that is a host. */
static char *target_name(const struct reading *reading, struct str name)
{
	bool plain = str_find(name, '/') == name.len;
	char *copy = arena_printf(reading->arena, "%s%.*s",
				  plain && reading->library ? "library/" : "", STR_ARGS(name));
	for (char *at = copy; at && *at && *at != '/'; at++) {
		if (*at == ':')
			*at = '_';
		else if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	}
	return copy;
}

/* Adds the rule: its fields besides the names are set. */
static void add_rule(const struct reading *reading, struct rule rule, const char *prefix,
		     const struct source *source, const char *tag)
{
	struct reference from = source->ref;
	const char *name = target_name(reading, source->name);
	if (!from.tag && !from.digest)
		from.tag = "latest";
	rule.source = reference_string(reading->arena, &from);
	rule.destination = arena_printf(reading->arena, "%s%s:%s", prefix, name ? name : "", tag);
	if (!rule.source || !name || !rule.destination)
		problem_add(reading->problems, rule.source_place, "out of memory");
	else
		reading->rules->items[reading->rules->count++] = rule;
}

static void read_image(struct reading *reading, const struct node *map)
{
	const struct node *values[IMAGE_FIELDS] = {0};
	struct images_fields fields = {0};
	struct source source;
	if (map->kind != NODE_MAP) {
		problem_add(reading->problems, place_of(reading, map),
			    "expected a mapping with source and tag, found %s",
			    node_kind_name(map->kind));
		return;
	}
	collect(reading, map, image_names, IMAGE_FIELDS, values);
	bool any = read_switch(reading, values[AMD64_ONLY], image_names[AMD64_ONLY]);
	const char *prefix = prefix_for(reading, map, values[PREFIX]);
	if (!read_source(reading, map, values[SOURCE], &source))
		return;
	images_fields_read_shared(reading->arena, reading->document,
				  reference_string(reading->arena, &source.ref), map, &fields,
				  reading->problems);
	const char *tag = target_tag(reading, values[TAG], &source, values[SOURCE]);
	struct rule rule = {
		.source_place = place_of(reading, values[SOURCE]),
		.destination_place = place_of(reading, values[TAG] ? values[TAG] : values[SOURCE]),
		.terms = fields.terms,
	};
	rule.terms.pinned_tag = source.ref.digest ? source.ref.tag : NULL;
	if (any) {
		rule.terms.required = NULL;
		rule.terms.required_said = true;
	}
	if (prefix && tag)
		add_rule(reading, rule, prefix, &source, tag);
}

/* --- the file ------------------------------------------------------------------------------ */

static bool has_source(const struct node *images)
{
	for (size_t i = 0; i < images->count; i++)
		if (node_get(images->items[i], image_names[SOURCE]))
			return true;
	return false;
}

bool kyma_file_recognise(const struct document *document, bool prefix)
{
	const struct node *root = document->root;
	const struct node *images = node_get(root, root_names[IMAGES]);
	if (node_get(root, root_names[TARGET_PREFIX]))
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
	struct reading reading = {
		.arena = arena, .document = document, .rules = out, .problems = problems};
	const struct node *values[ROOT_FIELDS] = {0};
	*out = (struct rules){0};
	check_form(options, problems);
	collect(&reading, document->root, root_names, ROOT_FIELDS, values);
	settle_prefix(&reading, options, values[TARGET_PREFIX]);
	*prefix = reading.prefix;
	const struct node *images = values[IMAGES];
	if (!images || images->kind == NODE_NULL || (images->kind == NODE_LIST && !images->count)) {
		problem_warn(problems, document->name, "there are no images in it");
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
