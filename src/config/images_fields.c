/*
 * As in the auth file, one walk through a table of names finds unknown names, names given twice and
 * the values. Nothing that is written restricts less than it says: an empty list or a null is a
 * mistake, not the absence of a restriction.
 */
#include "config/images_fields.h"

#include "base/clock.h"
#include "config/companion_options.h"
#include "config/nearest.h"
#include "config/signer_field.h"
#include "config/since.h"

enum field {
	TO,
	TAGS,
	EXCLUDE,
	SEMVER,
	LATEST,
	SINCE,
	PLATFORMS,
	OS,
	ARCH,
	REQUIRE_PLATFORMS,
	ON_CHANGE,
	FOREIGN,
	REFERRERS,
	SIGNED,
	FIELDS
};

/* From here on, how an image is copied: what images_fields_shares() knows. */
enum { SHARED = PLATFORMS };

static const char *const names[FIELDS] = {
	[TO] = "to",
	[TAGS] = "tags",
	[EXCLUDE] = "exclude",
	[SEMVER] = "semver",
	[LATEST] = "latest",
	[SINCE] = "since",
	[PLATFORMS] = "platforms",
	[OS] = "os",
	[ARCH] = "arch",
	[REFERRERS] = "referrers",
	[REQUIRE_PLATFORMS] = "require-platforms",
	[ON_CHANGE] = "on-change",
	[FOREIGN] = "foreign",
	[SIGNED] = "require-signed",
};

enum latest_field { COUNT, BY, LATEST_FIELDS };

static const char *const latest_names[LATEST_FIELDS] = {[COUNT] = "count", [BY] = "by"};

struct reading {
	struct arena *arena;
	const struct document *document;
	const char *source;
	struct problems *problems;
};

/* --- helpers ------------------------------------------------------------------------------- */

static const char *place_of(const struct reading *reading, const struct node *node)
{
	return document_place(reading->arena, reading->document, node);
}

static void complain(const struct reading *reading, const struct node *node, const char *field,
		     const char *what)
{
	problem_add(reading->problems, place_of(reading, node), "%s: %s %s", reading->source, field,
		    what);
}

static void complain_memory(const struct reading *reading)
{
	problem_add(reading->problems, reading->document->name, "out of memory");
}

/* Sorts the pairs of map by the names that are known here. */
static void collect(const struct reading *reading, const struct node *map, const char *const *known,
		    size_t count, const struct node **values)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct node *key = map->keys[i];
		size_t field = 0;
		for (; field < count; field++)
			if (reading->document->json
				    ? str_equal_nocase(key->text, str_of(known[field]))
				    : str_is(key->text, known[field]))
				break;
		if (field < count && values[field])
			complain(reading, key, known[field], "is given twice: keep one");
		else if (field < count)
			values[field] = map->items[i];
		if (field < count)
			continue;
		const char *near = nearest_word(key->text, known, count);
		problem_warn(reading->problems, place_of(reading, key),
			     "%s: unknown field \"%.*s\" is ignored%s%s%s", reading->source,
			     STR_ARGS(key->text), near ? ": did you mean " : "", near ? near : "",
			     near ? "?" : "");
	}
}

/* The text of a scalar: as written in YAML, strings only in JSON; never empty. */
static bool read_text(const struct reading *reading, const struct node *node, const char *field,
		      struct str *out)
{
	bool scalar = node->kind == NODE_BOOL || node->kind == NODE_NUMBER;
	*out = node->text;
	if (node->kind != NODE_STRING && (!scalar || reading->document->json))
		problem_add(reading->problems, place_of(reading, node),
			    "%s: %s is %s: it must be a string", reading->source, field,
			    node_kind_name(node->kind));
	else if (!node->text.len)
		complain(reading, node, field, "is empty: write something or remove it");
	else
		return true;
	return false;
}

/* How many texts node is: one, or those of a list. 0: a list without any, which is told. */
static size_t count_texts(const struct reading *reading, const struct node *node, const char *field)
{
	if (node->kind != NODE_LIST)
		return 1;
	if (!node->count)
		complain(reading, node, field, "is an empty list: name something or remove it");
	return node->count;
}

static const struct node *text_at(const struct node *node, size_t i)
{
	return node->kind == NODE_LIST ? node->items[i] : node;
}

/* --- tags ---------------------------------------------------------------------------------- */

static bool read_placed(const struct reading *reading, const struct node *node, const char *field,
			struct placed *out)
{
	struct str text;
	if (!read_text(reading, node, field, &text))
		return false;
	out->text = arena_copy(reading->arena, text.at, text.len);
	out->place = place_of(reading, node);
	if (!out->text)
		complain_memory(reading);
	return out->text != NULL;
}

static void read_tags(const struct reading *reading, const struct node *node, const char *field,
		      const struct placed **out, size_t *count)
{
	size_t most = node ? count_texts(reading, node, field) : 0;
	struct placed *list = arena_array(reading->arena, most, sizeof(*list));
	*out = list;
	*count = 0;
	if (!list)
		complain_memory(reading);
	for (size_t i = 0; list && i < most; i++)
		if (read_placed(reading, text_at(node, i), field, &list[*count]))
			++*count;
}

