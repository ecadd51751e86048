/*
 * A blob is sent to a registry once, for the first image that needs it; which one that is depends
 * on the order of the rows, and not on that of the threads that looked.
 */
#include "report/plan_sheet.h"

#include "base/map.h"
#include "doc/json_writer.h"
#include "plan/balance.h"

#include <string.h>

struct sheet_making {
	struct arena *arena;
	const struct survey *survey;
	struct map sent; /* registry and digest of the blobs that earlier rows send */
	struct plan_sheet *out;
};

static void sheet_making_finish(struct sheet_making *making)
{
	map_finish(&making->sent);
}

/* --- one row -------------------------------------------------------------------------------- */

/* A failure that another look at both sides would not change. */
static bool is_refusal(enum error_kind kind)
{
	return kind == ERROR_IMMUTABLE || kind == ERROR_PLATFORM || kind == ERROR_UNSIGNED ||
	       kind == ERROR_REFERRER || kind == ERROR_REFUSED;
}

static enum planned_action action_of(const struct tally_image *image,
				     const struct survey_image *seen)
{
	const struct outcome *outcome = &image->outcome;
	if (outcome->status == OUTCOME_FAILED)
		return seen && outcome->digest && is_refusal(outcome->error_kind) ? PLANNED_REFUSED
										  : PLANNED_FAILED;
	if (outcome->status == OUTCOME_WOULD_COPY)
		return PLANNED_COPY;
	return strcmp(outcome->reason, "in-sync") == 0 ? PLANNED_NONE : PLANNED_SKIPPED;
}

static const char *side(struct arena *arena, const struct tally_image *image,
			void (*print)(const struct tally_image *image, struct buf *out))
{
	scoped(buf_finish) struct buf text = {0};
	print(image, &text);
	return buf_ok(&text) ? arena_copy(arena, buf_string(&text), text.len) : NULL;
}

/* Adds what the blobs of the image weigh that no earlier row sends there. */
static bool weigh(struct sheet_making *making, const struct survey_image *seen,
		  struct plan_row *row)
{
	for (size_t i = 0; i < seen->blob_count; i++) {
		const struct survey_blob *blob = seen->blobs[i];
		scoped(buf_finish) struct buf key = {0};
		buf_printf(&key, "%s %s", row->task->destination.host, blob->digest);
		if (!buf_ok(&key))
			return false;
		if (map_get(&making->sent, buf_str(&key)))
			continue;
		if (!map_put(&making->sent, buf_str(&key), making))
			return false;
		row->bytes += blob->size < INT64_MAX - row->bytes ? blob->size : 0;
	}
	return true;
}

/* Takes the text of an outcome, which its walk forgets. */
static bool keep(struct arena *arena, const char *text, const char **out)
{
	*out = text ? arena_string(arena, text) : NULL;
	return !text || *out;
}

static bool add_row(struct sheet_making *making, const struct tally_image *image)
{
	struct arena *arena = making->arena;
	struct plan_sheet *out = making->out;
	const struct outcome *outcome = &image->outcome;
	const struct survey_image *seen =
		image->task ? survey_find(making->survey, image->task) : NULL;
	struct plan_row *row = &out->rows[out->count++];
	bool failed = outcome->status == OUTCOME_FAILED;
	*row = (struct plan_row){.action = action_of(image, seen),
				 .source = side(arena, image, tally_source),
				 .destination = side(arena, image, tally_destination),
				 .reason = failed ? error_kind_name(outcome->error_kind)
						  : outcome->reason,
				 .companions = outcome->companions,
				 .task = image->task};
	bool writes = row->action == PLANNED_COPY || row->action == PLANNED_NONE;
	if (!row->source || !row->destination || !keep(arena, outcome->digest, &row->digest) ||
	    !keep(arena, outcome->tag, &row->tag) ||
	    !keep(arena, failed ? tally_failure(image) : NULL, &row->message))
		return false;
	if (seen) {
		row->before = seen->held;
		row->after = writes ? seen->wanted : NULL;
	}
	out->totals[row->action]++;
	if (row->action == PLANNED_COPY && seen && !weigh(making, seen, row))
		return false;
	out->bytes += row->bytes < INT64_MAX - out->bytes ? row->bytes : 0;
	return true;
}

