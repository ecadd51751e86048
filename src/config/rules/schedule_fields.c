/*
 * The same file serves a single sync, which has no use for times, and serve. So they are checked
 * here, and a file with a slip in one is refused whatever runs it.
 */
#include "config/rules/schedule_fields.h"

#include "base/cron.h"
#include "config/duration.h"
#include "config/rules/terms_fields.h"

enum schedule_field { EVERY, CRON, FIELDS };

static const struct field fields[FIELDS] = {
	[EVERY] = {"every", FIELDS_TEXT, "under serve, the rule runs each time this has passed"},
	[CRON] = {"cron", FIELDS_TEXT, "under serve, the rule runs at these times of a crontab"},
};

const struct fields_table schedule_fields = {
	.fields = fields, .count = FIELDS, .beside = &terms_fields};

/* Unknown names are reported where the rest of the mapping is read. */
static const struct fields_table alone = {
	.fields = fields, .count = FIELDS, .unknown = fields_pass_over};

static void read_every(const struct fields_reading *reading, const struct node *node,
		       struct placed *out)
{
	if (fields_placed(reading, &fields[EVERY], node, out) && !duration_read(out->text))
		fields_complain(reading, node, "every: %.100s: expected " DURATION_FORM, out->text);
}

static void read_cron(const struct fields_reading *reading, const struct node *node,
		      struct placed *out)
{
	struct cron cron;
	struct error err = {0};
	if (fields_placed(reading, &fields[CRON], node, out) &&
	    !cron_parse(str_of(out->text), &cron, &err))
		fields_complain(reading, node, "cron: %s", err.text);
}

const struct rule_schedule *schedule_fields_read(const struct fields_reading *reading,
						 const struct node *map)
{
	const struct node *values[FIELDS];
	fields_collect(reading, &alone, map, values);
	if (!values[EVERY] && !values[CRON])
		return NULL;
	struct rule_schedule *schedule = arena_new_of(reading->arena, struct rule_schedule);
	if (!schedule) {
		fields_memory(reading);
		return NULL;
	}
	if (values[EVERY] && values[CRON])
		fields_complain(reading, values[CRON],
				"every and cron both say when the rule runs: keep one of them");
	if (values[EVERY])
		read_every(reading, values[EVERY], &schedule->every);
	if (values[CRON])
		read_cron(reading, values[CRON], &schedule->cron);
	return schedule;
}
