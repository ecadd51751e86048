/* What waits, as others see it. */
#include "base/waits.h"

#include "base/clock.h"
#include "base/retry.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_shows(int64_t now_ms, const char *expected)
{
	scoped(buf_finish) struct buf text = {0};
	struct waits_view view = {0};
	waits_look(&view);
	waits_print(&view, now_ms, &text);
	assert_string_equal(buf_string(&text), expected);
}

static void test_the_oldest_is_shown(void **state)
{
	struct waits_entry silent = {.since_ms = 2000, .until_ms = 62000};
	struct waits_entry endless = {.since_ms = 1500};
	struct waits_entry later = {.kind = WAITS_TRY, .since_ms = 1000, .until_ms = 9000};
	struct waits_entry brief = {.kind = WAITS_TRY, .since_ms = 100, .until_ms = 600};
	struct waits_entry none = {0};
	(void)state;
	assert_shows(0, "");
	waits_begin(&silent, "no answer from %s yet", "ghcr.io");
	waits_begin(&brief, "over in a moment");
	assert_shows(14000, "waiting for 12 s, 60 s at most: no answer from ghcr.io yet");
	waits_begin(&endless, "x");
	assert_shows(1500, "waiting for 0 s: x (and 1 more)");
	waits_begin(&later, "quay.io: HTTP 503");
	assert_shows(8001, "trying again in 1 s: quay.io: HTTP 503 (and 2 more)");
	assert_shows(9500, "trying again in 0 s: quay.io: HTTP 503 (and 2 more)");
	waits_end(&silent);
	waits_end(&silent);
	waits_end(&none);
	assert_shows(2000, "trying again in 7 s: quay.io: HTTP 503 (and 1 more)");
	waits_end(&later);
	waits_end(&brief);
	assert_shows(2500, "waiting for 1 s: x");
	waits_end(&endless);
	assert_shows(0, "");
}

static void *wait_for_a_retry(void *ctx)
{
	const struct retry_policy policy = {.attempts = 2, .base_ms = 3000, .cap_ms = 3000};
	struct error err;
	error_set(&err, ERROR_UNAVAILABLE, "ghcr.io: HTTP 503");
	retry_wait(&policy, 0, &err);
	return ctx;
}

static void test_a_retry_is_seen(void **state)
{
	struct waits_view view = {0};
	pthread_t thread;
	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, wait_for_a_retry, NULL), 0);
	while (!view.count)
		waits_look(&view);
	assert_int_equal(view.oldest.kind, WAITS_TRY);
	assert_string_equal(view.oldest.text, "ghcr.io: HTTP 503");
	assert_true(view.oldest.until_ms > clock_ms());
	pthread_join(thread, NULL);
	waits_look(&view);
	assert_int_equal(view.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_oldest_is_shown),
		cmocka_unit_test(test_a_retry_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
