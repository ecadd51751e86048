/* The worker pool: every index once, nesting, width, order. Made for ThreadSanitizer too. */
#include "base/pool.h"

#include "base/cancel.h"
#include "base/scoped.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { OUTER = 20, MIDDLE = 5, INNER = 7 };

struct work {
	struct pool *pool;
	atomic_int calls[OUTER * MIDDLE * INNER];
	atomic_int working, most; /* threads inside a leaf, and the highest number seen */
	size_t order[OUTER];
	size_t ordered;
};

struct part {
	struct work *work;
	size_t base;
};

static void short_sleep(void)
{
	const struct timespec pause = {.tv_nsec = 200000};
	nanosleep(&pause, NULL);
}

static void count_leaf(struct work *work, size_t index)
{
	int now = atomic_fetch_add(&work->working, 1) + 1;
	int most = atomic_load(&work->most);
	while (now > most && !atomic_compare_exchange_weak(&work->most, &most, now))
		;
	atomic_fetch_add(&work->calls[index], 1);
	short_sleep();
	atomic_fetch_sub(&work->working, 1);
}

static void leaf(void *ctx, size_t index)
{
	struct part *part = ctx;
	count_leaf(part->work, part->base * INNER + index);
}

static void middle(void *ctx, size_t index)
{
	struct part *part = ctx;
	struct part deeper = {part->work, part->base * MIDDLE + index};
	pool_each(part->work->pool, INNER, leaf, &deeper);
}

static void outer(void *ctx, size_t index)
{
	struct part part = {ctx, index};
	pool_each(part.work->pool, MIDDLE, middle, &part);
}

/* Images, children and blobs: three loops inside each other, with fewer threads than loops. */
static void test_nested(void **state)
{
	static const unsigned widths[] = {1, 2, 3, 8, 32};
	(void)state;
	for (size_t w = 0; w < array_count(widths); w++) {
		scoped(pool_free) struct pool *pool = pool_new(widths[w]);
		struct work work = {.pool = pool};
		pool_each(pool, OUTER, outer, &work);
		for (size_t i = 0; i < array_count(work.calls); i++)
			if (work.calls[i] != 1)
				fail_msg("width %u: index %zu ran %d times", widths[w], i,
					 work.calls[i]);
		assert_int_equal(work.working, 0);
		assert_in_range(work.most, 1, widths[w]);
		if (widths[w] >= 8)
			assert_true(work.most > 1);
	}
}

static void note_order(void *ctx, size_t index)
{
	struct work *work = ctx;
	work->order[work->ordered++] = index;
}

static void test_serial_order(void **state)
{
	static const unsigned widths[] = {0, 1};
	(void)state;
	for (size_t w = 0; w < array_count(widths); w++) {
		scoped(pool_free) struct pool *pool = pool_new(widths[w]);
		struct work work = {.pool = pool};
		pool_each(pool, OUTER, note_order, &work);
		assert_int_equal(work.ordered, OUTER);
		for (size_t i = 0; i < OUTER; i++)
			assert_int_equal(work.order[i], i);
	}
}

/* When pool_each() returns, what the calls wrote can be read without any lock. */
static void write_plain(void *ctx, size_t index)
{
	((size_t *)ctx)[index] = index + 1;
}

static void test_results_visible(void **state)
{
	size_t results[500] = {0};
	scoped(pool_free) struct pool *pool = pool_new(4);
	(void)state;
	for (int round = 0; round < 50; round++) {
		pool_each(pool, array_count(results), write_plain, results);
		for (size_t i = 0; i < array_count(results); i++) {
			assert_int_equal(results[i], i + 1);
			results[i] = 0;
		}
	}
}

static void never(void *ctx, size_t index)
{
	(void)ctx;
	(void)index;
	abort();
}

static void test_nothing(void **state)
{
	struct pool *none = NULL;
	scoped(pool_free) struct pool *pool = pool_new(4);
	(void)state;
	pool_each(pool, 0, never, NULL);
	pool_free(&none);
}

/* Several threads may use one pool at the same time. */
static void *use_pool(void *ctx)
{
	size_t results[100] = {0};
	size_t sum = 0;
	for (int round = 0; round < 20; round++)
		pool_each(ctx, array_count(results), write_plain, results);
	for (size_t i = 0; i < array_count(results); i++)
		sum += results[i];
	return sum == 5050 ? ctx : NULL;
}

static void test_several_callers(void **state)
{
	scoped(pool_free) struct pool *pool = pool_new(3);
	pthread_t threads[4];
	(void)state;
	for (size_t i = 0; i < array_count(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_pool, pool), 0);
	for (size_t i = 0; i < array_count(threads); i++) {
		void *result = NULL;
		pthread_join(threads[i], &result);
		assert_ptr_equal(result, pool);
	}
}

struct meeting {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int present;
};

/* Returns only when all are inside at the same time; gives up after five seconds. */
static void meet(void *ctx, size_t index)
{
	struct meeting *meeting = ctx;
	struct timespec limit;
	(void)index;
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 5;
	pthread_mutex_lock(&meeting->lock);
	meeting->present++;
	pthread_cond_broadcast(&meeting->changed);
	while (meeting->present < 6 &&
	       pthread_cond_timedwait(&meeting->changed, &meeting->lock, &limit) == 0)
		;
	pthread_mutex_unlock(&meeting->lock);
}

/* A pool of width 6 really runs six calls at once, the caller's included. */
static void test_full_width(void **state)
{
	struct meeting meeting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
	scoped(pool_free) struct pool *pool = pool_new(6);
	struct timespec start, end;
	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &start);
	pool_each(pool, 6, meet, &meeting);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_int_equal(meeting.present, 6);
	assert_true(end.tv_sec - start.tv_sec < 5);
}

