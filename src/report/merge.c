/*
 * A field that is unknown here is lost, but for those of images, which are copied with all they
 * have: what a later version adds to a report is for images first.
 */
#include "report/merge.h"

#include "base/map.h"
#include "doc/json_writer.h"

#include <stdlib.h>
#include <string.h>

/* Figures at the top of a report; those in another one are in its object. */
static const struct figure {
	const char *name, *within;
	bool optional;
} figures[] = {
	{"total", NULL, false},
	{"copied", NULL, false},
	{"skipped", NULL, false},
	{"too_new", NULL, true},
	{"held", NULL, true},
	{"would_copy", NULL, true},
	{"failed", NULL, false},
	{"bytes", NULL, false},
	{"copied", "blobs", false},
	{"mounted", "blobs", false},
	{"present", "blobs", false},
	{"skipped", "blobs", false},
	{"companions", NULL, false},
	{"source", "requests", false},
	{"destination", "requests", false},
	/* The last: tags follow them in the object. */
	{"removed", "pruned", true},
	{"would_remove", "pruned", true},
	{"left", "pruned", true},
	{"failed", "pruned", true},
};

static bool wrong(const struct merge_part *part, const struct node *node, struct error *err,
		  const char *what)
{
	return error_set(err, ERROR_CONFIG, "%s:%d:%d: %s", part->name, node->line, node->column,
			 what);
}

/* --- reading -------------------------------------------------------------------------------- */

static const struct node *find(const struct node *root, const struct figure *figure)
{
	return node_get(figure->within ? node_get(root, figure->within) : root, figure->name);
}

static bool check_figures(const struct merge_part *part, struct error *err)
{
	int64_t number;
	for (size_t i = 0; i < array_count(figures); i++) {
		const struct node *value = find(part->root, &figures[i]);
		if (!value && figures[i].optional)
			continue;
		if (value && node_int64(value, &number) && number < INT64_MAX / MERGE_SHARDS_MAX)
			continue;
		return error_set(err, ERROR_CONFIG, "%s:%d:%d: %s%s%s is no number of a report",
				 part->name, value ? value->line : part->root->line,
				 value ? value->column : part->root->column,
				 figures[i].within ? figures[i].within : "",
				 figures[i].within ? "." : "", figures[i].name);
	}
	return true;
}

/* Reads "2/4". */
static bool read_shard(struct merge_part *part, struct error *err)
{
	const struct node *node = node_get(part->root, "shard");
	struct str rest, first;
	part->of = 0;
	if (!node)
		return true;
	part->shard = rest = node_string(node);
	if (str_cut(&rest, '/', &first) && str_to_int64(first, &part->index) &&
	    str_to_int64(rest, &part->of) && part->index < part->of && part->of <= MERGE_SHARDS_MAX)
		return true;
	return wrong(part, node, err, "shard must be as in 0/4");
}

static bool check_images(const struct merge_part *part, struct error *err)
{
	static const char *const texts[] = {"source", "destination", "status"};
	for (size_t i = 0; i < part->images->count; i++)
		for (size_t j = 0; j < array_count(texts); j++)
			if (!node_string(node_get(part->images->items[i], texts[j])).at)
				return wrong(part, part->images->items[i], err,
					     "this is no image of a report");
	return true;
}

static const struct node *pruned_tags(const struct merge_part *part)
{
	return node_get(node_get(part->root, "pruned"), "tags");
}

static bool check_pruned(const struct merge_part *part, struct error *err)
{
	const struct node *pruned = node_get(part->root, "pruned"), *tags = pruned_tags(part);
	if (!pruned || (tags && tags->kind == NODE_LIST))
		return true;
	return wrong(part, tags ? tags : pruned, err, "pruned.tags is no list of tags");
}

static bool read_part(struct merge_part *part, struct error *err)
{
	const struct node *root = part->root;
	const struct node *version = node_get(root, "version");
	const struct node *dry_run = node_get(root, "dry_run");
	int64_t number = 0, total = 0;
	if (!node_int64(version, &number))
		return wrong(part, root, err, "this is no report of image-syncer (--report)");
	if (number != 1)
		return wrong(
			part, version, err,
			"this report is of another version than 1, the one that is known here");
	part->images = node_get(root, "images");
	if (!part->images || part->images->kind != NODE_LIST)
		return wrong(part, root, err, "this report has no list of images");
	if (!dry_run || dry_run->kind != NODE_BOOL || !node_string(node_get(root, "result")).at ||
	    !node_string(node_get(root, "started")).at)
		return wrong(part, root, err, "this report has no dry_run, result or started");
	if (!check_figures(part, err) || !check_images(part, err) || !check_pruned(part, err) ||
	    !read_shard(part, err))
		return false;
	part->dry_run = dry_run->truth;
	part->plan = node_string(node_get(root, "plan"));
	node_int64(node_get(root, "total"), &total);
	part->done = str_is(node_string(node_get(root, "result")), "success") &&
		     total <= (int64_t)part->images->count;
	return true;
}

