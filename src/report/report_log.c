/* The words of a line are close to the original's; as JSON its fields say the same for programs. */
#include "report/report_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "report/summary.h"

enum { NUMBER_SIZE = 32 };

/* Seconds with milliseconds. */
static void print_seconds(int64_t milliseconds, char out[NUMBER_SIZE])
{
	snprintf(out, NUMBER_SIZE, "%lld.%03lld", (long long)(milliseconds / 1000),
		 (long long)(milliseconds % 1000));
}

static void print_number(int64_t number, char out[NUMBER_SIZE])
{
	snprintf(out, NUMBER_SIZE, "%lld", (long long)number);
}

static void log_members(const struct report_log_image *line, const struct frame_counts *now,
			const char *text)
{
	const struct outcome *outcome = &line->image->outcome;
	bool failed = outcome->status == OUTCOME_FAILED;
	char ready[CLOCK_TEXT_SIZE];
	char bytes[NUMBER_SIZE], seconds[NUMBER_SIZE], done[NUMBER_SIZE], total[NUMBER_SIZE];
	print_number(outcome->bytes, bytes);
	print_seconds(outcome->milliseconds, seconds);
	print_number((int64_t)now->done, done);
	print_number((int64_t)now->total, total);
	clock_rfc3339(outcome->ready, ready);
	const struct log_field fields[] = {
		{"source", line->source, false},
		{"destination", line->destination, false},
		{"digest", outcome->digest, false},
		{"before", outcome->before, false},
		{"after", outcome->after, false},
		{"status", tally_status(line->image), false},
		{"reason", outcome->reason, false},
		{"ready", outcome->ready ? ready : NULL, false},
		{"bytes", bytes, true},
		{"seconds", seconds, true},
		{"done", done, true},
		{"total", total, true},
	};
	log_fields(failed ? LOG_ERROR : LOG_INFO, fields, array_count(fields), "%s", text);
}

void report_log_image(const struct report_log_image *line, const struct frame_counts *now)
{
	scoped(buf_finish) struct buf text = {0};
	enum outcome_status status = line->image->outcome.status;
	summary_outcome(line->image, &text);
	if (log_is_json())
		log_members(line, now, buf_string(&text));
	else if (status == OUTCOME_FAILED)
		log_error("Failed to execute %s from %s to %s: %s. "
			  "Now %zu/%zu images have been processed.",
			  line->work, line->source, line->destination, buf_string(&text), now->done,
			  now->total);
	else if (status == OUTCOME_WOULD_COPY)
		log_info("Would copy image from %s to %s: %s. "
			 "Now %zu/%zu images have been processed.",
			 line->source, line->destination, buf_string(&text), now->done, now->total);
	else
		log_info("Finish %s from %s to %s: %s. Now %zu/%zu images have been processed.",
			 line->work, line->source, line->destination, buf_string(&text), now->done,
			 now->total);
}

void report_log_folded(const struct tally *tally)
{
	bool one = tally->in_sync == 1;
	log_info("Skip synchronization of %zu image%s because destination image%s. "
		 "Now %zu/%zu images have been processed.",
		 tally->in_sync, one ? "" : "s", one ? " exists" : "s exist", tally_done(tally),
		 tally->total);
}

void report_log_end(const struct tally *tally)
{
	scoped(buf_finish) struct buf last = {0};
	char seconds[NUMBER_SIZE];
	enum { IMAGES, COPIED, IN_SYNC, SKIPPED, WOULD_COPY, FAILED, BYTES, COUNTS };
	static const char *const names[COUNTS] = {"images",     "copied", "in_sync", "skipped",
						  "would_copy", "failed", "bytes"};
	const int64_t counts[COUNTS] = {
		[IMAGES] = (int64_t)tally->total,
		[COPIED] = (int64_t)tally->copied,
		[IN_SYNC] = (int64_t)tally->in_sync,
		[SKIPPED] = (int64_t)tally->skipped,
		[WOULD_COPY] = (int64_t)tally->would_copy,
		[FAILED] = (int64_t)tally->failed,
		[BYTES] = tally->bytes,
	};
	char texts[COUNTS][NUMBER_SIZE];
	struct log_field fields[COUNTS + 1];
	for (size_t i = 0; i < COUNTS; i++) {
		print_number(counts[i], texts[i]);
		fields[i] = (struct log_field){names[i], texts[i], true};
	}
	print_seconds(tally->milliseconds, seconds);
	fields[COUNTS] = (struct log_field){"seconds", seconds, true};
	summary_last_line(tally, &last);
	log_fields(LOG_INFO, fields, array_count(fields), "%s", buf_string(&last));
}
