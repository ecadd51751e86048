/*
 * An image is one rule with everything said: what the options of the run would add to it, the plan
 * has said already. So a term that is left out has its default, whatever was given beside the plan.
 */
#include "config/rules/plan_file.h"

#include "base/map.h"
#include "config/rules/terms_fields.h"
#include "oci/reference.h"

#include <string.h>

enum top_field { PLAN, PROGRAM, TOTALS, BYTES, UNPINNED, SHARDS, IMAGES, FAILURES, TOP_FIELDS };

static const struct field top_fields[TOP_FIELDS] = {
	[PLAN] = {"plan", FIELDS_MIXED, "the version of this form"},
	[PROGRAM] = {"program", FIELDS_TEXT, "what made the plan"},
	[TOTALS] = {"totals", FIELDS_MAP, "numbers of images"},
	[BYTES] = {"bytes", FIELDS_MIXED, "to be sent at most"},
	[UNPINNED] = {"unpinned", FIELDS_TEXTS, "what is looked up again when it is applied"},
	[SHARDS] = {"shards", FIELDS_MIXED, "the groups of its images"},
	[IMAGES] = {"images", FIELDS_MIXED, "all images that could be compared"},
	[FAILURES] = {"failures", FIELDS_MIXED, "what could not be compared, and why"},
};

enum image_field {
	SOURCE,
	DIGEST,
	DESTINATION,
	TAG,
	BEFORE,
	AFTER,
	ACTION,
	REASON,
	IMAGE_BYTES,
	COMPANIONS,
	SHARD,
	MESSAGE,
	TERMS,
	IMAGE_FIELDS
};

static const struct field image_fields[IMAGE_FIELDS] = {
	[SOURCE] = {"source", FIELDS_TEXT, "the image, as the rule named it"},
	[DIGEST] = {"digest", FIELDS_TEXT, "what the source held"},
	[DESTINATION] = {"destination", FIELDS_TEXT, "where it goes"},
	[TAG] = {"tag", FIELDS_TEXT, "another tag that on-change: retag chose"},
	[BEFORE] = {"before", FIELDS_TEXT, "what the destination held; null: nothing"},
	[AFTER] = {"after", FIELDS_TEXT, "what the destination is to hold"},
	[ACTION] = {"action", FIELDS_TEXT, "copy, none, skipped or refused"},
	[REASON] = {"reason", FIELDS_TEXT, "why: one word, as in a report"},
	[IMAGE_BYTES] = {"bytes", FIELDS_MIXED, "to be sent at most"},
	[COMPANIONS] = {"companions", FIELDS_MIXED,
			"signatures and other referrers that are missing"},
	[SHARD] = {"shard", FIELDS_MIXED, "the group it is in"},
	[MESSAGE] = {"message", FIELDS_TEXT, "why it is refused"},
	[TERMS] = {"terms", FIELDS_MAP, "how it is copied, with the fields of a rule"},
};

enum failure_field { FAILED_SOURCE, FAILED_DESTINATION, KIND, FAILED_MESSAGE, FAILURE_FIELDS };

static const struct field failure_fields[FAILURE_FIELDS] = {
	[FAILED_SOURCE] = {"source", FIELDS_TEXT, "the image, or a source as the rule has it"},
	[FAILED_DESTINATION] = {"destination", FIELDS_TEXT, "where it goes"},
	[KIND] = {"kind", FIELDS_TEXT, "the kind of the error, as in a report"},
	[FAILED_MESSAGE] = {"message", FIELDS_TEXT, "why it could not be compared"},
};

static const struct fields_table top_table = {.fields = top_fields, .count = TOP_FIELDS};
static const struct fields_table image_table = {.fields = image_fields, .count = IMAGE_FIELDS};
static const struct fields_table failure_table = {.fields = failure_fields,
						  .count = FAILURE_FIELDS};

struct plan_reading {
	struct fields_reading fields;
	enum change_policy moved;
	struct rules *rules;
	struct plan_file *out;
	struct map destinations; /* name -> the node of the first image that has it */
};

static void plan_reading_finish(struct plan_reading *reading)
{
	map_finish(&reading->destinations);
}

bool plan_file_recognise(const struct document *document)
{
	const struct node *version = node_get(document->root, top_fields[PLAN].name);
	return version && version->kind == NODE_NUMBER;
}

/* --- values --------------------------------------------------------------------------------- */

/* Adds a problem about a field; without its value, at the mapping. */
static void complain_of(const struct fields_reading *reading, const struct node *map,
			const struct node *value, const struct field *field, const char *what)
{
	fields_complain(reading, value ? value : map, "%s%s", field->name, what);
}

