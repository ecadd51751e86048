/* The live display: on a file instead of a terminal, and from several threads at once. */
#include "test_report_fixture.h"

#include <pthread.h>

#include "base/log.h"

/* A run of the three images; what it wrote to stderr goes to out. */
static void run_live_with(const struct outcome *second, struct buf *out)
{
	const struct report_options options = {.live = true};
	const struct outcome *const outcomes[] = {&copied, second, &failed, &would};
	scoped(buf_finish) struct buf ignored = {0};
	struct progress *progress = progress_new();
	struct capture err = capture_start(STDERR_FILENO), standard = capture_start(STDOUT_FILENO);
	struct error error;
	struct report *report = report_new(&options, progress);
	report_plan(report, array_count(outcomes));
	for (size_t i = 0; i < array_count(outcomes); i++)
		report_outcome(report, &tasks[i % array_count(tasks)], outcomes[i]);
	bool finished = report_finish(report, 0, &error);
	report_free(&report);
	progress_free(&progress);
	capture_stop(&standard, &ignored);
	capture_stop(&err, out);
	assert_true(finished);
}

static void run_live(struct buf *out)
{
	run_live_with(&in_sync, out);
}

static void test_images_scroll_above_the_block(void **state)
{
	scoped(buf_finish) struct buf text = {0};
	(void)state;
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	run_live(&text);
	has(&text, "+ reg.io/m/nginx:v1  copied 45.38MB in 1.2s\n");
	has_not(&text, "nginx:v2");
	has(&text, "x reg.io/m/b:x  quay.io refuses to show a/b\n");
	has(&text, "+ reg.io/m/nginx:v1  would copy: differs\n");
	has(&text, "images 4/4   1 copied   1 would be copied   1 in sync   1 failed\n");
	has(&text, "\033[2K\n\033[2A\033[Kchanged images:\n  + reg.io/m/nginx:v1  new aa\n");
	has_not(&text, "finished");
	has_not(&text, "level=");
	has_not(&text, "\033[3");
}

/* A file has 80 columns here, which are too few for this reason. */
static void test_a_reason_is_not_cut(void **state)
{
	static const char reason[] = "registry.example.com refused the user name or password of "
				     "auth.yaml:3:1: HTTP 401 UNAUTHORIZED";
	const struct outcome denied = {
		.status = OUTCOME_FAILED, .error_kind = ERROR_DENIED, .error_text = reason};
	scoped(buf_finish) struct buf text = {0};
	(void)state;
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	run_live_with(&denied, &text);
	has(&text, "x reg.io/m/nginx:v2\n    registry.example.com refused the user");
	has(&text, "HTTP 401 UNAUTHORIZED\n");
}

static void test_marks_have_colours(void **state)
{
	scoped(buf_finish) struct buf text = {0};
	(void)state;
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	run_live(&text);
	has(&text, "\033[32m+\033[0m reg.io");
	has(&text, "\033[31mx\033[0m reg.io");
}

static void test_a_dumb_terminal_gets_log_lines(void **state)
{
	scoped(buf_finish) struct buf text = {0};
	(void)state;
	setenv("TERM", "dumb", 1);
	run_live(&text);
	has_not(&text, "\033");
	has(&text, "level=info");
}

enum { THREADS = 4, EACH = 50 };

static void *work(void *report)
{
	for (int i = 0; i < EACH; i++) {
		report_plan(report, 1);
		log_info("a line between");
		report_outcome(report, &tasks[i % 3], i % 3 == 2 ? &failed : &in_sync);
	}
	return NULL;
}

static void test_threads(void **state)
{
	const struct report_options options = {.live = true};
	scoped(buf_finish) struct buf text = {0};
	pthread_t threads[THREADS];
	struct error error;
	(void)state;
	setenv("TERM", "xterm", 1);
	struct progress *progress = progress_new();
	struct capture out = capture_start(STDOUT_FILENO), err = capture_start(STDERR_FILENO);
	struct report *report = report_new(&options, progress);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, report), 0);
	usleep(300000);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	bool finished = report_finish(report, 0, &error);
	report_free(&report);
	progress_free(&progress);
	capture_stop(&err, &text);
	assert_true(finished);
	has(&text, "images ");
	has(&text, "200 images: 0 copied, 136 in sync, 64 failed\n");
	buf_reset(&text);
	capture_stop(&out, &text);
	assert_string_equal(buf_string(&text), "failed tasks exist\n");
}

static void test_free_without_finish(void **state)
{
	const struct report_options options = {.live = true};
	scoped(buf_finish) struct buf text = {0};
	(void)state;
	struct progress *progress = progress_new();
	struct capture err = capture_start(STDERR_FILENO);
	struct report *report = report_new(&options, progress);
	report_free(&report);
	assert_null(report);
	report_free(&report);
	progress_free(&progress);
	capture_stop(&err, &text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_reason_is_not_cut),
		cmocka_unit_test(test_images_scroll_above_the_block),
		cmocka_unit_test(test_marks_have_colours),
		cmocka_unit_test(test_a_dumb_terminal_gets_log_lines),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_free_without_finish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
