/* What removes is read strictly: nothing but true and a mapping allows it. */
#include "config/rules/prune_field.h"

#include "config/duration.h"

enum prune_field { KEEP, OLDER_THAN, MAX, FOREIGN, FIELDS };

static const struct field fields[FIELDS] = {
	[KEEP] = {"keep", FIELDS_MIXED, "of the tags that would go the newest stay: how many"},
	[OLDER_THAN] = {"older-than", FIELDS_TEXT,
			"only tags that no run has met for this long, as in 90d"},
	[MAX] = {"max", FIELDS_MIXED, "at most this many tags of a repository in a run, or 25%"},
	[FOREIGN] = {"foreign", FIELDS_SWITCH, "also tags that the state does not know as ours"},
};

static const struct fields_table table = {.fields = fields, .count = FIELDS};

static bool read_text(const struct fields_reading *reading, enum prune_field field,
		      const struct node *node, struct str *out)
{
	*out = node->text;
	return node->kind == NODE_NUMBER || fields_filled(reading, &fields[field], node, out);
}

static int64_t read_keep(const struct fields_reading *reading, const struct node *node)
{
	int64_t count = 0;
	struct str text;
	if (node && read_text(reading, KEEP, node, &text) &&
	    (!str_to_int64(text, &count) || count < 1))
		fields_complain(reading, node, "keep must be a number from 1, as in 3");
	return count;
}

static void read_max(const struct fields_reading *reading, const struct node *node,
		     struct prune *out)
{
	struct str text;
	if (!node || !read_text(reading, MAX, node, &text))
		return;
	out->percent = str_ends(text, "%");
	if (out->percent)
		text = str_head(text, text.len - 1);
	if (!str_to_int64(text, &out->max) || out->max < 1 || (out->percent && out->max > 100))
		fields_complain(reading, node,
				"max must be a number from 1, or a part of the tags up to 100%%, "
				"as in 50 or 25%%");
}

static int64_t read_age(const struct fields_reading *reading, const struct node *node)
{
	int64_t age = 0;
	struct placed text;
	if (node && fields_placed(reading, &fields[OLDER_THAN], node, &text) &&
	    (!duration_read_age(text.text, &age) || !age))
		fields_complain(reading, node,
				"older-than: %.100s: expected an age of at most 1000 weeks, as in "
				"90d, 12h or 1w3d",
				text.text);
	return age;
}

const struct prune *prune_field_read(const struct fields_reading *reading,
				     const struct field *field, const struct node *value)
{
	const struct node *values[FIELDS] = {NULL};
	if (!value || (value->kind == NODE_BOOL && !value->truth))
		return NULL;
	if (value->kind != NODE_BOOL && value->kind != NODE_MAP) {
		fields_complain(reading, value,
				"%s must be true, false or a mapping, as in {keep: 3, older-than: "
				"90d}",
				field->name);
		return NULL;
	}
	struct prune *out = arena_new_of(reading->arena, struct prune);
	if (!out) {
		fields_memory(reading);
		return NULL;
	}
	out->place = fields_place(reading, value);
	if (value->kind == NODE_MAP)
		fields_collect(reading, &table, value, values);
	out->keep = read_keep(reading, values[KEEP]);
	out->older_than = read_age(reading, values[OLDER_THAN]);
	read_max(reading, values[MAX], out);
	out->foreign = fields_switch(reading, &fields[FOREIGN], values[FOREIGN], false);
	return out;
}
