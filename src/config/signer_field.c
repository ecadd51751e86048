/*
 * What is misspelt here would demand less than was meant, so an unknown name is a mistake and not
 * just worth a warning.
 */
#include "config/signer_field.h"

#include "config/companion_options.h"
#include "config/nearest.h"

static const char field[] = "require-signed";

enum { KEY, REFERENCE, FIELDS };

static const char *const names[FIELDS] = {[KEY] = "key", [REFERENCE] = "reference"};

struct reading {
	struct arena *arena;
	const struct document *document;
	const char *source;
	struct problems *problems;
};

static const char *place_of(const struct reading *reading, const struct node *node)
{
	return document_place(reading->arena, reading->document, node);
}

static bool complain(const struct reading *reading, const struct node *node, const char *what)
{
	problem_add(reading->problems, place_of(reading, node), "%s: %s %s", reading->source, field,
		    what);
	return false;
}

/* A text of the user's; in YAML a number is one as well. */
static bool is_text(const struct reading *reading, const struct node *node)
{
	return node->text.len && (node->kind == NODE_STRING ||
				  (node->kind == NODE_NUMBER && !reading->document->json));
}

static struct signer *read_key(const struct reading *reading, const struct node *node)
{
	if (!is_text(reading, node)) {
		complain(reading, node, "must name a file with a public key, or be false");
		return NULL;
	}
	const char *path = arena_copy(reading->arena, node->text.at, node->text.len);
	const char *what = arena_printf(reading->arena, "%s: %s", reading->source, field);
	if (path && what)
		return companion_options_signer(reading->arena, path, what, place_of(reading, node),
						reading->problems);
	problem_add(reading->problems, reading->document->name, "out of memory");
	return NULL;
}

static void read_reference(const struct reading *reading, const struct node *node,
			   struct signer *out)
{
	struct error err;
	if (!is_text(reading, node))
		complain(reading, node,
			 "wants as reference a repository, as in reg.example.com/team/app, or the "
			 "word source");
	else if (!signer_name(reading->arena, node->text, out, &err))
		problem_add(reading->problems, place_of(reading, node), "%s: reference of %s: %s",
			    reading->source, field, err.text);
}

static size_t number_of(const struct reading *reading, struct str name)
{
	size_t i = 0;
	while (i < FIELDS && !(reading->document->json ? str_equal_nocase(name, str_of(names[i]))
						       : str_is(name, names[i])))
		i++;
	return i;
}

static void complain_unknown(const struct reading *reading, const struct node *key)
{
	const char *near = nearest_word(key->text, names, FIELDS);
	problem_add(reading->problems, place_of(reading, key),
		    "%s: unknown field \"%.*s\" of %s%s%s%s", reading->source,
		    STR_ARGS(str_head(key->text, 100)), field, near ? ": did you mean " : "",
		    near ? near : "", near ? "?" : "");
}

static const struct signer *read_map(const struct reading *reading, const struct node *map)
{
	const struct node *values[FIELDS] = {0};
	struct signer *signer = NULL, nobody = {0};
	for (size_t i = 0; i < map->count; i++) {
		size_t number = number_of(reading, map->keys[i]->text);
		if (number == FIELDS)
			complain_unknown(reading, map->keys[i]);
		else if (values[number])
			complain(reading, map->keys[i], "has a field twice: keep one");
		else
			values[number] = map->items[i];
	}
	if (values[KEY])
		signer = read_key(reading, values[KEY]);
	else
		complain(reading, map, "needs a key, as in {key: cosign.pub, reference: source}");
	if (values[REFERENCE])
		read_reference(reading, values[REFERENCE], signer ? signer : &nobody);
	return signer;
}

const struct signer *signer_field_read(struct arena *arena, const struct document *document,
				       const char *source, const struct node *node,
				       struct problems *problems)
{
	const struct reading reading = {arena, document, source, problems};
	if (node->kind == NODE_MAP)
		return read_map(&reading, node);
	return node->kind == NODE_BOOL && !node->truth ? NULL : read_key(&reading, node);
}
