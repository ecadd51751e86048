/* The JSON of a server's state: its shape word for word, hostile names, secrets, memory. */
#include "serve/status.h"

#include "base/secret.h"
#include "test_state_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char FRESH[] = "{\n"
			    "  \"version\": 1,\n"
			    "  \"program_version\": \"1.2.3\",\n"
			    "  \"now\": \"2026-11-29T11:00:00Z\",\n"
			    "  \"started\": \"2026-11-29T10:59:59Z\",\n"
			    "  \"ready\": true,\n"
			    "  \"stopping\": false,\n"
			    "  \"jobs\": [],\n"
			    "  \"runs\": [],\n"
			    "  \"queue\": {\n"
			    "    \"pending\": 0,\n"
			    "    \"running\": 0,\n"
			    "    \"waiting\": 0,\n"
			    "    \"parked\": 0,\n"
			    "    \"unrouted\": 0,\n"
			    "    \"writable\": true,\n"
			    "    \"writes\": 0,\n"
			    "    \"failed_writes\": 0\n"
			    "  },\n"
			    "  \"entries\": [],\n"
			    "  \"counters\": {\n"
			    "    \"hooks\": {\n"
			    "      \"queued\": 0,\n"
			    "      \"ignored\": 0,\n"
			    "      \"refused\": 0,\n"
			    "      \"snapshots\": 0,\n"
			    "      \"full\": 0,\n"
			    "      \"denied\": 0,\n"
			    "      \"unsaved\": 0,\n"
			    "      \"others\": 0\n"
			    "    },\n"
			    "    \"runs\": {\n"
			    "      \"succeeded\": 0,\n"
			    "      \"failed\": 0\n"
			    "    },\n"
			    "    \"images\": {\n"
			    "      \"copied\": 0,\n"
			    "      \"in_sync\": 0,\n"
			    "      \"failed\": 0,\n"
			    "      \"retried\": 0\n"
			    "    },\n"
			    "    \"bytes\": 0,\n"
			    "    \"run_seconds\": 0.000,\n"
			    "    \"reloads\": 0,\n"
			    "    \"failed_reloads\": 0\n"
			    "  }\n"
			    "}\n";

static const char COUNTERS[] = "  \"counters\": {\n"
			       "    \"hooks\": {\n"
			       "      \"queued\": 301,\n"
			       "      \"ignored\": 17,\n"
			       "      \"refused\": 5,\n"
			       "      \"snapshots\": 9,\n"
			       "      \"full\": 3,\n"
			       "      \"denied\": 4,\n"
			       "      \"unsaved\": 6,\n"
			       "      \"others\": 23\n"
			       "    },\n"
			       "    \"runs\": {\n"
			       "      \"succeeded\": 50,\n"
			       "      \"failed\": 8\n"
			       "    },\n"
			       "    \"images\": {\n"
			       "      \"copied\": 290,\n"
			       "      \"in_sync\": 1700,\n"
			       "      \"failed\": 11,\n"
			       "      \"retried\": 13\n"
			       "    },\n"
			       "    \"bytes\": 98765432100,\n"
			       "    \"run_seconds\": 7654.321,\n"
			       "    \"last_success\": \"2026-11-29T09:53:32Z\",\n"
			       "    \"reloads\": 7,\n"
			       "    \"failed_reloads\": 19\n"
			       "  }\n"
			       "}\n";

/* Parts of the document that must be there as they are. */
static const char JOBS[] = "  \"jobs\": [\n"
			   "    {\n"
			   "      \"when\": \"every 6h\",\n"
			   "      \"rules\": 3,\n"
			   "      \"running\": true\n"
			   "    },\n"
			   "    {\n"
			   "      \"when\": \"cron 17 3 * * *\",\n"
			   "      \"rules\": 1,\n"
			   "      \"running\": false,\n"
			   "      \"next\": \"2026-11-30T03:17:00Z\"\n"
			   "    }\n"
			   "  ],\n";

