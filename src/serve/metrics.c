/*
 * The names follow Prometheus' practice: one prefix, base units, counters end in _total, and what
 * is added up has a label where the sum means something. Results that cannot be added up, such as
 * writes and those of them that failed, are families of their own. A family with a label always has
 * all its values, so that a rate can be taken from the first event on.
 */
#include "serve/metrics.h"

#include <inttypes.h>

struct sample {
	const char *value; /* of the label */
	uint64_t count;
};

static void write_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP image_syncer_%s %s\n# TYPE image_syncer_%s %s\n", name, help, name,
		   type);
}

static void write_one(struct buf *out, const char *name, const char *type, const char *help,
		      uint64_t value)
{
	write_head(out, name, type, help);
	buf_printf(out, "image_syncer_%s %" PRIu64 "\n", name, value);
}

static void write_gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
	write_one(out, name, "gauge", help, value > 0 ? (uint64_t)value : 0);
}

static void write_counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
	write_one(out, name, "counter", help, value);
}

/* One line for each value of a label. */
static void write_samples(struct buf *out, const char *name, const char *label,
			  const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "image_syncer_%s{%s=\"%s\"} %" PRIu64 "\n", name, label,
			   samples[i].value, samples[i].count);
}

/* A label's value is a string in quotes. */
static void write_build(struct buf *out, const char *version)
{
	write_head(out, "build_info", "gauge",
		   "The version of the program; the value is always 1.");
	buf_add_string(out, "image_syncer_build_info{version=\"");
	for (const char *at = version; *at; at++) {
		if (*at == '\n')
			buf_add_string(out, "\\n");
		else if (*at == '"' || *at == '\\')
			buf_printf(out, "\\%c", *at);
		else
			buf_add_char(out, *at);
	}
	buf_add_string(out, "\"} 1\n");
}

static void write_server(struct buf *out, const struct state *state)
{
	const struct state_counters *counters = &state->counters;
	write_build(out, state->version);
	write_gauge(out, "start_time_seconds", "When the server started, in seconds since 1970.",
		    state->started);
	write_gauge(out, "ready", "Whether the server is ready: 1 or 0.", state->ready);
	write_gauge(
		out, "configuration_valid",
		"Whether the files as they are now could be used: 1, or 0 while earlier ones are.",
		!state->configuration_error);
	write_counter(out, "reloads_total", "Times that changed files were taken over.",
		      counters->reloads);
	write_counter(out, "reload_failures_total", "Times that changed files were refused.",
		      counters->failed_reloads);
}

static void write_hooks(struct buf *out, const struct state_counters *counters)
{
	const struct sample samples[] = {
		{"queued", counters->hooks_queued},   {"ignored", counters->hooks_ignored},
		{"refused", counters->hooks_refused}, {"snapshot", counters->hooks_snapshots},
		{"queue_full", counters->hooks_full}, {"denied", counters->hooks_denied},
		{"unsaved", counters->hooks_unsaved}, {"other", counters->hooks_others},
	};
	write_head(out, "hooks_total", "counter",
		   "Hooks and events by result; denied: the login was wrong.");
	write_samples(out, "hooks_total", "result", samples, array_count(samples));
}

static void write_queue(struct buf *out, const struct state *state)
{
	const struct queue_figures *queue = &state->queue;
	const struct sample samples[] = {
		{"pending", queue->pending},   {"running", queue->running},
		{"waiting", queue->waiting},   {"parked", queue->parked},
		{"unrouted", queue->unrouted},
	};
	write_head(out, "queue_entries", "gauge", "Images in the queue by state.");
	write_samples(out, "queue_entries", "state", samples, array_count(samples));
	write_gauge(out, "queue_oldest_entry_age_seconds",
		    "Time since the oldest image in the queue was queued; 0 when it is empty.",
		    queue->oldest ? state->now - queue->oldest : 0);
	write_gauge(out, "record_writable",
		    "Whether the last write of the queue's record succeeded: 1 or 0.",
		    queue->writable);
	write_counter(out, "record_writes_total", "Writes of the queue's record.", queue->writes);
	write_counter(out, "record_write_failures_total",
		      "Writes of the queue's record that failed.", queue->failed_writes);
}

static void write_runs(struct buf *out, const struct state_counters *counters)
{
	const struct sample runs[] = {
		{"succeeded", counters->runs_succeeded},
		{"failed", counters->runs_failed},
	};
	int64_t spent = counters->run_milliseconds > 0 ? counters->run_milliseconds : 0;
	write_head(out, "runs_total", "counter", "Runs that are over, by result.");
	write_samples(out, "runs_total", "result", runs, array_count(runs));
	write_head(out, "run_seconds_total", "counter", "Time that runs have taken.");
	buf_printf(out, "image_syncer_run_seconds_total %" PRId64 ".%03d\n", spent / 1000,
		   (int)(spent % 1000));
	write_gauge(out, "last_success_timestamp_seconds",
		    "When a run last succeeded, in seconds since 1970; 0 before the first.",
		    counters->last_success);
}

static void write_images(struct buf *out, const struct state_counters *counters)
{
	const struct sample images[] = {
		{"copied", counters->images_copied},
		{"in_sync", counters->images_in_sync},
		{"failed", counters->images_failed},
	};
	write_head(out, "images_total", "counter", "Images that runs dealt with, by result.");
	write_samples(out, "images_total", "result", images, array_count(images));
	write_counter(out, "image_retries_total", "Further tries of images that had failed.",
		      counters->images_retried);
	write_counter(out, "copied_bytes_total", "Bytes sent to destinations.", counters->bytes);
}

void metrics_write(const struct state *state, struct buf *out)
{
	write_server(out, state);
	write_hooks(out, &state->counters);
	write_queue(out, state);
	write_runs(out, &state->counters);
	write_images(out, &state->counters);
}