/* --- parts of one whole ---------------------------------------------------------------------- */

static bool differ(const struct merge_part *a, const struct merge_part *b, const char *how,
		   struct error *err)
{
	return error_set(err, ERROR_CONFIG, "%s and %s are no parts of one run: %s", a->name,
			 b->name, how);
}

/* Two parts that follow each other in order. */
static bool check_pair(const struct merge_part *a, const struct merge_part *b, struct error *err)
{
	if (!str_equal(a->plan, b->plan))
		return differ(a, b, "they are of different plans", err);
	if (a->dry_run != b->dry_run)
		return differ(a, b, "only one of them is a dry run", err);
	if (a->of != b->of)
		return differ(a, b, "the numbers of their shards differ", err);
	if (a->of && a->index == b->index)
		return differ(a, b, "both are of the same shard", err);
	return true;
}

/* No image may be counted twice. Failures may: a rule can fail in several jobs. */
static bool add_images(struct map *seen, const struct merge_part *part, struct error *err)
{
	for (size_t i = 0; i < part->images->count; i++) {
		const struct node *image = part->images->items[i];
		struct str name = node_string(node_get(image, "destination"));
		if (str_is(node_string(node_get(image, "status")), "failed"))
			continue;
		const struct merge_part *first = map_get(seen, name);
		if (first)
			return error_set(err, ERROR_CONFIG,
					 "%s:%d:%d: %.*s is in %s as well: name each report once",
					 part->name, image->line, image->column,
					 STR_ARGS(str_head(name, 300)), first->name);
		if (!map_put(seen, name, (void *)(uintptr_t)part))
			return error_memory(err);
	}
	return true;
}

static int by_shard(const void *left, const void *right)
{
	const struct merge_part *a = left, *b = right;
	if (a->of && a->index != b->index)
		return a->index < b->index ? -1 : 1;
	/* Parts are sorted in place: without shards they keep their order. */
	return (a->name > b->name) - (a->name < b->name);
}

static bool check_parts(struct merging *merge, struct error *err)
{
	scoped(map_finish) struct map seen = {0};
	for (size_t i = 0; i < merge->count; i++)
		if ((i && !check_pair(&merge->parts[i - 1], &merge->parts[i], err)) ||
		    !add_images(&seen, &merge->parts[i], err))
			return false;
	merge->of = merge->parts[0].of;
	merge->missing = merge->of ? merge->of - (int64_t)merge->count : 0;
	return true;
}

bool merge_read(struct merge_part *parts, size_t count, struct merging *out, struct error *err)
{
	bool sharded = true;
	for (size_t i = 0; i < count; i++) {
		if (!read_part(&parts[i], err))
			return false;
		sharded = sharded && parts[i].of;
	}
	if (sharded)
		qsort(parts, count, sizeof(*parts), by_shard);
	*out = (struct merging){.parts = parts, .count = count};
	return check_parts(out, err);
}

bool merge_complete(const struct merging *merge)
{
	bool done = merge->missing == 0;
	for (size_t i = 0; i < merge->count; i++)
		done = done && merge->parts[i].done;
	return done;
}

void merge_missing(const struct merging *merge, struct buf *out)
{
	size_t at = 0;
	for (int64_t i = 0; i < merge->of; i++) {
		if (at < merge->count && merge->parts[at].index == i)
			at++;
		else
			buf_printf(out, "%s%lld/%lld", out->len ? ", " : "", (long long)i,
				   (long long)merge->of);
	}
}

/* --- writing -------------------------------------------------------------------------------- */

static bool all_are(const struct merging *merge, const char *result)
{
	for (size_t i = 0; i < merge->count; i++)
		if (!str_is(node_string(node_get(merge->parts[i].root, "result")), result))
			return false;
	return true;
}

static bool one_is(const struct merging *merge, const char *result)
{
	for (size_t i = 0; i < merge->count; i++)
		if (str_is(node_string(node_get(merge->parts[i].root, "result")), result))
			return true;
	return false;
}

static const char *result_of(const struct merging *merge)
{
	if (merge_complete(merge))
		return "success";
	if (one_is(merge, "cancelled"))
		return "cancelled";
	return all_are(merge, "failure") ? "failure" : "partial";
}

/* The value as it is written. */
static void write_as_is(struct json_writer *json, const struct merge_part *part,
			const struct node *node)
{
	json_writer_verbatim(json,
			     str_head(str_from(part->text, node->source_at), node->source_len));
}

static void copy_field(struct json_writer *json, const struct merge_part *part, const char *name)
{
	const struct node *value = node_get(part->root, name);
	if (!value)
		return;
	json_writer_name(json, name);
	write_as_is(json, part, value);
}

