/*
 * How many rules a file of images gives is known only when it was read, so the rules grow with each
 * item of the document.
 */
#include "config/rules/lists_file.h"

#include "base/file.h"
#include "config/rules/images_fields.h"
#include "config/rules/images_file.h"
#include "config/rules/list_rules.h"
#include "config/rules/naming.h"
#include "config/rules/prefix.h"
#include "config/rules/schedule_fields.h"
#include "config/rules/terms_fields.h"

#include <string.h>

enum lists_field { LIST, TO, NAMES, FIELDS };

static const struct field fields[FIELDS] = {
	[LIST] = {"list", FIELDS_MIXED, "the images: a file that names them, or a list of names"},
	[TO] = {"to", FIELDS_TEXTS, "the prefix below which they go"},
	[NAMES] = {"names", FIELDS_TEXT, "what the copies are called"},
};

static const struct field source = {.name = "source", .kind = FIELDS_TEXT};

const struct fields_table lists_file_fields = {.fields = fields, .count = FIELDS};

static void refuse_field(const struct fields_reading *reading, const struct fields_table *table,
			 const struct node *name);

static const struct fields_table table = {
	.fields = fields, .count = FIELDS, .beside = &schedule_fields, .unknown = refuse_field};

struct lists_reading {
	struct fields_reading fields;
	const struct expand_lookup *lookup;
	struct rules *rules;
	size_t room; /* of rules */
};

static bool is_field(const struct fields_table *of, struct str name)
{
	for (; of; of = of->beside)
		for (size_t i = 0; i < of->count; i++)
			if (str_is(name, of->fields[i].name))
				return true;
	return false;
}

/* Says why a field of other rules is none of a list. */
static void refuse_field(const struct fields_reading *reading, const struct fields_table *of,
			 const struct node *name)
{
	if (str_is(name->text, source.name))
		return; /* read_list() looks at it */
	if (is_field(&images_fields, name->text))
		fields_complain(reading, name,
				"%.*s is for a repository or a namespace, but a list names each "
				"image with its tag: leave it out",
				STR_ARGS(name->text));
	else
		fields_refuse(reading, of, name);
}

/* --- what a rule says ----------------------------------------------------------------------- */

static void refuse_list(const struct fields_reading *reading, const struct node *node)
{
	fields_complain(reading, node,
			"list must be the name of a file, or a list of images as in [nginx:1.28, "
			"redis:7.4]");
}

/* Reads the file of a list. */
static void read_file(const struct lists_reading *reading, const struct node *node,
		      struct image_list *out)
{
	const struct fields_reading *fields_of = &reading->fields;
	scoped(buf_finish) struct buf text = {.max = NODE_BYTES_MAX};
	struct error err = {0};
	struct placed path;
	if (node->kind == NODE_MAP) {
		refuse_list(fields_of, node);
		return;
	}
	if (!fields_placed(fields_of, &fields[LIST], node, &path))
		return;
	reading->rules->files[reading->rules->file_count++] = path;
	if (strcmp(path.text, "-") == 0)
		fields_complain(fields_of, node,
				"list cannot be standard input here: name a file, or give --list - "
				"--to PREFIX instead of this file");
	else if (strpbrk(path.text, "\n "))
		refuse_list(fields_of, node);
	else if (!file_read(path.text, &text, &err))
		fields_complain(fields_of, node,
				"%s; for the images themselves write a list, as in [nginx:1.28, "
				"redis:7.4]",
				err.text);
	else
		list_file_read(fields_of->arena, path.text, buf_str(&text), out,
			       fields_of->problems);
}

static void read_images(const struct lists_reading *reading, const struct node *node,
			struct image_list *out)
{
	const struct fields_reading *fields_of = &reading->fields;
	const struct placed *names;
	size_t count;
	*out = (struct image_list){0};
	if (node->kind != NODE_LIST) {
		read_file(reading, node, out);
		return;
	}
	fields_placed_list(fields_of, &fields[LIST], node, &names, &count);
	out->items = arena_array(fields_of->arena, count, sizeof(*out->items));
	if (!out->items)
		fields_memory(fields_of);
	for (size_t i = 0; out->items && i < count; i++)
		out->count +=
			list_file_image(fields_of->arena, str_of(names[i].text), names[i].place,
					&out->items[out->count], fields_of->problems);
}

static const char *read_names(const struct lists_reading *reading, const struct node *node)
{
	struct placed names;
	struct error err = {0};
	if (!node || !fields_placed(&reading->fields, &fields[NAMES], node, &names))
		return NULL;
	if (naming_check(names.text, &err))
		return names.text;
	fields_complain(&reading->fields, node, "%s", err.text);
	return NULL;
}

static bool read_prefix(const struct lists_reading *reading, const struct node *node,
			struct reference *out)
{
	const struct fields_reading *fields_of = &reading->fields;
	struct str text;
	const char *prefix;
	struct error err = {0};
	if (!fields_filled(fields_of, &fields[TO], node, &text))
		return false;
	if (expand_text(fields_of->arena, text, EXPAND_DESTINATION, reading->lookup, &prefix,
			&err) &&
	    prefix_parse(fields_of->arena, str_of(prefix), out, &err))
		return true;
	fields_complain(fields_of, node, "to: %s", err.text);
	return false;
}