/* --- groups --------------------------------------------------------------------------------- */

/* The repository of a destination, with its host. */
static struct str repository_of(struct arena *arena, const struct plan_row *row)
{
	if (!row->task)
		return STR("");
	return str_of(arena_printf(arena, "%s/%s", row->task->destination.host,
				   row->task->destination.repository));
}

/* No group is empty: a job for it would have nothing to do. */
static bool make_groups(struct arena *arena, unsigned count, struct plan_sheet *out)
{
	if (count > out->count)
		count = (unsigned)out->count;
	if (!count)
		return true;
	scoped(arena_free) struct arena *scratch = arena_new();
	struct balance_item *items =
		scratch ? arena_array(scratch, out->count + 1, sizeof(*items)) : NULL;
	out->groups = arena_array(arena, count, sizeof(*out->groups));
	if (!items || !out->groups)
		return false;
	for (size_t i = 0; i < out->count; i++) {
		const struct plan_row *row = &out->rows[i];
		items[i] = (struct balance_item){.repository = repository_of(scratch, row),
						 .digest = str_of(row->digest),
						 .weight = planned_weight(row->action, row->bytes)};
		if (!items[i].repository.at)
			return false;
	}
	if (!balance_spread(items, out->count, count))
		return false;
	out->group_count = count;
	for (size_t i = 0; i < out->count; i++) {
		struct plan_row *row = &out->rows[i];
		/* The first job reports what could not even be compared. */
		row->shard = row->action == PLANNED_FAILED ? 0 : items[i].group;
		out->groups[row->shard].images++;
		out->groups[row->shard].bytes += row->bytes;
	}
	return true;
}

/* --- the sheet ------------------------------------------------------------------------------ */

/* What a plan cannot pin: whatever belongs to an image may be added to later. */
static void look_at_terms(const struct terms *terms, struct plan_sheet *out)
{
	out->referrers |= terms->companions && !companion_filter_empty(terms->companions);
	out->signatures |= terms->signer != NULL;
}

bool plan_sheet_make(struct arena *arena, const struct tally *tally, const struct survey *survey,
		     unsigned groups, struct plan_sheet *out)
{
	scoped(sheet_making_finish) struct sheet_making making = {
		.arena = arena, .survey = survey, .out = out};
	*out = (struct plan_sheet){
		.rows = arena_array(arena, tally->list.count + 1, sizeof(*out->rows))};
	if (!out->rows)
		return false;
	for (struct tally_walk walk = tally_list_walk(&tally->list); tally_list_next(&walk);) {
		if (!add_row(&making, &walk.image))
			return false;
		if (walk.image.task)
			look_at_terms(rule_terms(walk.image.task->rule), out);
	}
	return !groups || make_groups(arena, groups, out);
}

bool plan_sheet_changes(const struct plan_sheet *sheet)
{
	return sheet->totals[PLANNED_COPY] > 0;
}

void plan_sheet_matrix(const struct plan_sheet *sheet, struct buf *out)
{
	struct json_writer json = {.out = out, .compact = true};
	json_writer_open_object(&json);
	json_writer_name(&json, "include");
	json_writer_open_list(&json);
	for (unsigned i = 0; i < sheet->group_count; i++) {
		scoped(buf_finish) struct buf shard = {0};
		buf_printf(&shard, "%u/%u", i, sheet->group_count);
		json_writer_open_object(&json);
		json_writer_name(&json, "shard");
		json_writer_string(&json, buf_string(&shard));
		json_writer_name(&json, "images");
		json_writer_int(&json, (int64_t)sheet->groups[i].images);
		json_writer_name(&json, "bytes");
		json_writer_int(&json, sheet->groups[i].bytes);
		json_writer_close_object(&json);
		out->failed |= !buf_ok(&shard);
	}
	json_writer_close_list(&json);
	json_writer_close_object(&json);
}
