/* The limits are those of AWS, which would otherwise refuse the first push of a long run. */
#include "config/rules/creation_field.h"

#include <string.h>

enum { KEY_MAX = 128, VALUE_MAX = 256, TAGS_MAX = 50 };
enum creation_field { SCAN, IMMUTABLE, TAGS, FIELDS };

static const struct field fields[FIELDS] = {
	[SCAN] = {"scan-on-push", FIELDS_SWITCH, "images are scanned when they are pushed"},
	[IMMUTABLE] = {"immutable-tags", FIELDS_SWITCH, "their tags cannot be changed"},
	[TAGS] = {"tags", FIELDS_MAP, "tags of AWS on the repository"},
};

static const struct fields_table table = {.fields = fields, .count = FIELDS};

/* Reads the tag at that place of map. */
static void read_tag(const struct fields_reading *reading, const struct node *map, size_t number,
		     struct creation_tag *out)
{
	const struct node *key = map->keys[number];
	struct str value;
	*out = (struct creation_tag){"", ""};
	if (!key->text.len || key->text.len > KEY_MAX || str_starts(key->text, "aws:"))
		fields_complain(
			reading, key,
			"the key of a tag has 1 to %d bytes and does not begin with aws:", KEY_MAX);
	for (size_t i = 0; i < number; i++)
		if (str_equal(map->keys[i]->text, key->text))
			fields_complain(reading, key, "the tag %.*s is given twice",
					STR_ARGS(str_head(key->text, KEY_MAX)));
	if (!fields_text(reading, &fields[TAGS], map->items[number], &value))
		return;
	if (value.len > VALUE_MAX)
		fields_complain(reading, map->items[number],
				"the value of a tag has %d bytes at most", VALUE_MAX);
	const char *name = arena_copy(reading->arena, key->text.at, key->text.len);
	const char *text = arena_copy(reading->arena, value.at, value.len);
	if (name && text)
		*out = (struct creation_tag){name, text};
	else
		fields_memory(reading);
}

static void read_tags(const struct fields_reading *reading, const struct node *map,
		      struct creation_settings *out)
{
	if (map->kind != NODE_MAP || !map->count || map->count > TAGS_MAX) {
		fields_complain(reading, map,
				"tags must be a mapping of 1 to %d names to values, as in {team: "
				"platform}",
				TAGS_MAX);
		return;
	}
	struct creation_tag *tags = arena_array(reading->arena, map->count, sizeof(*tags));
	if (!tags) {
		fields_memory(reading);
		return;
	}
	for (size_t i = 0; i < map->count; i++)
		read_tag(reading, map, i, &tags[i]);
	out->tags = tags;
	out->tag_count = map->count;
}

const struct creation_settings *creation_field_read(const struct fields_reading *reading,
						    const struct field *field,
						    const struct node *node)
{
	const struct node *values[FIELDS];
	struct creation_settings *settings;
	if (node->kind != NODE_BOOL && node->kind != NODE_MAP) {
		fields_complain(reading, node,
				"%s must be true, false or a mapping, as in {scan-on-push: true}",
				field->name);
		return NULL;
	}
	settings = arena_new_of(reading->arena, struct creation_settings);
	if (!settings) {
		fields_memory(reading);
		return NULL;
	}
	settings->wanted = node->kind == NODE_MAP || node->truth;
	if (node->kind == NODE_BOOL)
		return settings;
	fields_collect(reading, &table, node, values);
	settings->scan = fields_switch(reading, &fields[SCAN], values[SCAN], false);
	settings->immutable = fields_switch(reading, &fields[IMMUTABLE], values[IMMUTABLE], false);
	if (values[TAGS])
		read_tags(reading, values[TAGS], settings);
	return settings;
}
