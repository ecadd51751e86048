/*
 * A restriction must not get lost by a slip: an empty list or a null is a mistake, not the absence
 * of a restriction.
 */
#include "config/rules/terms_fields.h"

#include "config/limits.h"
#include "config/rules/companion_options.h"
#include "config/rules/cooldown.h"
#include "config/rules/creation_field.h"
#include "config/rules/referrers_from.h"
#include "config/rules/signer_field.h"

enum terms_field {
	PLATFORMS,
	OS,
	ARCH,
	REQUIRE_PLATFORMS,
	ON_CHANGE,
	FOREIGN,
	REFERRERS,
	REFERRERS_FROM,
	REQUIRE_REFERRERS,
	SIGNED,
	CREATE_REPOSITORY,
	CREATE_PROJECT,
	MAX_BYTES,
	MIN_AGE, /* with the two after it: cooldown_fields_read() */
	HOLD,
	RELEASE,
	FIELDS
};

static const struct field fields[FIELDS] = {
	[PLATFORMS] = {"platforms", FIELDS_TEXTS, "only images for these, as in linux/amd64"},
	[OS] = {"os", FIELDS_TEXTS, "only images for these operating systems"},
	[ARCH] = {"arch", FIELDS_TEXTS, "only images for these architectures"},
	[REQUIRE_PLATFORMS] = {"require-platforms", FIELDS_MIXED,
			       "refuse images that lack one of these"},
	[ON_CHANGE] = {"on-change", FIELDS_TEXT, "when a destination tag holds another image"},
	[FOREIGN] = {"foreign", FIELDS_TEXT, "what to do with layers that may not be distributed"},
	[REFERRERS] = {"referrers", FIELDS_MIXED, "also copy what belongs to the image"},
	[REFERRERS_FROM] = {"referrers-from", FIELDS_MIXED,
			    "where referrers are as well: HOST/PATH"},
	[REQUIRE_REFERRERS] = {"require-referrers", FIELDS_MIXED,
			       "refuse images that have none of these types"},
	[SIGNED] = {"require-signed", FIELDS_MIXED, "only if signed with the key in this file"},
	[CREATE_REPOSITORY] = {"create-repository", FIELDS_MIXED,
			       "how a missing repository of Amazon ECR is created"},
	[CREATE_PROJECT] = {"create-project", FIELDS_SWITCH,
			    "a missing project of Harbor is created"},
	[MAX_BYTES] = {"max-bytes", FIELDS_MIXED, "refuse images that are larger, as in 4GiB"},
	[MIN_AGE] = {"min-age", FIELDS_TEXT, "only what has been at the source for so long"},
	[HOLD] = {"hold", FIELDS_TEXTS, "never these tags or digests, however old"},
	[RELEASE] = {"release", FIELDS_TEXTS, "these tags or digests, however new"},
};

const struct fields_table terms_fields = {.fields = fields, .count = FIELDS};

/* Unknown names are reported where the rest of the mapping is read. */
static const struct fields_table alone = {
	.fields = fields, .count = FIELDS, .unknown = fields_pass_over};

/* --- platforms ----------------------------------------------------------------------------- */

/* An upper bound of the values in node: no platform has a comma in its name. */
static size_t count_values(const struct fields_reading *reading, const struct field *field,
			   const struct node *node)
{
	size_t texts = node ? fields_count(reading, field, node) : 0;
	size_t count = texts;
	for (size_t i = 0; i < texts; i++)
		for (size_t at = 0; at < fields_item(node, i)->text.len; at++)
			count += fields_item(node, i)->text.at[at] == ',';
	return count;
}

static bool parse_pattern(struct str text, void *out)
{
	return str_find(text, '/') == text.len && platform_pattern_parse(text, out);
}

static bool parse_platform(struct str text, void *out)
{
	return platform_parse(text, out);
}

/* One kind of values. */
struct value_kind {
	bool (*parse)(struct str text, void *out);
	size_t size;         /* of what parse() makes */
	const char *example; /* how such a value is written */
};

