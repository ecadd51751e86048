/*
 * A restriction must not get lost by a slip: an unknown field, an empty list or a null is a
 * mistake, not the absence of a restriction.
 */
#include "config/rules/images_fields.h"

#include "base/clock.h"
#include "config/rules/gather_fields.h"
#include "config/rules/prune_field.h"
#include "config/rules/schedule_fields.h"
#include "config/rules/since.h"
#include "config/rules/terms_fields.h"

enum images_field {
	TO,
	TAGS,
	EXCLUDE,
	SEMVER,
	LATEST,
	NEWEST,
	PRERELEASES,
	REQUIRED,
	SINCE,
	PRUNE,
	FIELDS
};
enum latest_field { COUNT, BY, LATEST_FIELDS };

static const struct field fields[FIELDS] = {
	[TO] = {"to", FIELDS_TEXTS, "where the images go"},
	[TAGS] = {"tags", FIELDS_TEXTS, "only these tags, or those that match a /pattern/"},
	[EXCLUDE] = {"exclude", FIELDS_TEXTS, "not these tags"},
	[SEMVER] = {"semver", FIELDS_TEXT, "only versions in this range"},
	[LATEST] = {"latest", FIELDS_MIXED, "only this many, the newest"},
	[NEWEST] = {"newest", FIELDS_MIXED, "another name of latest"},
	[PRERELEASES] = {"prereleases", FIELDS_SWITCH, "whether tags such as 1.2.0-rc.1 count"},
	[REQUIRED] = {"required", FIELDS_SWITCH, "the rule fails if a pattern finds nothing"},
	[SINCE] = {"since", FIELDS_TEXT, "only what was created since then"},
	[PRUNE] = {"prune", FIELDS_MIXED,
		   "with --prune, remove tags that the rule does not copy any more"},
};

static const struct field latest_fields[LATEST_FIELDS] = {
	[COUNT] = {"count", FIELDS_TEXT, "how many"},
	[BY] = {"by", FIELDS_TEXT, "semver or date"},
};

/* What other programs, and people who have not read the manual, call our fields. */
static const struct {
	const char *theirs, *ours;
} others[] = {
	{"allow", "tags: [/PATTERN/]"},
	{"attestations", "referrers: [attestations]"},
	{"cooldown", "min-age: 7d"},
	{"deny", "exclude: [/PATTERN/]"},
	{"dest", "to"},
	{"destination", "to"},
	{"destinations", "to"},
	{"filter", "tags: [/PATTERN/]"},
	{"immutable", "on-change: fail"},
	{"include", "tags: [/PATTERN/]"},
	{"interval", "every: 6h"},
	{"limit", "latest: 5"},
	{"regex", "tags: [/PATTERN/]"},
	{"sboms", "referrers: [sboms]"},
	{"schedule", "cron: \"17 3 * * *\""},
	{"signatures", "referrers: [signatures]"},
	{"target", "to"},
	{"targets", "to"},
};

static void refuse_field(const struct fields_reading *reading, const struct fields_table *table,
			 const struct node *name);

const struct fields_table images_fields = {
	.fields = fields, .count = FIELDS, .beside = &gather_fields, .unknown = refuse_field};
static const struct fields_table latest_table = {.fields = latest_fields, .count = LATEST_FIELDS};

static const char *meant(struct str name)
{
	for (size_t i = 0; i < array_count(others); i++)
		if (str_is(name, others[i].theirs))
			return others[i].ours;
	return NULL;
}

static void refuse_field(const struct fields_reading *reading, const struct fields_table *table,
			 const struct node *name)
{
	if (str_is(name->text, "list"))
		fields_complain(
			reading, name,
			"a rule has a source or a list: write {list: ..., to: ...} as its own "
			"rule, and the file as a list of rules");
	else if (meant(name->text))
		fields_complain(reading, name, "unknown field \"%.*s\": write %s",
				STR_ARGS(name->text), meant(name->text));
	else
		fields_refuse(reading, table, name);
}

/* --- latest and since ---------------------------------------------------------------------- */

static void read_count(const struct fields_reading *reading, const struct node *node,
		       struct str text, int64_t *out)
{
	if (!str_to_int64(text, out) || *out < 1)
		fields_complain(reading, node,
				"latest must be a number from 1, as in 5, 5 by date or {count: 5, "
				"by: date}");
}

static void read_order(const struct fields_reading *reading, const struct node *node,
		       struct str text, bool *by_date)
{
	*by_date = str_is(text, "date");
	if (!*by_date && !str_is(text, "semver"))
		fields_complain(reading, node, "latest must be by semver or by date");
}

