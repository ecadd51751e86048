/* Places for blobs: what stays free for registries that hold none. */
#include "copy/share/slots.h"

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
	struct slots *slots;
	struct slots_lane *lane;
	atomic_int inside;
	pthread_t thread;
};

static void *enter(void *ctx)
{
	struct waiter *waiter = ctx;
	slots_enter(waiter->slots, waiter->lane);
	atomic_fetch_add(&waiter->inside, 1);
	return NULL;
}

static void pause_a_little(void)
{
	const struct timespec pause = {.tv_nsec = 30000000};
	nanosleep(&pause, NULL);
}

/* A slow pair takes what it gets; the others have their slots all the same. */
static void test_one_is_kept_for_each(void **state)
{
	scoped(slots_free) struct slots *slots = slots_new(5);
	struct waiter third = {.slots = slots};
	(void)state;
	assert_true(slots_expect(slots, "slow", "to", 9));
	assert_true(slots_expect(slots, "b", "to", 1));
	assert_true(slots_expect(slots, "c", "to", 1));
	assert_null(slots_find(slots, "b", "elsewhere"));
	struct slots_lane *slow = slots_find(slots, "slow", "to");
	struct slots_lane *b = slots_find(slots, "b", "to");
	struct slots_lane *c = slots_find(slots, "c", "to");
	for (int i = 0; i < 3; i++)
		slots_enter(slots, slow);
	third.lane = slow;
	assert_int_equal(pthread_create(&third.thread, NULL, enter, &third), 0);
	pause_a_little();
	assert_int_equal(third.inside, 0);
	slots_enter(slots, b);
	slots_enter(slots, c);
	slots_leave(slots, c);
	slots_done(slots, c);
	/* Nobody is without a slot now: the rest is for whoever comes. */
	pthread_join(third.thread, NULL);
	assert_int_equal(third.inside, 1);
	slots_leave(slots, b);
	for (int i = 0; i < 4; i++)
		slots_leave(slots, slow);
}

/* Alone, or without any others that wait, a pair has all of them. */
static void test_alone(void **state)
{
	scoped(slots_free) struct slots *slots = slots_new(3);
	(void)state;
	assert_true(slots_expect(slots, "a", "to", 2));
	assert_true(slots_expect(slots, "b", "to", 1));
	slots_done(slots, slots_find(slots, "b", "to"));
	struct slots_lane *a = slots_find(slots, "a", "to");
	for (int i = 0; i < 3; i++)
		slots_enter(slots, a);
	for (int i = 0; i < 3; i++)
		slots_leave(slots, a);
	slots_enter(slots, NULL);
	slots_leave(slots, NULL);
}

/* One slot is a serial run, whoever else waits. */
static void test_single(void **state)
{
	scoped(slots_free) struct slots *slots = slots_new(1);
	(void)state;
	assert_true(slots_expect(slots, "a", "to", 1));
	assert_true(slots_expect(slots, "b", "to", 1));
	struct slots_lane *a = slots_find(slots, "a", "to");
	slots_enter(slots, a);
	slots_leave(slots, a);
	slots_enter(slots, a);
	slots_leave(slots, a);
}

/* Those who share a slot wait together: the first one to get it has it for all. */
static void test_shared(void **state)
{
	scoped(slots_free) struct slots *slots = slots_new(2);
	bool held = false, other = false;
	(void)state;
	slots_enter(slots, NULL);
	assert_true(slots_share(slots, NULL, &held));
	assert_true(held);
	assert_false(slots_share(slots, NULL, &held)); /* although none is free */
	assert_false(slots_try(slots, NULL));
	slots_leave(slots, NULL);
	assert_true(slots_share(slots, NULL, &other));
	slots_leave(slots, NULL);
	slots_leave(slots, NULL);
}

/* A slot that was left is not for the pair that has some, while others have none. */
static void test_try(void **state)
{
	scoped(slots_free) struct slots *slots = slots_new(2);
	(void)state;
	assert_true(slots_expect(slots, "slow", "to", 2));
	assert_true(slots_expect(slots, "b", "to", 1));
	struct slots_lane *slow = slots_find(slots, "slow", "to");
	struct slots_lane *b = slots_find(slots, "b", "to");
	assert_true(slots_try(slots, slow));
	assert_false(slots_try(slots, slow));
	assert_true(slots_try(slots, b));
	slots_leave(slots, b);
	slots_done(slots, b);
	assert_true(slots_try(slots, slow));
	slots_leave(slots, slow);
	slots_leave(slots, slow);
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