/* --- latest and since ---------------------------------------------------------------------- */

static void read_count(const struct reading *reading, const struct node *node, struct str text,
		       int64_t *out)
{
	if (!str_to_int64(text, out) || *out < 1)
		complain(reading, node, "latest",
			 "must be a number from 1, as in 5, 5 by date or {count: 5, by: date}");
}

static void read_order(const struct reading *reading, const struct node *node, struct str text,
		       bool *by_date)
{
	*by_date = str_is(text, "date");
	if (!*by_date && !str_is(text, "semver"))
		complain(reading, node, "latest", "can be taken by semver or by date");
}

static void read_latest_map(const struct reading *reading, const struct node *node,
			    struct selection *out)
{
	const struct node *values[LATEST_FIELDS] = {0};
	struct str text;
	collect(reading, node, latest_names, LATEST_FIELDS, values);
	if (!values[COUNT])
		complain(reading, node, "latest", "needs a count, as in {count: 5, by: date}");
	else if (values[COUNT]->kind == NODE_NUMBER)
		read_count(reading, values[COUNT], values[COUNT]->text, &out->latest);
	else if (read_text(reading, values[COUNT], "count", &text))
		read_count(reading, values[COUNT], text, &out->latest);
	if (values[BY] && read_text(reading, values[BY], "by", &text))
		read_order(reading, values[BY], text, &out->latest_by_date);
}