static void read_latest_map(const struct fields_reading *reading, const struct node *node,
			    struct selection *out)
{
	const struct node *values[LATEST_FIELDS];
	struct str text;
	fields_collect(reading, &latest_table, node, values);
	if (!values[COUNT])
		fields_complain(reading, node, "latest needs a count, as in {count: 5, by: date}");
	else if (values[COUNT]->kind == NODE_NUMBER)
		read_count(reading, values[COUNT], values[COUNT]->text, &out->latest);
	else if (fields_filled(reading, &latest_fields[COUNT], values[COUNT], &text))
		read_count(reading, values[COUNT], text, &out->latest);
	if (values[BY] && fields_filled(reading, &latest_fields[BY], values[BY], &text))
		read_order(reading, values[BY], text, &out->latest_by_date);
}

static void read_latest(const struct fields_reading *reading, const struct node *node,
			struct selection *out)
{
	struct str count, text;
	if (node->kind == NODE_MAP) {
		read_latest_map(reading, node, out);
		return;
	}
	if (node->kind == NODE_NUMBER)
		text = node->text;
	else if (!fields_filled(reading, &fields[LATEST], node, &text))
		return;
	str_cut(&text, ' ', &count);
	read_count(reading, node, count, &out->latest);
	text = str_trim(text);
	if (!text.at)
		return;
	if (str_starts(text, "by "))
		text = str_trim(str_from(text, 3));
	read_order(reading, node, text, &out->latest_by_date);
}

static void read_since(const struct fields_reading *reading, const struct node *node, int64_t *out)
{
	struct str text;
	if (fields_filled(reading, &fields[SINCE], node, &text) &&
	    !since_parse(text, clock_unix(), out))
		fields_complain(reading, node,
				"since must be a date as in 2026-01-01 or 2026-01-01T12:00:00Z, or "
				"an age as in 12h, 30d or 2w");
}

static void read_prereleases(const struct fields_reading *reading, const struct node *node,
			     struct selection *out)
{
	if (!node)
		return;
	out->prereleases = fields_switch(reading, &fields[PRERELEASES], node, false)
				   ? SELECTION_PRERELEASES_YES
				   : SELECTION_PRERELEASES_NO;
}

/* --- the mapping --------------------------------------------------------------------------- */

static const struct selection *read_selection(const struct fields_reading *reading,
					      const struct node *const *values)
{
	struct selection *selection;
	const struct node *latest = values[LATEST] ? values[LATEST] : values[NEWEST];
	if (!values[TAGS] && !values[EXCLUDE] && !values[SEMVER] && !latest && !values[SINCE] &&
	    !values[PRERELEASES] && !values[REQUIRED])
		return NULL;
	selection = arena_new_of(reading->arena, struct selection);
	if (!selection) {
		fields_memory(reading);
		return NULL;
	}
	fields_placed_list(reading, &fields[TAGS], values[TAGS], &selection->tags,
			   &selection->tag_count);
	fields_placed_list(reading, &fields[EXCLUDE], values[EXCLUDE], &selection->exclude,
			   &selection->exclude_count);
	if (values[SEMVER])
		fields_placed(reading, &fields[SEMVER], values[SEMVER], &selection->semver);
	if (values[LATEST] && values[NEWEST])
		fields_complain(reading, values[NEWEST],
				"newest is another name of latest: keep one of them");
	if (latest)
		read_latest(reading, latest, selection);
	read_prereleases(reading, values[PRERELEASES], selection);
	selection->required = fields_switch(reading, &fields[REQUIRED], values[REQUIRED], false);
	if (values[SINCE])
		read_since(reading, values[SINCE], &selection->since);
	return selection;
}

void images_fields_read(const struct fields_reading *reading, const struct node *map,
			struct images_fields *out)
{
	const struct node *values[FIELDS];
	fields_collect(reading, &images_fields, map, values);
	if (!values[TO])
		fields_complain(reading, map,
				"to is missing: say where the images go, as in {to: "
				"registry.example.com/team/app}");
	*out = (struct images_fields){.to = values[TO],
				      .selection = read_selection(reading, values)};
	out->prune = prune_field_read(reading, &fields[PRUNE], values[PRUNE]);
	out->gather = gather_fields_read(reading, map);
	out->schedule = schedule_fields_read(reading, map);
	terms_fields_read(reading, map, &out->terms);
}
