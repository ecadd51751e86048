/* Slots for blobs: how many stay free for pairs of registries that hold none. */
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

/* A slow pair takes all the slots that it can get, and the others still get theirs. */
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
	/* No pair is without a slot now: the others are for the first that asks. */
	pthread_join(third.thread, NULL);
	assert_int_equal(third.inside, 1);
	slots_leave(slots, b);
	for (int i = 0; i < 4; i++)
		slots_leave(slots, slow);
}

/* A pair that is alone, or next to pairs that are done, has all slots. */
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

/* With one slot the run is serial, even when another pair waits. */
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

/* Threads that share a slot wait together: the first that gets it has it for all. */
static void test_shared(void **state)
{
	scoped(slots_free) struct slots *slots = slots_new(2);
	bool taken = false, other = false;
	(void)state;
	slots_enter(slots, NULL);
	assert_true(slots_share(slots, NULL, &taken));
	assert_true(taken);
	assert_false(slots_share(slots, NULL, &taken)); /* although none is free */
	assert_false(slots_try(slots, NULL));
	slots_leave(slots, NULL);
	assert_true(slots_share(slots, NULL, &other));
	slots_leave(slots, NULL);
	slots_leave(slots, NULL);
}

/* A slot that becomes free is not for a pair that holds one, while another holds none. */
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