static void read_latest(const struct reading *reading, const struct node *node,
			struct selection *out)
{
	struct str count, text;
	if (node->kind == NODE_MAP) {
		read_latest_map(reading, node, out);
		return;
	}
	if (node->kind == NODE_NUMBER)
		text = node->text;
	else if (!read_text(reading, node, "latest", &text))
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

static void read_since(const struct reading *reading, const struct node *node, int64_t *out)
{
	struct str text;
	if (read_text(reading, node, "since", &text) && !since_parse(text, clock_unix(), out))
		complain(reading, node, "since",
			 "must be a date as in 2026-01-01 or 2026-01-01T12:00:00Z, or an age as in "
			 "12h, 30d or 2w");
}

/* --- platforms ----------------------------------------------------------------------------- */

/* An upper bound of the values in node: no platform has a comma in its name. */
static size_t count_values(const struct reading *reading, const struct node *node,
			   const char *field)
{
	size_t texts = node ? count_texts(reading, node, field) : 0;
	size_t count = texts;
	for (size_t i = 0; i < texts; i++)
		for (size_t at = 0; at < text_at(node, i)->text.len; at++)
			count += text_at(node, i)->text.at[at] == ',';
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

/* Calls parse for each value of node, with room for it at *out + *count * size. */
static void *read_values(const struct reading *reading, const struct node *node, const char *field,
			 size_t size, bool (*parse)(struct str text, void *out), size_t *count)
{
	size_t most = count_values(reading, node, field);
	char *list = arena_array(reading->arena, most, size);
	*count = 0;
	if (!list)
		complain_memory(reading);
	for (size_t i = 0; list && most && i < count_texts(reading, node, field); i++) {
		const struct node *each = text_at(node, i);
		struct str text, value;
		if (!read_text(reading, each, field, &text))
			continue;
		while (str_cut(&text, ',', &value))
			if (parse(str_trim(value), list + *count * size))
				++*count;
			else
				problem_add(reading->problems, place_of(reading, each),
					    "%s: \"%.*s\" in %s: write %s", reading->source,
					    STR_ARGS(str_head(value, 100)), field,
					    parse == parse_platform
						    ? "linux/amd64 or linux/arm64/v8"
						    : "a name, as in linux, amd64 or arm:v7");
	}
	return list;
}

static const struct platform_filter *read_filter(const struct reading *reading,
						 const struct node *const *values)
{
	struct platform_filter *filter;
	if (!values[OS] && !values[ARCH] && !values[PLATFORMS])
		return NULL;
	filter = arena_new_of(reading->arena, struct platform_filter);
	if (!filter) {
		complain_memory(reading);
		return NULL;
	}
	filter->os = read_values(reading, values[OS], names[OS], sizeof(*filter->os), parse_pattern,
				 &filter->os_count);
	filter->arch = read_values(reading, values[ARCH], names[ARCH], sizeof(*filter->arch),
				   parse_pattern, &filter->arch_count);
	filter->platforms =
		read_values(reading, values[PLATFORMS], names[PLATFORMS],
			    sizeof(*filter->platforms), parse_platform, &filter->platform_count);
	return filter;
}

/* The platforms that are named, as a filter of which only these are set; NULL for none. */
static const struct platform_filter *read_required(const struct reading *reading,
						   const struct node *node)
{
	struct platform_filter *required;
	if (!node || (node->kind == NODE_BOOL && !node->truth))
		return NULL;
	required = arena_new_of(reading->arena, struct platform_filter);
	if (!required) {
		complain_memory(reading);
		return NULL;
	}
	required->platforms =
		read_values(reading, node, names[REQUIRE_PLATFORMS], sizeof(*required->platforms),
			    parse_platform, &required->platform_count);
	return required;
}

static enum change_policy read_on_change(const struct reading *reading, const struct node *node)
{
	enum change_policy policy = CHANGE_UNSAID;
	struct str text;
	if (node && read_text(reading, node, names[ON_CHANGE], &text) &&
	    !change_parse(text, &policy))
		complain(reading, node, names[ON_CHANGE], "must be overwrite, fail, skip or retag");
	return policy;
}

static enum foreign_policy read_foreign(const struct reading *reading, const struct node *node)
{
	enum foreign_policy policy = FOREIGN_UNSAID;
	struct str text;
	if (node && read_text(reading, node, names[FOREIGN], &text) &&
	    !foreign_parse(text, &policy))
		complain(reading, node, names[FOREIGN], "must be skip, copy or fail");
	return policy;
}

/* --- the mapping --------------------------------------------------------------------------- */

static const struct selection *read_selection(const struct reading *reading,
					      const struct node *const *values)
{
	struct selection *selection;
	if (!values[TAGS] && !values[EXCLUDE] && !values[SEMVER] && !values[LATEST] &&
	    !values[SINCE])
		return NULL;
	selection = arena_new_of(reading->arena, struct selection);
	if (!selection) {
		complain_memory(reading);
		return NULL;
	}
	read_tags(reading, values[TAGS], names[TAGS], &selection->tags, &selection->tag_count);
	read_tags(reading, values[EXCLUDE], names[EXCLUDE], &selection->exclude,
		  &selection->exclude_count);
	if (values[SEMVER])
		read_placed(reading, values[SEMVER], names[SEMVER], &selection->semver);
	if (values[LATEST])
		read_latest(reading, values[LATEST], selection);
	if (values[SINCE])
		read_since(reading, values[SINCE], &selection->since);
	return selection;
}

/* --- companions ---------------------------------------------------------------------------- */

static void read_words(const struct reading *reading, const struct node *node,
		       struct companion_filter *filter)
{
	const char *what =
		arena_printf(reading->arena, "%s: %s", reading->source, names[REFERRERS]);
	if (!what)
		complain_memory(reading);
	for (size_t i = 0; what && i < count_texts(reading, node, names[REFERRERS]); i++) {
		const struct node *each = text_at(node, i);
		struct str text;
		if (read_text(reading, each, names[REFERRERS], &text))
			companion_options_words(filter, text, what, place_of(reading, each),
						reading->problems);
	}
}

static const struct companion_filter *read_referrers(const struct reading *reading,
						     const struct node *node)
{
	struct companion_filter *filter;
	if (!node)
		return NULL;
	filter = arena_new_of(reading->arena, struct companion_filter);
	if (!filter)
		complain_memory(reading);
	if (filter && node->kind == NODE_BOOL)
		filter->all = node->truth;
	else if (filter)
		read_words(reading, node, filter);
	return filter;
}

static void read_shared(const struct reading *reading, const struct node *const *values,
			struct images_fields *out)
{
	out->terms = (struct terms){.platforms = read_filter(reading, values),
				    .required = read_required(reading, values[REQUIRE_PLATFORMS]),
				    .required_said = values[REQUIRE_PLATFORMS] != NULL,
				    .on_change = read_on_change(reading, values[ON_CHANGE]),
				    .foreign = read_foreign(reading, values[FOREIGN]),
				    .companions = read_referrers(reading, values[REFERRERS]),
				    .signer_said = values[SIGNED] != NULL};
	if (values[SIGNED])
		out->terms.signer =
			signer_field_read(reading->arena, reading->document, reading->source,
					  values[SIGNED], reading->problems);
}

void images_fields_read(struct arena *arena, const struct document *document, const char *source,
			const struct node *map, struct images_fields *out,
			struct problems *problems)
{
	const struct reading reading = {arena, document, source, problems};
	const struct node *values[FIELDS] = {0};
	collect(&reading, map, names, FIELDS, values);
	if (!values[TO])
		problem_add(problems, place_of(&reading, map),
			    "%s: to is missing: say where the images go, as in {to: "
			    "registry.example.com/team/app}",
			    source);
	*out = (struct images_fields){.to = values[TO],
				      .selection = read_selection(&reading, values)};
	read_shared(&reading, values, out);
}

bool images_fields_shares(struct str name)
{
	for (size_t i = SHARED; i < FIELDS; i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

void images_fields_read_shared(struct arena *arena, const struct document *document,
			       const char *source, const struct node *map,
			       struct images_fields *out, struct problems *problems)
{
	const struct reading reading = {arena, document, source, problems};
	const struct node *values[FIELDS] = {0};
	for (size_t i = SHARED; i < FIELDS; i++)
		values[i] = node_get(map, names[i]);
	read_shared(&reading, values, out);
}
