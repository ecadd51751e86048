/*
 * Secrets are masked text by text, before they are written, and not in the finished document: there
 * a password such as "true" or "12345" would also match a literal or a number, and the result would
 * not be JSON. The same pass makes control characters and workflow commands harmless, since the
 * document may go to stdout.
 *
 * The document is handed over in pieces, between two images: a hundred thousand images take 35 MB
 * of text, but no more memory than one.
 */
#include "report/report_json.h"

#include "base/clock.h"
#include "base/log.h"
#include "doc/json_writer.h"

enum { PIECE = 64 * 1024 };

static void write_text(struct json_writer *json, const char *name, const char *text)
{
	json_writer_name(json, name);
	json_writer_string(json, text);
}

static void write_int(struct json_writer *json, const char *name, int64_t value)
{
	json_writer_name(json, name);
	json_writer_int(json, value);
}

static void write_count(struct json_writer *json, const char *name, size_t value)
{
	write_int(json, name, (int64_t)value);
}

static void write_seconds(struct json_writer *json, const char *name, int64_t milliseconds)
{
	json_writer_name(json, name);
	json_writer_seconds(json, milliseconds);
}

static void write_time(struct json_writer *json, const char *name, int64_t seconds)
{
	char text[CLOCK_TEXT_SIZE];
	clock_rfc3339(seconds, text);
	write_text(json, name, text);
}

/* Writes a text that others may have chosen. */
static void write_foreign(struct json_writer *json, const char *name, const char *text)
{
	scoped(buf_finish) struct buf clean = {0};
	log_clean(str_of(text), 0, &clean);
	write_text(json, name, buf_string(&clean));
	if (!buf_ok(&clean))
		json->out->failed = true;
}

static void write_side(struct json_writer *json, const char *name, const struct tally_image *image,
		       void (*print)(const struct tally_image *image, struct buf *out))
{
	scoped(buf_finish) struct buf text = {0};
	print(image, &text);
	write_foreign(json, name, buf_string(&text));
	if (!buf_ok(&text))
		json->out->failed = true;
}

static void write_blobs(struct json_writer *json, const struct outcome *outcome)
{
	json_writer_name(json, "blobs");
	json_writer_open_object(json);
	write_int(json, "copied", outcome->blobs_copied);
	write_int(json, "mounted", outcome->blobs_mounted);
	write_int(json, "present", outcome->blobs_present);
	write_int(json, "skipped", outcome->blobs_skipped);
	json_writer_close_object(json);
}

static void write_all_blobs(struct json_writer *json, const struct tally *tally)
{
	json_writer_name(json, "blobs");
	json_writer_open_object(json);
	write_count(json, "copied", tally->blobs_copied);
	write_count(json, "mounted", tally->blobs_mounted);
	write_count(json, "present", tally->blobs_present);
	write_count(json, "skipped", tally->blobs_skipped);
	json_writer_close_object(json);
}

/* Writes the platforms, only for an image that a platform filter judged. */
static void write_platforms(struct json_writer *json, const struct outcome *outcome)
{
	if (!outcome->platforms)
		return;
	json_writer_name(json, "platforms");
	json_writer_open_object(json);
	write_count(json, "kept", outcome->platforms_kept);
	write_count(json, "total", outcome->platforms);
	json_writer_close_object(json);
}

static void write_error(struct json_writer *json, const struct tally_image *image)
{
	json_writer_name(json, "error");
	json_writer_open_object(json);
	write_text(json, "kind", error_kind_name(image->outcome.error_kind));
	write_foreign(json, "message", tally_failure(image));
	json_writer_close_object(json);
}

static void write_image(struct json_writer *json, const struct tally_image *image)
{
	const struct outcome *outcome = &image->outcome;
	json_writer_open_object(json);
	write_side(json, "source", image, tally_source);
	write_side(json, "destination", image, tally_destination);
	write_text(json, "status", tally_status(image));
	if (outcome->reason)
		write_text(json, "reason", outcome->reason);
	if (outcome->ready)
		write_time(json, "ready", outcome->ready);
	if (outcome->digest)
		write_foreign(json, "digest", outcome->digest);
	if (outcome->before)
		write_foreign(json, "before", outcome->before);
	if (outcome->after)
		write_foreign(json, "after", outcome->after);
	if (outcome->tag)
		write_foreign(json, "tag", outcome->tag);
	write_int(json, "bytes", outcome->bytes);
	write_blobs(json, outcome);
	write_count(json, "companions", outcome->companions);
	write_platforms(json, outcome);
	if (outcome->source_moved) {
		json_writer_name(json, "source_moved");
		json_writer_bool(json, true);
	}
	write_seconds(json, "seconds", outcome->milliseconds);
	if (outcome->warning)
		write_foreign(json, "warning", outcome->warning);
	if (outcome->status == OUTCOME_FAILED)
		write_error(json, image);
	json_writer_close_object(json);
}