static const char RUNS[] = "  \"runs\": [\n"
			   "    {\n"
			   "      \"number\": 12,\n"
			   "      \"what\": \"schedule\",\n"
			   "      \"state\": \"running\",\n"
			   "      \"started\": \"2026-11-29T10:56:40Z\",\n"
			   "      \"seconds\": 200,\n"
			   "      \"images\": 40,\n"
			   "      \"copied\": 5,\n"
			   "      \"in_sync\": 20,\n"
			   "      \"failed\": 1,\n"
			   "      \"bytes\": 734003200\n"
			   "    },\n"
			   "    {\n"
			   "      \"number\": 11,\n"
			   "      \"what\": \"hooks\",\n"
			   "      \"state\": \"succeeded\",\n"
			   "      \"started\": \"2026-11-29T09:53:20Z\",\n"
			   "      \"ended\": \"2026-11-29T09:53:32Z\",\n"
			   "      \"seconds\": 12,\n";

static const char QUEUE[] = "  \"queue\": {\n"
			    "    \"pending\": 14,\n"
			    "    \"running\": 1,\n"
			    "    \"waiting\": 1,\n"
			    "    \"parked\": 1,\n"
			    "    \"unrouted\": 1,\n"
			    "    \"oldest\": \"2026-11-28T10:00:00Z\",\n"
			    "    \"writable\": true,\n"
			    "    \"writes\": 310,\n"
			    "    \"failed_writes\": 2\n"
			    "  },\n";

static const char WAITING[] = "    {\n"
			      "      \"id\": 64,\n"
			      "      \"image\": \"quay.io/team/web:2026-11-29\",\n"
			      "      \"destination\": \"registry.example.com/mirror\",\n"
			      "      \"state\": \"waiting\",\n"
			      "      \"attempts\": 3,\n"
			      "      \"queued\": \"2026-11-29T09:30:00Z\",\n"
			      "      \"tried\": \"2026-11-29T10:50:00Z\",\n"
			      "      \"next\": \"2026-11-29T11:03:10Z\",\n"
			      "      \"error\": \"registry.example.com: no answer in 30 s: ";

static const char UNROUTED[] = "      \"image\": \"docker.io/library/alpine:3.22\",\n"
			       "      \"state\": \"unrouted\",\n"
			       "      \"attempts\": 0,\n"
			       "      \"queued\": \"2026-11-29T10:43:20Z\"\n"
			       "    },\n";

static const char FAILED[] = "      \"number\": 10,\n"
			     "      \"what\": \"schedule\",\n"
			     "      \"state\": \"failed\",\n";

static const char *const BUSY[] = {
	JOBS, RUNS, FAILED, QUEUE, WAITING, UNROUTED, "      \"state\": \"parked\",\n", COUNTERS,
};

static void test_a_fresh_server(void **unused)
{
	scoped(buf_finish) struct buf out = {0};
	struct state state = state_fresh();
	(void)unused;
	status_write(&state, &out);
	assert_true(buf_ok(&out));
	assert_string_equal(buf_string(&out), FRESH);
}

static void test_a_busy_server(void **unused)
{
	scoped(buf_finish) struct buf out = {0};
	struct state state = state_busy();
	(void)unused;
	status_write(&state, &out);
	assert_true(buf_ok(&out));
	for (size_t i = 0; i < array_count(BUSY); i++)
		if (!strstr(buf_string(&out), BUSY[i]))
			fail_msg("%s\nis missing in\n%s", BUSY[i], buf_string(&out));
}

static void test_trouble(void **unused)
{
	scoped(buf_finish) struct buf out = {0};
	struct state state = state_fresh();
	(void)unused;
	state.ready = false;
	state.stopping = true;
	state.queue.writable = false;
	state.configuration_error = "rules.yaml:3:1: \"a\" is there twice";
	state.counters.bytes = UINT64_MAX;
	status_write(&state, &out);
	assert_non_null(strstr(
		buf_string(&out),
		"  \"ready\": false,\n  \"stopping\": true,\n"
		"  \"configuration_error\": \"rules.yaml:3:1: \\\"a\\\" is there twice\",\n"));
	assert_non_null(strstr(buf_string(&out), "\"writable\": false"));
	assert_non_null(strstr(buf_string(&out), "\"bytes\": 9223372036854775807"));
}

