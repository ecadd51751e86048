/*
 * The document has the manners of the report (report/report_json.c): names in snake_case, times as
 * RFC 3339 in UTC, durations in seconds, and what there is not is left out.
 */
#include "serve/status.h"

#include "base/clock.h"
#include "base/log.h"
#include "doc/json_writer.h"

static void write_int(struct json_writer *json, const char *name, int64_t value)
{
	json_writer_name(json, name);
	json_writer_int(json, value);
}

/* JSON's numbers are signed here; no counter comes near the end of that. */
static void write_count(struct json_writer *json, const char *name, uint64_t value)
{
	write_int(json, name, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

static void write_bool(struct json_writer *json, const char *name, bool value)
{
	json_writer_name(json, name);
	json_writer_bool(json, value);
}

static void write_text(struct json_writer *json, const char *name, const char *text)
{
	json_writer_name(json, name);
	json_writer_string(json, text);
}

/* A time that RFC 3339 cannot say is none: its years have four digits. */
static void write_time(struct json_writer *json, const char *name, int64_t seconds)
{
	static const int64_t last = 253402300799;
	char text[CLOCK_TEXT_SIZE];
	if (seconds <= 0 || seconds > last)
		return;
	clock_rfc3339(seconds, text);
	write_text(json, name, text);
}

/* Writes a text that others may have chosen. */
static void write_foreign(struct json_writer *json, const char *name, struct str text)
{
	scoped(buf_finish) struct buf clean = {0};
	log_clean(text, 0, &clean);
	write_text(json, name, buf_string(&clean));
	if (!buf_ok(&clean))
		json->out->failed = true;
}

static void write_job(struct json_writer *json, const struct state_job *job)
{
	json_writer_open_object(json);
	write_foreign(json, "when", str_of(job->when));
	write_count(json, "rules", job->rules);
	write_bool(json, "running", job->running);
	write_time(json, "next", job->next);
	json_writer_close_object(json);
}

static void write_run(struct json_writer *json, const struct state *state,
		      const struct state_run *run)
{
	int64_t end = run->ended ? run->ended : state->now;
	bool forward = run->started > 0 && end > run->started; /* clocks can be set */
	json_writer_open_object(json);
	write_count(json, "number", run->number);
	write_text(json, "what", run->what);
	write_text(json, "state", !run->ended ? "running" : run->ok ? "succeeded" : "failed");
	write_time(json, "started", run->started);
	write_time(json, "ended", run->ended);
	write_int(json, "seconds", forward ? end - run->started : 0);
	write_count(json, "images", run->images);
	write_count(json, "copied", run->copied);
	write_count(json, "in_sync", run->in_sync);
	write_count(json, "failed", run->failed);
	write_int(json, "bytes", run->bytes);
	json_writer_close_object(json);
}

static void write_queue(struct json_writer *json, const struct queue_figures *queue)
{
	json_writer_name(json, "queue");
	json_writer_open_object(json);
	write_count(json, "pending", queue->pending);
	write_count(json, "running", queue->running);
	write_count(json, "waiting", queue->waiting);
	write_count(json, "parked", queue->parked);
	write_count(json, "unrouted", queue->unrouted);
	write_time(json, "oldest", queue->oldest);
	write_bool(json, "writable", queue->writable);
	write_count(json, "writes", queue->writes);
	write_count(json, "failed_writes", queue->failed_writes);
	json_writer_close_object(json);
}

static const char *state_name(enum queue_state state)
{
	switch (state) {
	case QUEUE_PENDING:
		return "pending";
	case QUEUE_RUNNING:
		return "running";
	case QUEUE_WAITING:
		return "waiting";
	case QUEUE_PARKED:
		return "parked";
	case QUEUE_UNROUTED:
		break;
	}
	return "unrouted";
}

static void write_entry(struct json_writer *json, const struct queue_entry *entry)
{
	scoped(buf_finish) struct buf image = {0};
	buf_printf(&image, "%s:%s", entry->item.source, entry->item.tag);
	if (!buf_ok(&image))
		json->out->failed = true;
	json_writer_open_object(json);
	write_count(json, "id", entry->id);
	write_foreign(json, "image", buf_str(&image));
	if (entry->item.destination[0])
		write_foreign(json, "destination", str_of(entry->item.destination));
	write_text(json, "state", state_name(entry->state));
	write_count(json, "attempts", entry->attempts);
	write_time(json, "queued", entry->queued);
	write_time(json, "tried", entry->tried);
	write_time(json, "next", entry->next);
	if (entry->error)
		write_foreign(json, "error", str_of(entry->error));
	json_writer_close_object(json);
}

static void write_lists(struct json_writer *json, const struct state *state)
{
	json_writer_name(json, "jobs");
	json_writer_open_list(json);
	for (size_t i = 0; i < state->job_count; i++)
		write_job(json, &state->jobs[i]);
	json_writer_close_list(json);
	json_writer_name(json, "runs");
	json_writer_open_list(json);
	for (size_t i = 0; i < state->run_count; i++)
		write_run(json, state, &state->runs[i]);
	json_writer_close_list(json);
	write_queue(json, &state->queue);
	json_writer_name(json, "entries");
	json_writer_open_list(json);
	for (size_t i = 0; i < state->entry_count; i++)
		write_entry(json, &state->entries[i]);
	json_writer_close_list(json);
}

static void write_hooks(struct json_writer *json, const struct state_counters *counters)
{
	json_writer_name(json, "hooks");
	json_writer_open_object(json);
	write_count(json, "queued", counters->hooks_queued);
	write_count(json, "ignored", counters->hooks_ignored);
	write_count(json, "refused", counters->hooks_refused);
	write_count(json, "snapshots", counters->hooks_snapshots);
	write_count(json, "full", counters->hooks_full);
	write_count(json, "denied", counters->hooks_denied);
	write_count(json, "unsaved", counters->hooks_unsaved);
	write_count(json, "others", counters->hooks_others);
	json_writer_close_object(json);
}

static void write_counters(struct json_writer *json, const struct state_counters *counters)
{
	json_writer_name(json, "counters");
	json_writer_open_object(json);
	write_hooks(json, counters);
	json_writer_name(json, "runs");
	json_writer_open_object(json);
	write_count(json, "succeeded", counters->runs_succeeded);
	write_count(json, "failed", counters->runs_failed);
	json_writer_close_object(json);
	json_writer_name(json, "images");
	json_writer_open_object(json);
	write_count(json, "copied", counters->images_copied);
	write_count(json, "in_sync", counters->images_in_sync);
	write_count(json, "failed", counters->images_failed);
	write_count(json, "retried", counters->images_retried);
	json_writer_close_object(json);
	write_count(json, "bytes", counters->bytes);
	json_writer_name(json, "run_seconds");
	json_writer_seconds(json, counters->run_milliseconds);
	write_time(json, "last_success", counters->last_success);
	write_count(json, "reloads", counters->reloads);
	write_count(json, "failed_reloads", counters->failed_reloads);
	json_writer_close_object(json);
}

void status_write(const struct state *state, struct buf *out)
{
	struct json_writer json = {.out = out};
	json_writer_open_object(&json);
	write_int(&json, "version", 1);
	write_text(&json, "program_version", state->version);
	write_time(&json, "now", state->now);
	write_time(&json, "started", state->started);
	write_bool(&json, "ready", state->ready);
	write_bool(&json, "stopping", state->stopping);
	if (state->configuration_error)
		write_foreign(&json, "configuration_error", str_of(state->configuration_error));
	write_lists(&json, state);
	write_counters(&json, &state->counters);
	json_writer_close_object(&json);
	buf_add_char(out, '\n');
}