/* Null or nothing is a number of its own. */
static int64_t read_number(const struct fields_reading *reading, const struct field *field,
			   const struct node *value, int64_t nothing, int64_t max)
{
	int64_t number = 0;
	if (!value)
		return nothing;
	if (node_int64(value, &number) && number <= max)
		return number;
	fields_complain(reading, value, "%s must be a whole number of at most %lld", field->name,
			(long long)max);
	return nothing;
}

/* NULL for null, nothing, and what is no digest. */
static const char *read_digest(const struct fields_reading *reading, const struct field *field,
			       const struct node *value)
{
	struct str text;
	if (!value || value->kind == NODE_NULL || !fields_filled(reading, field, value, &text))
		return NULL;
	if (!digest_valid(text)) {
		complain_of(reading, value, value, field,
			    " is no digest: expected sha256: and 64 digits, as in the plan that "
			    "was written");
		return NULL;
	}
	const char *digest = arena_copy(reading->arena, text.at, text.len);
	if (!digest)
		fields_memory(reading);
	return digest;
}

/* A text that must be there. */
static const char *read_text(const struct fields_reading *reading, const struct node *map,
			     const struct field *field, const struct node *value)
{
	struct str text;
	if (!value) {
		complain_of(reading, map, NULL, field, " is missing: plan again");
		return NULL;
	}
	if (!fields_filled(reading, field, value, &text))
		return NULL;
	const char *copy = arena_copy(reading->arena, text.at, text.len);
	if (!copy)
		fields_memory(reading);
	return copy;
}

/* The name of one image. */
static bool read_reference(const struct fields_reading *reading, const struct node *map,
			   const struct field *field, const struct node *value,
			   struct reference *out)
{
	struct error err = {0};
	const char *text = read_text(reading, map, field, value);
	if (!text)
		return false;
	if (!reference_parse(reading->arena, str_of(text), out, &err)) {
		fields_complain(reading, value, "%s: %s", field->name, err.text);
		return false;
	}
	if (out->tag || out->digest)
		return true;
	complain_of(reading, map, value, field, " has neither a tag nor a digest: plan again");
	return false;
}

/* --- one image ------------------------------------------------------------------------------ */

static bool read_source(const struct fields_reading *reading, const struct node *map,
			const struct node *const *values, struct rule *rule)
{
	struct reference source;
	const char *digest = read_digest(reading, &image_fields[DIGEST], values[DIGEST]);
	if (!values[DIGEST] || values[DIGEST]->kind == NODE_NULL)
		complain_of(reading, map, values[DIGEST], &image_fields[DIGEST],
			    " is missing, and only a digest says which image was meant: plan "
			    "again");
	bool good = read_reference(reading, map, &image_fields[SOURCE], values[SOURCE], &source);
	if (!good || !digest)
		return false;
	if (source.digest && strcmp(source.digest, digest) != 0) {
		complain_of(reading, map, values[DIGEST], &image_fields[DIGEST],
			    " is another one than that in source: plan again");
		return false;
	}
	source.digest = digest;
	source.tag = NULL;
	rule->source = reference_string(reading->arena, &source);
	if (!rule->source)
		fields_memory(reading);
	return rule->source;
}

/* Each destination once: which of two images was meant nobody knows. */
static bool read_destination(struct plan_reading *reading, const struct node *map,
			     const struct node *const *values, struct rule *rule)
{
	const struct fields_reading *fields = &reading->fields;
	const struct node *node = values[DESTINATION];
	struct reference destination;
	if (!read_reference(fields, map, &image_fields[DESTINATION], node, &destination))
		return false;
	rule->destination = reference_string(fields->arena, &destination);
	if (!rule->destination) {
		fields_memory(fields);
		return false;
	}
	const struct node *first = map_get(&reading->destinations, str_of(rule->destination));
	if (first) {
		fields_complain(fields, node, "%s is the destination of the image at %s as well",
				rule->destination, fields_place(fields, first));
		return false;
	}
	if (!map_put(&reading->destinations, str_of(rule->destination), (void *)(uintptr_t)node))
		fields_memory(fields);
	return true;
}

/* The action and its reason. */
static bool read_action(const struct fields_reading *reading, const struct node *map,
			const struct node *const *values, struct planned *out)
{
	const char *action = read_text(reading, map, &image_fields[ACTION], values[ACTION]);
	const char *reason = read_text(reading, map, &image_fields[REASON], values[REASON]);
	if (!action || !reason)
		return false;
	if (!planned_named(str_of(action), &out->action)) {
		complain_of(reading, map, values[ACTION], &image_fields[ACTION],
			    " must be copy, none, skipped or refused");
		return false;
	}
	out->reason = planned_reason(out->action, str_of(reason));
	if (!out->reason)
		fields_complain(reading, values[REASON], "reason \"%.100s\" does not go with %s",
				reason, action);
	return out->reason;
}