/* A clock that was set back, and times that no calendar has. */
static void test_odd_times(void **unused)
{
	scoped(buf_finish) struct buf out = {0};
	struct state_run runs[] = {{.what = "hooks", .started = 2 * (int64_t)STATE_NOW},
				   {.what = "hooks", .started = STATE_NOW, .ended = STATE_NOW - 9},
				   {.what = "hooks", .started = -5, .ended = INT64_MAX}};
	struct state state = state_fresh();
	(void)unused;
	state.runs = runs;
	state.run_count = array_count(runs);
	state.counters.run_milliseconds = -1;
	status_write(&state, &out);
	assert_true(buf_ok(&out));
	assert_null(strstr(buf_string(&out), "\"seconds\": -"));
	assert_null(strstr(buf_string(&out), "run_seconds\": -"));
	assert_null(strstr(buf_string(&out), "\"\""));
	assert_null(strstr(buf_string(&out), "\"started\": \"19"));
}

/* What a registry or a hook chose ends no string, moves no cursor, commands no runner. */
static void test_hostile_names(void **unused)
{
	scoped(buf_finish) struct buf out = {0};
	struct queue_entry entries[] = {
		{.item = {.source = "a\"},{\"b</script><b>",
			  .tag = "\x1b[2J\r\n",
			  .destination = "\xff\xfe"},
		 .error = "::error::\n##[group]\\ \xe2\x80\xae"},
	};
	struct state state = state_fresh();
	(void)unused;
	state.entries = entries;
	state.entry_count = 1;
	status_write(&state, &out);
	assert_true(buf_ok(&out));
	assert_non_null(
		strstr(buf_string(&out), "\"image\": \"a\\\"},{\\\"b</script><b>:\\\\x1b[2J"));
	assert_null(strchr(buf_string(&out), '\x1b'));
	assert_null(strchr(buf_string(&out), '\r'));
	assert_null(strchr(buf_string(&out), '\xff'));
	assert_null(strstr(buf_string(&out), "##["));
	assert_null(strstr(buf_string(&out), "\xe2\x80\xae"));
}

static void test_secrets_are_masked(void **unused)
{
	scoped(buf_finish) struct buf out = {0};
	struct queue_entry entries[] = {
		{.item = {.source = "h/hunter22", .tag = "hunter22", .destination = "d/hunter22"},
		 .error = "token hunter22 was refused"},
	};
	struct state_job jobs[] = {{.when = "every hunter22"}};
	struct state state = state_fresh();
	(void)unused;
	secret_register(STR("hunter22"));
	state.entries = entries;
	state.entry_count = 1;
	state.jobs = jobs;
	state.job_count = 1;
	state.configuration_error = "a: hunter22";
	status_write(&state, &out);
	secret_forget();
	assert_null(strstr(buf_string(&out), "hunter22"));
	assert_non_null(strstr(buf_string(&out), "\"image\": \"h/***:***\""));
	assert_non_null(strstr(buf_string(&out), "\"error\": \"token *** was refused\""));
}

/* Wherever the room ends, the buffer says so. */
static void test_no_room(void **unused)
{
	scoped(buf_finish) struct buf whole = {0};
	struct state state = state_busy();
	(void)unused;
	status_write(&state, &whole);
	for (size_t room = 1; room < whole.len; room += 7) {
		scoped(buf_finish) struct buf out = buf_limit(room);
		status_write(&state, &out);
		assert_false(buf_ok(&out));
	}
	scoped(buf_finish) struct buf out = buf_limit(whole.len);
	status_write(&state, &out);
	assert_true(buf_ok(&out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fresh_server), cmocka_unit_test(test_a_busy_server),
		cmocka_unit_test(test_trouble),        cmocka_unit_test(test_odd_times),
		cmocka_unit_test(test_hostile_names),  cmocka_unit_test(test_secrets_are_masked),
		cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
