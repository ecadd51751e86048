/* The log: levels by name, which lines come, and who is asked to step aside for them. */
#include "test_report_fixture.h"

#include "base/log.h"

static void test_levels(void **state)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	enum log_level level = LOG_DEBUG;
	(void)state;
	for (size_t i = 0; i < array_count(names); i++) {
		assert_true(log_level_named(names[i], &level));
		assert_int_equal(level, i);
	}
	level = LOG_INFO;
	assert_false(log_level_named("warning", &level) || log_level_named("", &level));
	assert_int_equal(level, LOG_INFO);
}

static void send_one_of_each(struct buf *out)
{
	struct capture capture = capture_start(STDERR_FILENO);
	log_error("an error");
	log_warn("a warning");
	log_info("a line");
	log_debug("a detail");
	capture_stop(&capture, out);
}

static void test_what_is_dropped(void **state)
{
	scoped(buf_finish) struct buf all = {0};
	scoped(buf_finish) struct buf few = {0};
	(void)state;
	log_open(stderr, LOG_DEBUG);
	assert_true(log_debugging());
	send_one_of_each(&all);
	log_open(stderr, LOG_WARN);
	assert_false(log_debugging());
	send_one_of_each(&few);
	has(&all, "an error");
	has(&all, "a warning");
	has(&all, "a line");
	has(&all, "a detail");
	has(&few, "an error");
	has(&few, "a warning");
	has_not(&few, "a line");
	has_not(&few, "a detail");
}

/* Lines that come before it is known where they go. */
static void test_held(void **state)
{
	scoped(buf_finish) struct buf early = {0};
	scoped(buf_finish) struct buf all = {0};
	struct capture capture = capture_start(STDERR_FILENO);
	(void)state;
	log_hold(LOG_INFO);
	log_info("first");
	log_debug("a detail");
	capture_stop(&capture, &early);
	assert_int_equal(early.len, 0);
	FILE *file = tmpfile();
	log_open(file, LOG_DEBUG);
	log_debug("second");
	log_open(stderr, LOG_INFO);
	rewind(file);
	char line[256];
	while (fgets(line, sizeof(line), file))
		buf_add_string(&all, line);
	fclose(file);
	has(&all, "first");
	has(&all, "second");
	has_not(&all, "a detail");
	assert_true(strstr(all.at, "first") < strstr(all.at, "second"));
}

/* A log that cannot be written says so once, on stderr. */
static void test_lost(void **state)
{
	scoped(buf_finish) struct buf told = {0};
	struct capture capture = capture_start(STDERR_FILENO);
	FILE *full = fopen("/dev/full", "w");
	(void)state;
	log_open(full, LOG_INFO);
	log_info("first");
	log_info("second");
	log_open(stderr, LOG_INFO);
	fclose(full);
	capture_stop(&capture, &told);
	assert_string_equal(buf_string(&told),
			    "level=error msg=\"the log cannot be written: lines are lost\"\n");
}

static void count_up(void *ctx)
{
	++*(unsigned *)ctx;
}

static void count_tens(void *ctx)
{
	*(unsigned *)ctx *= 10;
}

static void test_hooks_stand_around_each_line(void **state)
{
	scoped(buf_finish) struct buf lines = {0};
	unsigned steps = 0;
	(void)state;
	log_open(stderr, LOG_WARN);
	log_hook(count_up, count_tens, &steps);
	send_one_of_each(&lines); /* two of which come */
	log_hook(NULL, NULL, NULL);
	assert_int_equal(steps, ((0 + 1) * 10 + 1) * 10);
	send_one_of_each(&lines);
	assert_int_equal(steps, 110);
}

/* Whatever a text contains, a line is one object, and its fields are there only in JSON. */
static void test_json(void **state)
{
	static const struct log_field fields[] = {
		{"name", "a\"b\\c\n\xff d", false}, {"none", NULL, false}, {"number", "1.5", true}};
	scoped(buf_finish) struct buf json = {0};
	scoped(buf_finish) struct buf text = {0};
	struct capture capture;
	(void)state;
	log_open(stderr, LOG_INFO);
	log_json(true);
	assert_true(log_is_json());
	capture = capture_start(STDERR_FILENO);
	log_fields(LOG_WARN, fields, array_count(fields), "a \"line\"\t%d", 7);
	log_info("plain");
	log_fields(LOG_DEBUG, fields, array_count(fields), "a detail");
	capture_stop(&capture, &json);
	log_json(false);
	capture = capture_start(STDERR_FILENO);
	log_fields(LOG_WARN, fields, array_count(fields), "a \"line\"");
	capture_stop(&capture, &text);
	has(&json, "\",\"level\":\"warning\",\"msg\":\"a \\\"line\\\"\\\\x097\","
		   "\"name\":\"a\\\"b\\\\c\\\\n\\\\xff d\",\"number\":1.5}\n{\"time\":\"");
	has(&json, ",\"level\":\"info\",\"msg\":\"plain\"}\n");
	has_not(&json, "a detail");
	has(&text, " level=warning msg=\"a \\\"line\\\"\"\n");
	has_not(&text, "number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_what_is_dropped),
		cmocka_unit_test(test_hooks_stand_around_each_line),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