/* What both sides held: it has to make sense together with the action. */
static bool read_digests(const struct fields_reading *reading, const struct node *map,
			 const struct node *const *values, struct planned *out)
{
	bool writes = out->action == PLANNED_COPY || out->action == PLANNED_NONE;
	if (!values[BEFORE]) {
		complain_of(reading, map, NULL, &image_fields[BEFORE],
			    " is missing: write null for a destination that held nothing");
		return false;
	}
	out->before = read_digest(reading, &image_fields[BEFORE], values[BEFORE]);
	out->after = read_digest(reading, &image_fields[AFTER], values[AFTER]);
	if (writes && !out->after) {
		complain_of(reading, map, values[AFTER], &image_fields[AFTER],
			    " must be the digest that the destination is to hold");
		return false;
	}
	if (out->action != PLANNED_NONE || (out->before && strcmp(out->before, out->after) == 0))
		return true;
	complain_of(reading, map, values[BEFORE], &image_fields[BEFORE],
		    " and after must be the same where there is nothing to do");
	return false;
}

static void read_terms(const struct fields_reading *reading, const struct node *node,
		       struct terms *out)
{
	const struct node *values[FIELDS_MAX];
	if (node && node->kind == NODE_MAP) {
		fields_collect(reading, &terms_fields, node, values);
		terms_fields_read(reading, node, out);
	} else if (node) {
		complain_of(reading, node, node, &image_fields[TERMS], " must be a mapping");
	}
	if (out->on_change == CHANGE_UNSAID)
		out->on_change = CHANGE_OVERWRITE;
}

/* The group of an image, from 0. */
static unsigned read_shard(const struct plan_reading *reading, const struct node *value)
{
	const struct field *field = &image_fields[SHARD];
	int64_t number, shards = reading->out->shards;
	if (value && !shards && (!node_int64(value, &number) || number)) {
		complain_of(&reading->fields, value, value, field,
			    " is a group of a plan with shards, and this one has none");
		return 0;
	}
	return (unsigned)read_number(&reading->fields, field, value, 0, shards ? shards - 1 : 0);
}

static const struct planned *read_planned(const struct plan_reading *reading,
					  const struct node *map, const struct node *const *values)
{
	const struct fields_reading *fields = &reading->fields;
	struct planned *planned = arena_new_of(fields->arena, struct planned);
	if (!planned) {
		fields_memory(fields);
		return NULL;
	}
	planned->moved = reading->moved;
	planned->bytes =
		read_number(fields, &image_fields[IMAGE_BYTES], values[IMAGE_BYTES], 0, INT64_MAX);
	read_number(fields, &image_fields[COMPANIONS], values[COMPANIONS], 0, INT64_MAX);
	planned->shard = read_shard(reading, values[SHARD]);
	if (!read_action(fields, map, values, planned) ||
	    !read_digests(fields, map, values, planned))
		return NULL;
	if (planned->action == PLANNED_REFUSED)
		planned->message = read_text(fields, map, &image_fields[MESSAGE], values[MESSAGE]);
	return planned;
}

/* Only a platform filter makes another index of the source's. */
static bool check_after(const struct fields_reading *reading, const struct node *map,
			const struct node *const *values, const struct rule *rule)
{
	const char *after = rule->planned->after;
	if (!after || rule_terms(rule)->platforms || str_ends(str_of(rule->source), after))
		return true;
	complain_of(reading, map, values[AFTER], &image_fields[AFTER],
		    " must be the digest of the source where there is no platform filter");
	return false;
}

static void read_image(struct plan_reading *reading, const struct node *map)
{
	const struct node *values[IMAGE_FIELDS];
	struct fields_reading *fields = &reading->fields;
	struct rule rule = {.source_place = fields_place(fields, map)};
	if (map->kind != NODE_MAP) {
		fields_complain(fields, map, "an image of a plan must be a mapping, found %s",
				node_kind_name(map->kind));
		return;
	}
	fields_collect(fields, &image_table, map, values);
	bool source = read_source(fields, map, values, &rule);
	bool destination = read_destination(reading, map, values, &rule);
	rule.destination_place =
		values[DESTINATION] ? fields_place(fields, values[DESTINATION]) : rule.source_place;
	fields->subject = rule.source;
	struct terms terms = {0};
	read_terms(fields, values[TERMS], &terms);
	if (!rule_set_terms(fields->arena, &rule, &terms))
		fields_memory(fields);
	rule.planned = read_planned(reading, map, values);
	fields->subject = NULL;
	if (source && destination && rule.planned && check_after(fields, map, values, &rule))
		reading->rules->items[reading->rules->count++] = rule;
}