static const struct value_kind pattern_value = {parse_pattern, sizeof(struct platform_pattern),
						"a name, as in linux, amd64 or arm:v7"};
static const struct value_kind platform_value = {parse_platform, sizeof(struct platform),
						 "linux/amd64 or linux/arm64/v8"};

/* The array of the values in node. */
static void *read_values(const struct fields_reading *reading, const struct field *field,
			 const struct node *node, const struct value_kind *kind, size_t *count)
{
	size_t most = count_values(reading, field, node);
	char *list = arena_array(reading->arena, most, kind->size);
	*count = 0;
	if (!list)
		fields_memory(reading);
	for (size_t i = 0; list && most && i < fields_count(reading, field, node); i++) {
		const struct node *each = fields_item(node, i);
		struct str text, value;
		if (!fields_filled(reading, field, each, &text))
			continue;
		while (str_cut(&text, ',', &value))
			if (kind->parse(str_trim(value), list + *count * kind->size))
				++*count;
			else
				fields_complain(reading, each, "\"%.*s\" in %s: write %s",
						STR_ARGS(str_head(value, 100)), field->name,
						kind->example);
	}
	return list;
}

static const struct platform_filter *read_filter(const struct fields_reading *reading,
						 const struct node *const *values)
{
	struct platform_filter *filter;
	if (!values[OS] && !values[ARCH] && !values[PLATFORMS])
		return NULL;
	filter = arena_new_of(reading->arena, struct platform_filter);
	if (!filter) {
		fields_memory(reading);
		return NULL;
	}
	filter->os =
		read_values(reading, &fields[OS], values[OS], &pattern_value, &filter->os_count);
	filter->arch = read_values(reading, &fields[ARCH], values[ARCH], &pattern_value,
				   &filter->arch_count);
	filter->platforms = read_values(reading, &fields[PLATFORMS], values[PLATFORMS],
					&platform_value, &filter->platform_count);
	return filter;
}

/* The named platforms, as a filter with nothing else set; NULL for none. */
static const struct platform_filter *read_required(const struct fields_reading *reading,
						   const struct node *node)
{
	struct platform_filter *required;
	if (!node || (node->kind == NODE_BOOL && !node->truth))
		return NULL;
	required = arena_new_of(reading->arena, struct platform_filter);
	if (!required) {
		fields_memory(reading);
		return NULL;
	}
	required->platforms = read_values(reading, &fields[REQUIRE_PLATFORMS], node,
					  &platform_value, &required->platform_count);
	return required;
}

static enum change_policy read_on_change(const struct fields_reading *reading,
					 const struct node *node)
{
	enum change_policy policy = CHANGE_UNSAID;
	struct str text;
	if (node && fields_filled(reading, &fields[ON_CHANGE], node, &text) &&
	    !change_parse(text, &policy))
		fields_complain(reading, node, "%s must be overwrite, fail, skip or retag",
				fields[ON_CHANGE].name);
	return policy;
}

static enum foreign_policy read_foreign(const struct fields_reading *reading,
					const struct node *node)
{
	enum foreign_policy policy = FOREIGN_UNSAID;
	struct str text;
	if (node && fields_filled(reading, &fields[FOREIGN], node, &text) &&
	    !foreign_parse(text, &policy))
		fields_complain(reading, node, "%s must be skip, copy or fail",
				fields[FOREIGN].name);
	return policy;
}

/* --- companions ---------------------------------------------------------------------------- */

/* "quay.io/coreos/etcd: referrers", for problems of companion_options.c; NULL without memory. */
static const char *full_name(const struct fields_reading *reading, const struct field *field)
{
	const char *subject = reading->subject;
	char *name = arena_printf(reading->arena, "%s%s%s", subject ? subject : "",
				  subject ? ": " : "", field->name);
	if (!name)
		fields_memory(reading);
	return name;
}

static void read_words(const struct fields_reading *reading, const struct field *field,
		       const struct node *node, struct companion_filter *filter)
{
	const char *what = full_name(reading, field);
	for (size_t i = 0; what && i < fields_count(reading, field, node); i++) {
		const struct node *each = fields_item(node, i);
		struct str text;
		if (fields_filled(reading, field, each, &text))
			companion_options_words(filter, text, what, fields_place(reading, each),
						reading->problems);
	}
}