/* Which report each part was, and how it went. */
static void write_parts(struct json_writer *json, const struct merging *merge)
{
	static const char *const fields[] = {"shard",  "result",  "started", "seconds", "total",
					     "copied", "skipped", "failed",  "bytes"};
	json_writer_name(json, "parts");
	json_writer_open_list(json);
	for (size_t i = 0; i < merge->count; i++) {
		json_writer_open_object(json);
		for (size_t j = 0; j < array_count(fields); j++)
			copy_field(json, &merge->parts[i], fields[j]);
		json_writer_close_object(json);
	}
	json_writer_close_list(json);
	if (!merge->missing)
		return;
	scoped(buf_finish) struct buf missing = {0};
	merge_missing(merge, &missing);
	struct str rest = buf_str(&missing), shard;
	json_writer_name(json, "missing");
	json_writer_open_list(json);
	while (str_cut(&rest, ',', &shard)) {
		scoped(buf_finish) struct buf text = {0};
		buf_add_str(&text, str_trim(shard));
		json_writer_string(json, buf_string(&text));
		json->out->failed |= !buf_ok(&text);
	}
	json_writer_close_list(json);
	json->out->failed |= !buf_ok(&missing);
}

/* Of two times in UTC. */
static bool is_before(struct str a, struct str b)
{
	return memcmp(a.at, b.at, a.len < b.len ? a.len : b.len) < 0;
}

/* The longest of the parts' own times: they ran side by side, or nobody knows. */
static void write_times(struct json_writer *json, const struct merging *merge)
{
	const struct merge_part *first = &merge->parts[0], *longest = first;
	double most = -1;
	for (size_t i = 0; i < merge->count; i++) {
		const struct merge_part *part = &merge->parts[i];
		const struct node *seconds = node_get(part->root, "seconds");
		struct str now = node_string(node_get(part->root, "started"));
		struct str before = node_string(node_get(first->root, "started"));
		double value = seconds && seconds->kind == NODE_NUMBER
				       ? strtod(seconds->text.at, NULL)
				       : 0;
		if (is_before(now, before))
			first = part;
		if (value > most) {
			most = value;
			longest = part;
		}
	}
	copy_field(json, first, "started");
	copy_field(json, longest, "seconds");
}

/* The earliest of the parts' times, of those that have one. */
static void write_first_ready(struct json_writer *json, const struct merging *merge)
{
	const struct merge_part *first = NULL;
	struct str least = {0};
	for (size_t i = 0; i < merge->count; i++) {
		struct str time = node_string(node_get(merge->parts[i].root, "first_ready"));
		if (!time.at || (first && !is_before(time, least)))
			continue;
		first = &merge->parts[i];
		least = time;
	}
	if (first)
		copy_field(json, first, "first_ready");
}

static void write_pruned_tags(struct json_writer *json, const struct merging *merge)
{
	json_writer_name(json, "tags");
	json_writer_open_list(json);
	for (size_t i = 0; i < merge->count; i++) {
		const struct node *tags = pruned_tags(&merge->parts[i]);
		for (size_t j = 0; tags && j < tags->count; j++)
			write_as_is(json, &merge->parts[i], tags->items[j]);
	}
	json_writer_close_list(json);
}

static void write_figures(struct json_writer *json, const struct merging *merge)
{
	const char *within = NULL;
	for (size_t i = 0; i < array_count(figures); i++) {
		const struct figure *figure = &figures[i];
		int64_t sum = 0;
		bool any = false;
		for (size_t j = 0; j < merge->count; j++) {
			int64_t number = 0;
			const struct node *value = find(merge->parts[j].root, figure);
			any |= value != NULL;
			if (value && node_int64(value, &number))
				sum += number;
		}
		if (!any)
			continue;
		if (within && (!figure->within || strcmp(within, figure->within) != 0))
			json_writer_close_object(json);
		if (figure->within && (!within || strcmp(within, figure->within) != 0)) {
			json_writer_name(json, figure->within);
			json_writer_open_object(json);
		}
		within = figure->within;
		json_writer_name(json, figure->name);
		json_writer_int(json, sum);
	}
	if (within && strcmp(within, "pruned") == 0)
		write_pruned_tags(json, merge);
	if (within)
		json_writer_close_object(json);
}

void merge_write(const struct merging *merge, struct buf *out)
{
	struct json_writer json = {.out = out};
	const struct merge_part *first = &merge->parts[0];
	json_writer_open_object(&json);
	json_writer_name(&json, "version");
	json_writer_int(&json, 1);
	json_writer_name(&json, "result");
	json_writer_string(&json, result_of(merge));
	copy_field(&json, first, "dry_run");
	copy_field(&json, first, "plan");
	write_parts(&json, merge);
	write_times(&json, merge);
	write_figures(&json, merge);
	write_first_ready(&json, merge);
	json_writer_name(&json, "images");
	json_writer_open_list(&json);
	for (size_t i = 0; i < merge->count; i++)
		for (size_t j = 0; j < merge->parts[i].images->count; j++)
			write_as_is(&json, &merge->parts[i], merge->parts[i].images->items[j]);
	json_writer_close_list(&json);
	json_writer_close_object(&json);
	buf_add_char(out, '\n');
}
