/* Claims: one leads, the others take what it left, also its failure where it would be theirs. */
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
	const void *origin;
	atomic_int *entered;
	atomic_int *led;
	enum inflight_role role;
	const char *place;
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
	waiter->role = inflight_claim(waiter->inflight, STR("key"), waiter->origin, &waiter->place,
				      &waiter->err);
	if (waiter->role == INFLIGHT_LEADS) {
		atomic_fetch_add(waiter->led, 1);
		inflight_end(waiter->inflight, STR("key"), "moved", waiter->origin, NULL);
	}
	return NULL;
}

/* A leader that ends as told, while WAITERS others wait; how many of them had to lead. */
static int lead(struct waiter *waiters, const void *origin, const char *place,
		const struct error *err)
{
	struct inflight *inflight = inflight_new();
	const struct timespec pause = {.tv_nsec = 50000000};
	atomic_int entered = 0;
	atomic_int led = 0;
	const char *found;
	struct error none;
	assert_non_null(inflight);
	assert_int_equal(inflight_claim(inflight, STR("key"), here, &found, &none), INFLIGHT_LEADS);
	assert_null(found);
	for (size_t i = 0; i < WAITERS; i++) {
		waiters[i] = (struct waiter){
			.inflight = inflight, .origin = origin, .entered = &entered, .led = &led};
		assert_int_equal(pthread_create(&waiters[i].thread, NULL, claim, &waiters[i]), 0);
	}
	while (atomic_load(&entered) < WAITERS)
		nanosleep(&pause, NULL);
	nanosleep(&pause, NULL);
	inflight_end(inflight, STR("key"), place, here, err);
	for (size_t i = 0; i < WAITERS; i++)
		pthread_join(waiters[i].thread, NULL);
	if (place)
		assert_string_equal(waiters[0].place, place);
	inflight_free(&inflight);
	assert_null(inflight);
	return atomic_load(&led);
}

static void test_done(void **state)
{
	struct waiter waiters[WAITERS];
	(void)state;
	assert_int_equal(lead(waiters, here, "here", NULL), 0);
	for (size_t i = 0; i < WAITERS; i++)
		assert_int_equal(waiters[i].role, INFLIGHT_DONE);
}

/* What was tried often enough fails for everybody who waited for it. */
static void test_failure_is_shared(void **state)
{
	struct waiter waiters[WAITERS];
	struct error err = failure(ERROR_LIMITED, true);
	(void)state;
	err.retry_after = 999;
	assert_int_equal(lead(waiters, here, NULL, &err), 0);
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
	assert_int_equal(lead(waiters, elsewhere, NULL, &err), 1);
}

/* What one repository lacks, or one login may not do, another one may have and do. */
static void test_failure_of_one_repository(void **state)
{
	static const enum error_kind kinds[] = {ERROR_MISSING, ERROR_DENIED, ERROR_CORRUPT};
	struct waiter waiters[WAITERS];
	(void)state;
	for (size_t i = 0; i < array_count(kinds); i++) {
		const struct error err = failure(kinds[i], true);
		assert_int_equal(lead(waiters, here, NULL, &err), 1);
	}
	struct error login = failure(ERROR_NETWORK, true);
	login.http_status = 401;
	assert_int_equal(lead(waiters, here, NULL, &login), 1);
}

static void test_failure_that_may_pass(void **state)
{
	struct waiter waiters[WAITERS];
	const struct error err = failure(ERROR_NETWORK, false);
	(void)state;
	assert_int_equal(lead(waiters, here, NULL, &err), 1);
}

/* A claim that begins later, in another round for example, starts afresh. */
static void test_failure_is_not_kept(void **state)
{
	struct inflight *inflight = inflight_new();
	const struct error err = failure(ERROR_UNAVAILABLE, true);
	struct error later;
	const char *place;
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(inflight_claim(inflight, STR("key"), here, &place, &later),
				 INFLIGHT_LEADS);
		inflight_end(inflight, STR("key"), NULL, here, &err);
	}
	assert_int_equal(inflight_claim(inflight, STR("key"), here, &place, &later),
			 INFLIGHT_LEADS);
	inflight_end(inflight, STR("key"), "at last", here, NULL);
	assert_int_equal(inflight_claim(inflight, STR("key"), elsewhere, &place, &later),
			 INFLIGHT_DONE);
	assert_string_equal(place, "at last");
	assert_int_equal(inflight_claim(inflight, STR("other"), here, &place, &later),
			 INFLIGHT_LEADS);
	inflight_end(inflight, STR("other"), NULL, here, &err);
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
