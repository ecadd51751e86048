/* The text for Prometheus: all of it once, and what its form depends on. */
#include "serve/metrics.h"

#include "test_state_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The lines that are not comments. */
static const char BUSY[] = "image_syncer_build_info{version=\"1.2.3\"} 1\n"
			   "image_syncer_start_time_seconds 1795650000\n"
			   "image_syncer_ready 1\n"
			   "image_syncer_configuration_valid 1\n"
			   "image_syncer_reloads_total 7\n"
			   "image_syncer_reload_failures_total 19\n"
			   "image_syncer_hooks_total{result=\"queued\"} 301\n"
			   "image_syncer_hooks_total{result=\"ignored\"} 17\n"
			   "image_syncer_hooks_total{result=\"refused\"} 5\n"
			   "image_syncer_hooks_total{result=\"snapshot\"} 9\n"
			   "image_syncer_hooks_total{result=\"queue_full\"} 3\n"
			   "image_syncer_hooks_total{result=\"denied\"} 4\n"
			   "image_syncer_hooks_total{result=\"unsaved\"} 6\n"
			   "image_syncer_hooks_total{result=\"other\"} 23\n"
			   "image_syncer_queue_entries{state=\"pending\"} 14\n"
			   "image_syncer_queue_entries{state=\"running\"} 1\n"
			   "image_syncer_queue_entries{state=\"waiting\"} 1\n"
			   "image_syncer_queue_entries{state=\"parked\"} 1\n"
			   "image_syncer_queue_entries{state=\"unrouted\"} 1\n"
			   "image_syncer_queue_oldest_entry_age_seconds 90000\n"
			   "image_syncer_record_writable 1\n"
			   "image_syncer_record_writes_total 310\n"
			   "image_syncer_record_write_failures_total 2\n"
			   "image_syncer_runs_total{result=\"succeeded\"} 50\n"
			   "image_syncer_runs_total{result=\"failed\"} 8\n"
			   "image_syncer_run_seconds_total 7654.321\n"
			   "image_syncer_last_success_timestamp_seconds 1795946012\n"
			   "image_syncer_images_total{result=\"copied\"} 290\n"
			   "image_syncer_images_total{result=\"in_sync\"} 1700\n"
			   "image_syncer_images_total{result=\"failed\"} 11\n"
			   "image_syncer_image_retries_total 13\n"
			   "image_syncer_copied_bytes_total 98765432100\n";

static void samples(const struct state *state, struct buf *out)
{
	scoped(buf_finish) struct buf text = {0};
	metrics_write(state, &text);
	assert_true(buf_ok(&text));
	const char *at = buf_string(&text);
	while (*at) {
		const char *end = strchr(at, '\n');
		assert_non_null(end); /* the last line ends, too */
		if (*at != '#')
			buf_add(out, at, (size_t)(end + 1 - at));
		at = end + 1;
	}
}

static void test_a_busy_server(void **unused)
{
	scoped(buf_finish) struct buf out = {0};
	struct state state = state_busy();
	(void)unused;
	samples(&state, &out);
	assert_string_equal(buf_string(&out), BUSY);
}

static void test_comments(void **unused)
{
	scoped(buf_finish) struct buf out = {0};
	struct state state = state_fresh();
	(void)unused;
	metrics_write(&state, &out);
	assert_non_null(strstr(buf_string(&out),
			       "# HELP image_syncer_runs_total Runs that are over, by result.\n"
			       "# TYPE image_syncer_runs_total counter\n"
			       "image_syncer_runs_total{result=\"succeeded\"} 0\n"));
	assert_non_null(strstr(buf_string(&out), "# TYPE image_syncer_queue_entries gauge\n"));
}

/* An empty queue has no age, and a clock that was set back makes none negative. */
static void test_ages(void **unused)
{
	static const struct {
		int64_t oldest;
		const char *line;
	} rows[] = {
		{0, "\nimage_syncer_queue_oldest_entry_age_seconds 0\n"},
		{STATE_NOW, "\nimage_syncer_queue_oldest_entry_age_seconds 0\n"},
		{STATE_NOW + 60, "\nimage_syncer_queue_oldest_entry_age_seconds 0\n"},
		{STATE_NOW - 60, "\nimage_syncer_queue_oldest_entry_age_seconds 60\n"},
	};
	(void)unused;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(buf_finish) struct buf out = {0};
		struct state state = state_fresh();
		state.queue.oldest = rows[i].oldest;
		metrics_write(&state, &out);
		assert_non_null(strstr(buf_string(&out), rows[i].line));
	}
}

static void test_trouble(void **unused)
{
	scoped(buf_finish) struct buf out = {0};
	struct state state = state_fresh();
	(void)unused;
	state.ready = false;
	state.configuration_error = "rules.yaml:1:1: what";
	state.queue.writable = false;
	state.version = "1\"\\\n2";
	state.counters.hooks_queued = UINT64_MAX;
	metrics_write(&state, &out);
	assert_non_null(strstr(buf_string(&out), "\nimage_syncer_ready 0\n"));
	assert_non_null(strstr(buf_string(&out), "\nimage_syncer_configuration_valid 0\n"));
	assert_non_null(strstr(buf_string(&out), "\nimage_syncer_record_writable 0\n"));
	assert_non_null(strstr(buf_string(&out), "{version=\"1\\\"\\\\\\n2\"} 1\n"));
	assert_non_null(strstr(buf_string(&out), "{result=\"queued\"} 18446744073709551615\n"));
	assert_null(strstr(buf_string(&out), "rules.yaml"));
}

/* The names of images never become labels. */
static void test_no_names(void **unused)
{
	scoped(buf_finish) struct buf out = {0};
	struct state state = state_busy();
	(void)unused;
	metrics_write(&state, &out);
	assert_null(strstr(buf_string(&out), "quay.io"));
	assert_null(strstr(buf_string(&out), "example.com"));
}

static void test_no_room(void **unused)
{
	scoped(buf_finish) struct buf whole = {0};
	struct state state = state_busy();
	(void)unused;
	metrics_write(&state, &whole);
	for (size_t room = 1; room < whole.len; room += 7) {
		scoped(buf_finish) struct buf out = buf_limit(room);
		metrics_write(&state, &out);
		assert_false(buf_ok(&out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_busy_server), cmocka_unit_test(test_comments),
		cmocka_unit_test(test_ages),          cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_no_names),      cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