/* --- rules ---------------------------------------------------------------------------------- */

/* Makes room for more rules; NULL, with the problem: there is no memory. */
static struct rule *make_room(struct lists_reading *reading, size_t more)
{
	struct rules *rules = reading->rules;
	if (reading->room - rules->count < more) {
		size_t room = reading->room + more > 2 * reading->room ? reading->room + more
								       : 2 * reading->room;
		struct rule *items = arena_array(reading->fields.arena, room, sizeof(*items));
		if (!items) {
			fields_memory(&reading->fields);
			return NULL;
		}
		if (rules->count)
			memcpy(items, rules->items, rules->count * sizeof(*items));
		rules->items = items;
		reading->room = room;
	}
	return rules->items + rules->count;
}

static void add_images(struct lists_reading *reading, const struct image_list *images,
		       const struct list_target *target)
{
	struct rule *room = make_room(reading, images->count);
	if (!room)
		return;
	if (list_rules_make(reading->fields.arena, images, target, room))
		reading->rules->count += images->count;
	else
		fields_memory(&reading->fields);
}

static void read_list(struct lists_reading *reading, const struct node *map)
{
	const struct fields_reading *fields_of = &reading->fields;
	const struct node *values[FIELDS], *to, *other = fields_find(fields_of, &source, map);
	struct image_list images = {0};
	struct list_target target = {0};
	struct terms *terms;
	fields_collect(fields_of, &table, map, values);
	to = values[TO];
	if (values[LIST] && other)
		fields_complain(fields_of, other,
				"source and list both say what to copy: keep one; the rule of one "
				"source is written SOURCE: DESTINATION");
	if (values[LIST])
		read_images(reading, values[LIST], &images);
	else
		fields_complain(fields_of, map,
				"list is missing: name a file of images, as in {list: images.txt, "
				"to: registry.example.com/mirror}; the rule of one source is "
				"written SOURCE: DESTINATION");
	target.names = read_names(reading, values[NAMES]);
	target.schedule = schedule_fields_read(fields_of, map);
	target.terms = terms = arena_new_of(fields_of->arena, struct terms);
	if (terms)
		terms_fields_read(fields_of, map, terms);
	else
		fields_memory(fields_of);
	if (!to)
		fields_complain(fields_of, map,
				"to is missing: say where the images go, as in {list: images.txt, "
				"to: registry.example.com/mirror}");
	for (size_t i = 0, count = to ? fields_count(fields_of, &fields[TO], to) : 0; i < count;
	     i++)
		if (read_prefix(reading, fields_item(to, i), &target.prefix))
			add_images(reading, &images, &target);
}

/* Reads an item that maps sources to destinations. */
static void read_sources(struct lists_reading *reading, const struct node *map)
{
	const struct fields_reading *fields_of = &reading->fields;
	struct document part = *fields_of->document;
	struct rules rules = {0};
	part.root = map;
	images_file_read(fields_of->arena, &part, reading->lookup, &rules, fields_of->problems);
	struct rule *room = make_room(reading, rules.count);
	if (!room)
		return;
	if (rules.count)
		memcpy(room, rules.items, rules.count * sizeof(*room));
	reading->rules->count += rules.count;
}

static void read_item(struct lists_reading *reading, const struct node *item)
{
	const struct fields_reading *fields_of = &reading->fields;
	if (item->kind != NODE_MAP)
		fields_complain(fields_of, item,
				"expected a rule, as in {list: images.txt, to: "
				"registry.example.com/mirror} or SOURCE: DESTINATION, found %s",
				node_kind_name(item->kind));
	else if (fields_find(fields_of, &fields[LIST], item) ||
		 fields_find(fields_of, &fields[TO], item) || fields_find(fields_of, &source, item))
		read_list(reading, item);
	else
		read_sources(reading, item);
}

bool lists_file_recognise(const struct document *document)
{
	const struct fields_reading reading = {.document = document};
	const struct node *root = document->root;
	size_t others = 0;
	if (root->kind == NODE_LIST)
		return true;
	if (!fields_find(&reading, &fields[LIST], root))
		return false;
	for (size_t i = 0; i < root->count; i++)
		others += is_field(&table, root->keys[i]->text) &&
			  !str_is(root->keys[i]->text, fields[LIST].name);
	return others || fields_find(&reading, &fields[TO], root);
}

void lists_file_read(struct arena *arena, const struct document *document,
		     const struct expand_lookup *lookup, struct rules *out,
		     struct problems *problems)
{
	struct lists_reading reading = {
		.fields = {arena, document, problems, NULL}, .lookup = lookup, .rules = out};
	const struct node *root = document->root;
	size_t items = root->kind == NODE_LIST ? root->count : 1;
	*out = (struct rules){.files = arena_array(arena, items, sizeof(*out->files))};
	if (!out->files) {
		fields_memory(&reading.fields);
		return;
	}
	for (size_t i = 0; i < items; i++)
		read_item(&reading, fields_item(root, i));
}
