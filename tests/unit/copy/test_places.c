/* Places for blobs: what stays free for registries that hold none. */
#include "copy/share/places.h"

#include "base/scoped.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct waiter {
	struct places *places;
	struct places_lane *lane;
	atomic_int inside;
	pthread_t thread;
};

static void *enter(void *ctx)
{
	struct waiter *waiter = ctx;
	places_enter(waiter->places, waiter->lane);
	atomic_fetch_add(&waiter->inside, 1);
	return NULL;
}

static void pause_a_little(void)
{
	const struct timespec pause = {.tv_nsec = 30000000};
	nanosleep(&pause, NULL);
}

/* A slow pair takes what it gets; the others have their places all the same. */
static void test_one_is_kept_for_each(void **state)
{
	scoped(places_free) struct places *places = places_new(5);
	struct waiter third = {.places = places};
	(void)state;
	assert_true(places_expect(places, "slow", "to", 9));
	assert_true(places_expect(places, "b", "to", 1));
	assert_true(places_expect(places, "c", "to", 1));
	assert_null(places_find(places, "b", "elsewhere"));
	struct places_lane *slow = places_find(places, "slow", "to");
	struct places_lane *b = places_find(places, "b", "to");
	struct places_lane *c = places_find(places, "c", "to");
	for (int i = 0; i < 3; i++)
		places_enter(places, slow);
	third.lane = slow;
	assert_int_equal(pthread_create(&third.thread, NULL, enter, &third), 0);
	pause_a_little();
	assert_int_equal(third.inside, 0);
	places_enter(places, b);
	places_enter(places, c);
	places_leave(places, c);
	places_done(places, c);
	/* Nobody is without a place now: the rest is for whoever comes. */
	pthread_join(third.thread, NULL);
	assert_int_equal(third.inside, 1);
	places_leave(places, b);
	for (int i = 0; i < 4; i++)
		places_leave(places, slow);
}

/* Alone, or without any others that wait, a pair has all of them. */
static void test_alone(void **state)
{
	scoped(places_free) struct places *places = places_new(3);
	(void)state;
	assert_true(places_expect(places, "a", "to", 2));
	assert_true(places_expect(places, "b", "to", 1));
	places_done(places, places_find(places, "b", "to"));
	struct places_lane *a = places_find(places, "a", "to");
	for (int i = 0; i < 3; i++)
		places_enter(places, a);
	for (int i = 0; i < 3; i++)
		places_leave(places, a);
	places_enter(places, NULL);
	places_leave(places, NULL);
}

/* One place is a serial run, whoever else waits. */
static void test_single(void **state)
{
	scoped(places_free) struct places *places = places_new(1);
	(void)state;
	assert_true(places_expect(places, "a", "to", 1));
	assert_true(places_expect(places, "b", "to", 1));
	struct places_lane *a = places_find(places, "a", "to");
	places_enter(places, a);
	places_leave(places, a);
	places_enter(places, a);
	places_leave(places, a);
}

/* Those who share a place wait together: the first one to get it has it for all. */
static void test_shared(void **state)
{
	scoped(places_free) struct places *places = places_new(2);
	bool held = false, other = false;
	(void)state;
	places_enter(places, NULL);
	assert_true(places_share(places, NULL, &held));
	assert_true(held);
	assert_false(places_share(places, NULL, &held)); /* although none is free */
	assert_false(places_try(places, NULL));
	places_leave(places, NULL);
	assert_true(places_share(places, NULL, &other));
	places_leave(places, NULL);
	places_leave(places, NULL);
}

/* A place that was left is not for the pair that has some, while others have none. */
static void test_try(void **state)
{
	scoped(places_free) struct places *places = places_new(2);
	(void)state;
	assert_true(places_expect(places, "slow", "to", 2));
	assert_true(places_expect(places, "b", "to", 1));
	struct places_lane *slow = places_find(places, "slow", "to");
	struct places_lane *b = places_find(places, "b", "to");
	assert_true(places_try(places, slow));
	assert_false(places_try(places, slow));
	assert_true(places_try(places, b));
	places_leave(places, b);
	places_done(places, b);
	assert_true(places_try(places, slow));
	places_leave(places, slow);
	places_leave(places, slow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_is_kept_for_each),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_try),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