/* --- calls that can fail --------------------------------------------------------------------- */

struct trial {
	atomic_int calls;
	size_t bad;  /* from this index on calls fail */
	size_t stop; /* this call asks the run to stop */
};

static bool try_it(void *ctx, size_t index, struct error *err)
{
	struct trial *trial = ctx;
	atomic_fetch_add(&trial->calls, 1);
	if (index == trial->stop)
		cancel_now(SIGTERM);
	return index < trial->bad || error_set(err, ERROR_DENIED, "call %zu", index);
}

static void test_try(void **state)
{
	struct pool *serial = pool_new(1), *wide = pool_new(8);
	struct trial trial = {.bad = OUTER, .stop = SIZE_MAX};
	struct error err = {0};
	(void)state;
	assert_true(pool_try(serial, 0, try_it, &trial, &err));
	assert_true(pool_try(wide, OUTER, try_it, &trial, &err));
	assert_int_equal(trial.calls, OUTER);
	trial = (struct trial){.bad = 3, .stop = SIZE_MAX};
	assert_false(pool_try(serial, OUTER, try_it, &trial, &err));
	assert_int_equal(trial.calls, 4);
	assert_string_equal(err.text, "call 3");
	trial = (struct trial){.bad = 0, .stop = SIZE_MAX};
	assert_false(pool_try(wide, OUTER, try_it, &trial, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_in_range(trial.calls, 1, 8);
	pool_free(&serial);
	pool_free(&wide);
}

/* One of several runs that share a pool. */
struct one_run {
	struct pool *pool;
	struct cancel cancel;
	bool stopped;
	atomic_int right;
};

static void look_inside(void *ctx, size_t index)
{
	struct one_run *run = ctx;
	(void)index;
	if (cancel_current() == &run->cancel && cancel_requested() == run->stopped)
		atomic_fetch_add(&run->right, 1);
}

static void look(void *ctx, size_t index)
{
	struct one_run *run = ctx;
	look_inside(ctx, index);
	pool_each(run->pool, INNER, look_inside, ctx);
}

static void *begin_run(void *ctx)
{
	struct one_run *run = ctx;
	cancel_open(&run->cancel, 0);
	cancel_enter(&run->cancel);
	if (run->stopped)
		cancel_run(&run->cancel);
	pool_each(run->pool, OUTER, look, run);
	if (cancel_enter(NULL) == &run->cancel)
		atomic_fetch_add(&run->right, 1);
	cancel_close(&run->cancel);
	return NULL;
}

/* Whoever helps works for the run of the loop, and afterwards for none. */
static void test_runs_that_share(void **state)
{
	enum { RUNS = 6 };
	scoped(pool_free) struct pool *pool = pool_new(4);
	struct one_run runs[RUNS];
	pthread_t threads[RUNS];
	(void)state;
	for (int i = 0; i < RUNS; i++) {
		runs[i] = (struct one_run){.pool = pool, .stopped = i % 2};
		assert_int_equal(pthread_create(&threads[i], NULL, begin_run, &runs[i]), 0);
	}
	for (int i = 0; i < RUNS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(runs[i].right, OUTER * (INNER + 1) + 1);
	}
	struct one_run none = {.pool = pool};
	pool_each(pool, OUTER, look, &none);
	assert_int_equal(none.right, 0);
	assert_null(cancel_current());
}

/* Comes last, since a signal is for good. */
static void test_try_when_stopped(void **state)
{
	struct pool *serial = pool_new(1);
	struct trial trial = {.bad = OUTER, .stop = 2};
	struct error err = {0};
	(void)state;
	assert_false(pool_try(serial, OUTER, try_it, &trial, &err));
	assert_int_equal(err.kind, ERROR_CANCELED);
	assert_int_equal(trial.calls, 3);
	trial = (struct trial){.bad = OUTER, .stop = SIZE_MAX};
	assert_false(pool_try(serial, OUTER, try_it, &trial, &err));
	assert_int_equal(trial.calls, 0);
	pool_free(&serial);
}

static void note_nothing(void *ctx, size_t index)
{
	(void)ctx;
	(void)index;
}

/* How many threads this process has. */
static size_t threads(void)
{
	size_t count = 0;
	DIR *folder = opendir("/proc/self/task");
	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2; /* the folder itself, and the one above it */
}

static void one_deep(void *ctx, size_t index)
{
	(void)index;
	pool_each(ctx, 1, note_nothing, ctx);
}

/* A thread costs more than a request: there are no more than calls that can run side by side. */
static void test_threads_on_demand(void **state)
{
	const size_t before = threads();
	scoped(pool_free) struct pool *pool = pool_new(16);
	(void)state;
	assert_int_equal(threads(), before);
	pool_each(pool, 1, note_nothing, NULL);
	pool_each(pool, 1, one_deep, pool);
	assert_int_equal(threads(), before);
	pool_each(pool, 3, note_nothing, NULL);
	/* ThreadSanitizer has one of its own beside the first. */
	assert_in_range(threads() - before, 2, 3);
	pool_each(pool, 1000, note_nothing, NULL);
	assert_in_range(threads() - before, 15, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_on_demand), cmocka_unit_test(test_nested),
		cmocka_unit_test(test_serial_order),      cmocka_unit_test(test_results_visible),
		cmocka_unit_test(test_nothing),           cmocka_unit_test(test_several_callers),
		cmocka_unit_test(test_full_width),        cmocka_unit_test(test_try),
		cmocka_unit_test(test_runs_that_share),   cmocka_unit_test(test_try_when_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