/* The types that referrers or require-referrers names; true stands for all, false for none. */
static const struct companion_filter *read_types(const struct fields_reading *reading,
						 const struct field *field, const struct node *node)
{
	struct companion_filter *filter;
	if (!node)
		return NULL;
	filter = arena_new_of(reading->arena, struct companion_filter);
	if (!filter)
		fields_memory(reading);
	if (filter && node->kind == NODE_BOOL)
		filter->all = node->truth;
	else if (filter)
		read_words(reading, field, node, filter);
	return filter;
}

/* NULL when nothing is demanded. */
static const struct companion_filter *read_demanded(const struct fields_reading *reading,
						    const struct node *node)
{
	const struct companion_filter *filter =
		read_types(reading, &fields[REQUIRE_REFERRERS], node);
	return filter && !companion_filter_empty(filter) ? filter : NULL;
}

/* NULL when they are nowhere else. */
static const char *read_from(const struct fields_reading *reading, const struct node *node)
{
	struct error err;
	struct str text;
	if (!node || (node->kind == NODE_BOOL && !node->truth) ||
	    !fields_filled(reading, &fields[REFERRERS_FROM], node, &text))
		return NULL;
	const char *copy = arena_copy(reading->arena, text.at, text.len);
	if (!copy)
		fields_memory(reading);
	else if (!referrers_from_check(copy, &err))
		fields_complain(reading, node, "%s", err.text);
	else
		return copy;
	return NULL;
}

static enum creation_project read_project(const struct fields_reading *reading,
					  const struct node *node)
{
	if (!node)
		return CREATION_UNSAID;
	return fields_switch(reading, &fields[CREATE_PROJECT], node, false) ? CREATION_YES
									    : CREATION_NO;
}

static int64_t read_max_bytes(const struct fields_reading *reading, const struct node *node)
{
	int64_t bytes = 0;
	struct str text = {0};
	if (!node)
		return 0;
	if (node->kind == NODE_NUMBER)
		text = node->text;
	else if (!fields_filled(reading, &fields[MAX_BYTES], node, &text))
		return 0;
	if (!limits_size(text, &bytes))
		fields_complain(reading, node,
				"%s is \"%.*s\": write a number of bytes, as in 4GiB or 500M",
				fields[MAX_BYTES].name, STR_ARGS(str_head(text, 100)));
	return bytes;
}

void terms_fields_read(const struct fields_reading *reading, const struct node *map,
		       struct terms *out)
{
	const struct node *values[FIELDS];
	fields_collect(reading, &alone, map, values);
	*out = (struct terms){.platforms = read_filter(reading, values),
			      .required = read_required(reading, values[REQUIRE_PLATFORMS]),
			      .required_said = values[REQUIRE_PLATFORMS] != NULL,
			      .on_change = read_on_change(reading, values[ON_CHANGE]),
			      .foreign = read_foreign(reading, values[FOREIGN]),
			      .companions =
				      read_types(reading, &fields[REFERRERS], values[REFERRERS]),
			      .demanded = read_demanded(reading, values[REQUIRE_REFERRERS]),
			      .demanded_said = values[REQUIRE_REFERRERS] != NULL,
			      .referrers_from = read_from(reading, values[REFERRERS_FROM]),
			      .from_said = values[REFERRERS_FROM] != NULL,
			      .signer_said = values[SIGNED] != NULL,
			      .creation.project = read_project(reading, values[CREATE_PROJECT]),
			      .max_bytes = read_max_bytes(reading, values[MAX_BYTES])};
	cooldown_fields_read(reading, &fields[MIN_AGE], &values[MIN_AGE], out);
	if (values[CREATE_REPOSITORY])
		out->creation.repository = creation_field_read(reading, &fields[CREATE_REPOSITORY],
							       values[CREATE_REPOSITORY]);
	if (values[SIGNED])
		out->signer = signer_field_read(reading, &fields[SIGNED], values[SIGNED]);
}