/* --- the whole plan -------------------------------------------------------------------------- */

static void read_failure(const struct fields_reading *reading, const struct node *map,
			 struct plan_failure *out)
{
	const struct node *values[FAILURE_FIELDS];
	if (map->kind != NODE_MAP) {
		fields_complain(reading, map, "a failure of a plan must be a mapping, found %s",
				node_kind_name(map->kind));
		return;
	}
	fields_collect(reading, &failure_table, map, values);
	const char *texts[FAILURE_FIELDS];
	for (size_t i = 0; i < FAILURE_FIELDS; i++) {
		texts[i] = read_text(reading, map, &failure_fields[i], values[i]);
		if (!texts[i])
			texts[i] = "";
	}
	const char *place = fields_place(reading, map);
	*out = (struct plan_failure){.rule = {.source = texts[FAILED_SOURCE],
					      .destination = texts[FAILED_DESTINATION],
					      .source_place = place,
					      .destination_place = place},
				     .message = texts[FAILED_MESSAGE]};
	if (!error_kind_named(str_of(texts[KIND]), &out->kind) && *texts[KIND])
		fields_complain(reading, values[KIND], "there is no kind of errors called %.100s",
				texts[KIND]);
}

/* True for a list; nothing is none. */
static bool is_list(const struct fields_reading *reading, const struct field *field,
		    const struct node *value)
{
	if (value && value->kind != NODE_LIST)
		fields_complain(reading, value, "%s must be a list, found %s", field->name,
				node_kind_name(value->kind));
	return value && value->kind == NODE_LIST;
}

static void read_failures(struct plan_reading *reading, const struct node *list)
{
	const struct fields_reading *fields = &reading->fields;
	if (!is_list(fields, &top_fields[FAILURES], list))
		return;
	struct plan_failure *failures = arena_array(fields->arena, list->count, sizeof(*failures));
	if (!failures && list->count) {
		fields_memory(fields);
		return;
	}
	for (size_t i = 0; i < list->count; i++)
		read_failure(fields, list->items[i], &failures[i]);
	reading->out->failures = failures;
	reading->out->failure_count = list->count;
}

static void read_shards(struct plan_reading *reading, const struct node *list)
{
	const struct fields_reading *fields = &reading->fields;
	if (!is_list(fields, &top_fields[SHARDS], list))
		return;
	if (list->count > PLANNED_SHARDS_MAX)
		fields_complain(fields, list, "a plan has at most %d groups", PLANNED_SHARDS_MAX);
	else
		reading->out->shards = (unsigned)list->count;
}

static void read_images(struct plan_reading *reading, const struct node *root,
			const struct node *list)
{
	const struct fields_reading *fields = &reading->fields;
	if (!list)
		complain_of(fields, root, NULL, &top_fields[IMAGES], " is missing: plan again");
	if (!is_list(fields, &top_fields[IMAGES], list))
		return;
	reading->rules->items =
		arena_array(fields->arena, list->count + 1, sizeof(*reading->rules->items));
	if (!reading->rules->items) {
		fields_memory(fields);
		return;
	}
	for (size_t i = 0; i < list->count; i++)
		read_image(reading, list->items[i]);
}

void plan_file_read(struct arena *arena, const struct document *document, enum change_policy moved,
		    struct rules *rules, struct plan_file *out, struct problems *problems)
{
	scoped(plan_reading_finish) struct plan_reading reading = {
		.fields = {arena, document, problems, NULL},
		.moved = moved,
		.rules = rules,
		.out = out};
	const struct node *values[TOP_FIELDS];
	int64_t version;
	*rules = (struct rules){0};
	*out = (struct plan_file){0};
	const struct node *given = node_get(document->root, top_fields[PLAN].name);
	if (!node_int64(given, &version) || version != PLANNED_VERSION) {
		fields_complain(&reading.fields, given,
				"this plan is of version %.*s, and this program reads version %d: "
				"plan again with this program",
				STR_ARGS(str_head(given->text, 20)), PLANNED_VERSION);
		return;
	}
	fields_collect(&reading.fields, &top_table, document->root, values);
	read_shards(&reading, values[SHARDS]);
	read_images(&reading, document->root, values[IMAGES]);
	read_failures(&reading, values[FAILURES]);
}