static void write_requests(struct json_writer *json, const struct tally *tally)
{
	json_writer_name(json, "requests");
	json_writer_open_object(json);
	write_int(json, "source", tally->requests_source);
	write_int(json, "destination", tally->requests_target);
	json_writer_close_object(json);
}

static void write_pruned(struct json_writer *json, const struct tally *tally)
{
	static const char *const names[PRUNED_STATUSES] = {"removed", "would_remove", "left",
							   "failed"};
	json_writer_name(json, "pruned");
	json_writer_open_object(json);
	for (size_t i = 0; i < PRUNED_STATUSES; i++)
		write_count(json, names[i], tally->pruned[i]);
	json_writer_name(json, "tags");
	json_writer_open_list(json);
	for (const struct pruned *each = tally->prunes; each; each = each->next) {
		scoped(buf_finish) struct buf name = {0};
		reference_print(&each->name, &name);
		json_writer_open_object(json);
		write_foreign(json, "destination", buf_string(&name));
		if (each->digest)
			write_foreign(json, "digest", each->digest);
		write_text(json, "status", pruned_status_name(each->status));
		if (each->reason)
			write_text(json, "reason", each->reason);
		if (each->text)
			write_foreign(json, "message", each->text);
		if (each->place)
			write_foreign(json, "rule", each->place);
		json_writer_close_object(json);
	}
	json_writer_close_list(json);
	json_writer_close_object(json);
}

static void write_totals(struct json_writer *json, const struct tally *tally)
{
	write_int(json, "version", 1);
	write_text(json, "result", tally_result(tally));
	json_writer_name(json, "dry_run");
	json_writer_bool(json, tally->dry_run);
	if (tally->shard)
		write_text(json, "shard", tally->shard);
	if (tally->plan)
		write_text(json, "plan", tally->plan);
	if (tally->batch)
		write_text(json, "batch", tally->batch);
	write_time(json, "started", tally->started);
	write_seconds(json, "seconds", tally->milliseconds);
	write_count(json, "total", tally->total);
	write_count(json, "copied", tally->copied);
	write_count(json, "skipped", tally->skipped);
	if (tally->too_new)
		write_count(json, "too_new", tally->too_new);
	if (tally->first_ready)
		write_time(json, "first_ready", tally->first_ready);
	if (tally->held)
		write_count(json, "held", tally->held);
	if (tally->dry_run)
		write_count(json, "would_copy", tally->would_copy);
	write_count(json, "failed", tally->failed);
	write_int(json, "bytes", tally->bytes);
	write_all_blobs(json, tally);
	write_count(json, "companions", tally->companions);
	write_requests(json, tally);
	if (tally->prune)
		write_pruned(json, tally);
}

/* Hands over what has been written and makes room for more. */
static bool hand_over(struct buf *text, report_json_taker *take, void *ctx, struct error *err)
{
	if (!buf_ok(text))
		return error_memory(err);
	if (!take(ctx, buf_str(text), err))
		return false;
	buf_reset(text);
	return true;
}

bool report_json_write(const struct tally *tally, report_json_taker *take, void *ctx,
		       struct error *err)
{
	scoped(buf_finish) struct buf text = {0};
	struct json_writer json = {.out = &text};
	json_writer_open_object(&json);
	write_totals(&json, tally);
	json_writer_name(&json, "images");
	json_writer_open_list(&json);
	for (struct tally_walk walk = tally_list_walk(&tally->list); tally_list_next(&walk);) {
		write_image(&json, &walk.image);
		if (text.len >= PIECE && !hand_over(&text, take, ctx, err))
			return false;
	}
	json_writer_close_list(&json);
	json_writer_close_object(&json);
	buf_add_char(&text, '\n');
	return hand_over(&text, take, ctx, err);
}
