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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_what_is_dropped),
		cmocka_unit_test(test_hooks_stand_around_each_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
