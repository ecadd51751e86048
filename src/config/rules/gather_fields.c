/*
 * A restriction must not get lost by a slip: an empty list or a null is a mistake, not the absence
 * of a restriction.
 */
#include "config/rules/gather_fields.h"

#include "config/rules/schedule_fields.h"

enum gather_field { REPOSITORIES, EXCLUDED, NAMES, VIA, ALLOW_EMPTY, FIELDS };

static const struct field fields[FIELDS] = {
	[REPOSITORIES] = {"repositories", FIELDS_TEXTS, "of a namespace only these repositories"},
	[EXCLUDED] = {"exclude-repositories", FIELDS_TEXTS,
		      "of a namespace not these repositories"},
	[NAMES] = {"names", FIELDS_TEXT, "what the copies of its repositories are called"},
	[VIA] = {"via", FIELDS_TEXT, "how its repositories are listed"},
	[ALLOW_EMPTY] = {"allow-empty", FIELDS_SWITCH, "a namespace without repositories is fine"},
};

const struct fields_table gather_fields = {
	.fields = fields, .count = FIELDS, .beside = &schedule_fields};

/* Unknown names are reported where the rest of the mapping is read. */
static const struct fields_table alone = {
	.fields = fields, .count = FIELDS, .unknown = fields_pass_over};

static bool has_any(const struct node *const *values)
{
	bool any = false;
	for (size_t i = 0; i < FIELDS; i++)
		any |= values[i] != NULL;
	return any;
}

const struct gather *gather_fields_read(const struct fields_reading *reading,
					const struct node *map)
{
	const struct node *values[FIELDS];
	fields_collect(reading, &alone, map, values);
	if (!has_any(values))
		return NULL;
	struct gather *gather = arena_new_of(reading->arena, struct gather);
	if (!gather) {
		fields_memory(reading);
		return NULL;
	}
	gather->place = fields_place(reading, map);
	fields_placed_list(reading, &fields[REPOSITORIES], values[REPOSITORIES],
			   &gather->repositories, &gather->repository_count);
	fields_placed_list(reading, &fields[EXCLUDED], values[EXCLUDED], &gather->excluded,
			   &gather->excluded_count);
	if (values[NAMES])
		fields_placed(reading, &fields[NAMES], values[NAMES], &gather->names);
	if (values[VIA])
		fields_placed(reading, &fields[VIA], values[VIA], &gather->via);
	gather->allow_empty =
		fields_switch(reading, &fields[ALLOW_EMPTY], values[ALLOW_EMPTY], false);
	return gather;
}
