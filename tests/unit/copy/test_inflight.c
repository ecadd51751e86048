/* Claims: one thread leads; the others take its result, or its failure if they would meet it. */
#include "copy/share/inflight.h"

#include "base/scoped.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

enum { WAITERS = 4 };

static const char here[] = "source.example";
static const char elsewhere[] = "other.example";

struct waiter {
	pthread_t thread;
	struct inflight *inflight;
	const void *cause;
	atomic_int *entered;
	atomic_int *led;
	enum inflight_role role;
	struct error err;
};

static struct error failure(enum error_kind kind, bool exhausted)
{
	struct error err;
	error_set(&err, kind, "no luck");
	err.exhausted = exhausted;
	return err;
}

static void *claim(void *ctx)
{
	struct waiter *waiter = ctx;
	atomic_fetch_add(waiter->entered, 1);
	waiter->role = inflight_claim(waiter->inflight, STR("key"), waiter->cause, &waiter->err);
	if (waiter->role == INFLIGHT_LEADS) {
		atomic_fetch_add(waiter->led, 1);
		inflight_done(waiter->inflight, STR("key"));
	}
	return NULL;
}

/*
 * Runs a leader that fails with err, or succeeds if that is NULL, while WAITERS others wait.
 * Returns how many of these had to lead.
 */
static int lead(struct waiter *waiters, const void *cause, const struct error *err)
{
	struct inflight *inflight = inflight_new();
	const struct timespec pause = {.tv_nsec = 50000000};
	atomic_int entered = 0;
	atomic_int led = 0;
	struct error none;
	assert_non_null(inflight);
	assert_int_equal(inflight_claim(inflight, STR("key"), here, &none), INFLIGHT_LEADS);
	for (size_t i = 0; i < WAITERS; i++) {
		waiters[i] = (struct waiter){
			.inflight = inflight, .cause = cause, .entered = &entered, .led = &led};
		assert_int_equal(pthread_create(&waiters[i].thread, NULL, claim, &waiters[i]), 0);
	}
	while (atomic_load(&entered) < WAITERS)
		nanosleep(&pause, NULL);
	nanosleep(&pause, NULL);
	if (err)
		inflight_failed(inflight, STR("key"), here, err);
	else
		inflight_done(inflight, STR("key"));
	for (size_t i = 0; i < WAITERS; i++)
		pthread_join(waiters[i].thread, NULL);
	inflight_free(&inflight);
	assert_null(inflight);
	return atomic_load(&led);
}

static void test_done(void **state)
{
	struct waiter waiters[WAITERS];
	(void)state;
	assert_int_equal(lead(waiters, here, NULL), 0);
	for (size_t i = 0; i < WAITERS; i++)
		assert_int_equal(waiters[i].role, INFLIGHT_DONE);
}

/* Work that has used up its retries fails for all threads that waited for it. */
static void test_failure_is_shared(void **state)
{
	struct waiter waiters[WAITERS];
	struct error err = failure(ERROR_LIMITED, true);
	(void)state;
	err.retry_after = 999;
	assert_int_equal(lead(waiters, here, &err), 0);
	for (size_t i = 0; i < WAITERS; i++) {
		assert_int_equal(waiters[i].role, INFLIGHT_FAILED);
		assert_int_equal(waiters[i].err.kind, ERROR_LIMITED);
		assert_int_equal(waiters[i].err.retry_after, 999);
		assert_true(waiters[i].err.exhausted);
		assert_string_equal(waiters[i].err.text, "no luck");
	}
}

static void test_failure_of_another_origin(void **state)
{
	struct waiter waiters[WAITERS];
	const struct error err = failure(ERROR_LIMITED, true);
	(void)state;
	assert_int_equal(lead(waiters, elsewhere, &err), 1);
}

/* A blob that one repository lacks, or denies to one login, may be available in another. */
static void test_failure_of_one_repository(void **state)
{
	static const enum error_kind kinds[] = {ERROR_MISSING, ERROR_DENIED, ERROR_CORRUPT};
	struct waiter waiters[WAITERS];
	(void)state;
	for (size_t i = 0; i < array_count(kinds); i++) {
		const struct error err = failure(kinds[i], true);
		assert_int_equal(lead(waiters, here, &err), 1);
	}
	struct error login = failure(ERROR_NETWORK, true);
	login.http_status = 401;
	assert_int_equal(lead(waiters, here, &login), 1);
}

static void test_failure_that_may_pass(void **state)
{
	struct waiter waiters[WAITERS];
	const struct error err = failure(ERROR_NETWORK, false);
	(void)state;
	assert_int_equal(lead(waiters, here, &err), 1);
}

/* A later claim, in another round for example, does not inherit the failure. */
static void test_failure_is_not_kept(void **state)
{
	struct inflight *inflight = inflight_new();
	const struct error err = failure(ERROR_UNAVAILABLE, true);
	struct error later;
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(inflight_claim(inflight, STR("key"), here, &later),
				 INFLIGHT_LEADS);
		inflight_failed(inflight, STR("key"), here, &err);
	}
	assert_int_equal(inflight_claim(inflight, STR("key"), here, &later), INFLIGHT_LEADS);
	inflight_drop(inflight, STR("key"));
	assert_int_equal(inflight_claim(inflight, STR("key"), here, &later), INFLIGHT_LEADS);
	inflight_done(inflight, STR("key"));
	assert_int_equal(inflight_claim(inflight, STR("key"), elsewhere, &later), INFLIGHT_DONE);
	assert_int_equal(inflight_claim(inflight, STR("other"), here, &later), INFLIGHT_LEADS);
	inflight_failed(inflight, STR("other"), here, &err);
	inflight_free(&inflight);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_failure_is_shared),
		cmocka_unit_test(test_failure_of_another_origin),
		cmocka_unit_test(test_failure_of_one_repository),
		cmocka_unit_test(test_failure_that_may_pass),
		cmocka_unit_test(test_failure_is_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
