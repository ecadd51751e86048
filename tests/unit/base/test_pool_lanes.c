/* Lanes of the worker pool: which number begins next. Made for ThreadSanitizer too. */
#include "base/pool.h"

#include "base/scoped.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* Calls of one lane hang until the other lane is through. */
struct hanging {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct pool *pool;
	int quick, hung; /* calls that ended; that hang or hung */
	bool late;
};

enum { SLOW_LANE = 50, QUICK_LANE = 50 };

static void leave_at_once(void *ctx, size_t index)
{
	(void)ctx;
	(void)index;
}

static void hang_or_run(void *ctx, size_t number)
{
	struct hanging *hanging = ctx;
	struct timespec limit;
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 30;
	if (number >= SLOW_LANE)
		pool_each(hanging->pool, 3, leave_at_once, NULL);
	pthread_mutex_lock(&hanging->lock);
	hanging->hung += number < SLOW_LANE;
	while (number < SLOW_LANE && hanging->quick < QUICK_LANE && !hanging->late)
		if (pthread_cond_timedwait(&hanging->changed, &hanging->lock, &limit) != 0)
			hanging->late = true;
	hanging->quick += number >= SLOW_LANE;
	pthread_cond_broadcast(&hanging->changed);
	pthread_mutex_unlock(&hanging->lock);
}

/*
 * Whoever hangs on one party leaves threads to the other, even where each of its calls belongs
 * together with one of the other's.
 */
static void hang(const unsigned *groups)
{
	struct hanging hanging = {.lock = PTHREAD_MUTEX_INITIALIZER,
				  .changed = PTHREAD_COND_INITIALIZER};
	scoped(pool_free) struct pool *pool = pool_new(6);
	struct pool_party from = {0}, slow = {0}, quick = {0};
	size_t numbers[SLOW_LANE + QUICK_LANE];
	for (size_t i = 0; i < array_count(numbers); i++)
		numbers[i] = i;
	const struct pool_lane lanes[] = {
		{numbers, groups, SLOW_LANE, {&from, &slow}},
		{numbers + SLOW_LANE, groups, QUICK_LANE, {&from, &quick}},
	};
	hanging.pool = pool;
	assert_true(pool_lanes(pool, lanes, 2, hang_or_run, &hanging));
	assert_false(hanging.late);
	assert_int_equal(hanging.quick, QUICK_LANE);
	assert_int_equal(hanging.hung, SLOW_LANE);
	assert_int_equal(slow.busy, 0);
	assert_int_equal(quick.busy, 0);
}

static void test_lanes(void **state)
{
	unsigned groups[SLOW_LANE];
	(void)state;
	hang(NULL);
	for (unsigned i = 0; i < array_count(groups); i++)
		groups[i] = i + 1;
	hang(groups);
}

struct order {
	size_t numbers[16];
	size_t count;
};

static void note_order(void *ctx, size_t number)
{
	struct order *order = ctx;
	order->numbers[order->count++] = number;
}

/* One thread: the order of the numbers, whatever lane they are in. */
static void test_lanes_serial(void **state)
{
	static const size_t odd[] = {1, 3, 4, 9}, even[] = {0, 2, 7};
	scoped(pool_free) struct pool *pool = pool_new(1);
	struct pool_party a = {0}, b = {0}, shared = {0};
	const struct pool_lane lanes[] = {{odd, NULL, 4, {&a, &shared}},
					  {even, NULL, 3, {&b, &shared}}};
	static const size_t expected[] = {0, 1, 2, 3, 4, 7, 9};
	struct order order = {0};
	(void)state;
	assert_true(pool_lanes(pool, lanes, 2, note_order, &order));
	assert_int_equal(order.count, array_count(expected));
	assert_memory_equal(order.numbers, expected, sizeof(expected));
	assert_true(pool_lanes(pool, lanes, 0, note_order, &order));
}

enum { MARCHING_LANES = 3, MARCHING_LANE = 8 };

struct marching {
	pthread_barrier_t both;
	atomic_size_t begun;
	atomic_int ahead; /* calls that came before those of lower numbers */
};

static void march(void *ctx, size_t number)
{
	struct marching *marching = ctx;
	size_t begun = atomic_fetch_add(&marching->begun, 1);
	marching->ahead += number > begun + 1;
	pthread_barrier_wait(&marching->both);
}

/* Several threads: of lanes that are equally busy, none gets ahead of the others. */
static void test_lanes_together(void **state)
{
	struct marching marching = {.ahead = 0};
	scoped(pool_free) struct pool *pool = pool_new(2);
	size_t numbers[MARCHING_LANES][MARCHING_LANE];
	struct pool_lane lanes[MARCHING_LANES];
	(void)state;
	for (size_t i = 0; i < MARCHING_LANES; i++) {
		for (size_t j = 0; j < MARCHING_LANE; j++)
			numbers[i][j] = j * MARCHING_LANES + i;
		lanes[i] = (struct pool_lane){.numbers = numbers[i], .n = MARCHING_LANE};
	}
	pthread_barrier_init(&marching.both, NULL, 2);
	assert_true(pool_lanes(pool, lanes, MARCHING_LANES, march, &marching));
	pthread_barrier_destroy(&marching.both);
	assert_int_equal(marching.begun, MARCHING_LANES * MARCHING_LANE);
	assert_int_equal(marching.ahead, 0);
}

enum { BAND = 3, PARTS = 20 };

/* Two groups, one after the other: numbers 0 to 2, and 3 to 5. */
struct bands {
	struct pool *pool;
	pthread_barrier_t first; /* the first group has begun */
	pthread_barrier_t parts; /* the first number of the second one has parts to give away */
	atomic_int begun;        /* numbers of the second group */
	atomic_int early;        /* parts that others did before all of these had begun */
};

/* The caller does the first part, and holds on to it until its group is complete. */
static void do_part(void *ctx, size_t index)
{
	struct bands *bands = ctx;
	if (index)
		bands->early += bands->begun < BAND;
	else
		pthread_barrier_wait(&bands->parts);
	while (!index && bands->begun < BAND)
		sched_yield();
}

static void play(void *ctx, size_t number)
{
	struct bands *bands = ctx;
	if (number < BAND)
		pthread_barrier_wait(&bands->first);
	else if (bands->begun++ == 0)
		pool_each(bands->pool, PARTS, do_part, bands);
	if (number < BAND && number > 0)
		pthread_barrier_wait(&bands->parts);
}

/* What belongs to a group that has begun comes before the parts of the one that began it. */
static void test_groups(void **state)
{
	static const size_t numbers[BAND][2] = {{0, 3}, {1, 4}, {2, 5}};
	static const unsigned groups[] = {1, 2};
	struct pool_party from = {0}, to = {0};
	struct pool_lane lanes[BAND];
	scoped(pool_free) struct pool *pool = pool_new(BAND);
	struct bands bands = {.pool = pool};
	(void)state;
	for (size_t i = 0; i < BAND; i++)
		lanes[i] = (struct pool_lane){numbers[i], groups, 2, {&from, &to}};
	pthread_barrier_init(&bands.first, NULL, BAND);
	pthread_barrier_init(&bands.parts, NULL, BAND);
	assert_true(pool_lanes(pool, lanes, BAND, play, &bands));
	pthread_barrier_destroy(&bands.first);
	pthread_barrier_destroy(&bands.parts);
	assert_int_equal(bands.begun, BAND);
	assert_int_equal(bands.early, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_lanes_serial),
		cmocka_unit_test(test_lanes_together),
		cmocka_unit_test(test_groups),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
