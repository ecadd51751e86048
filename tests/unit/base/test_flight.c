/* One leads, the others wait: what they take of its result, and of its failure. */
#include "base/flight.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

enum { WAITERS = 5, SHORT_MS = 60, LONG_MS = 3600000 };

static const struct timespec pause = {.tv_nsec = 30000000};

static const char mine[] = "mine", other[] = "other";

struct shared {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct flight flight;
	atomic_int entered;
	const void *cause; /* of the waiters */
};

struct waiter {
	pthread_t thread;
	struct shared *shared;
	enum flight_turn turn;
	struct error err;
};

static enum flight_turn board(struct shared *shared, const void *cause, struct error *err)
{
	pthread_mutex_lock(&shared->lock);
	enum flight_turn turn =
		flight_board(&shared->flight, &shared->changed, &shared->lock, cause, err);
	pthread_mutex_unlock(&shared->lock);
	return turn;
}

/* Who has to lead in its turn lands. */
static void *wait_for_it(void *ctx)
{
	struct waiter *waiter = ctx;
	struct shared *shared = waiter->shared;
	atomic_fetch_add(&shared->entered, 1);
	waiter->turn = board(shared, shared->cause, &waiter->err);
	if (waiter->turn != FLIGHT_LEAD)
		return NULL;
	pthread_mutex_lock(&shared->lock);
	flight_land(&shared->flight, &shared->changed);
	pthread_mutex_unlock(&shared->lock);
	return NULL;
}

enum ending { LAND, FAIL, DROP, GROUND };

/*
 * Ends a lead while others wait, by one of the endings; counts how often each turn came up among
 * them.
 */
static void lead(struct arena *arena, struct shared *shared, enum ending ending,
		 enum flight_share share, int turns[3])
{
	struct waiter waiters[WAITERS];
	struct error failure;
	for (size_t i = 0; i < WAITERS; i++) {
		waiters[i] = (struct waiter){.shared = shared};
		assert_int_equal(pthread_create(&waiters[i].thread, NULL, wait_for_it, &waiters[i]),
				 0);
	}
	while (atomic_load(&shared->entered) < WAITERS)
		nanosleep(&pause, NULL);
	nanosleep(&pause, NULL);
	error_set(&failure, ERROR_LIMITED, "no luck");
	failure.retry_after = 99;
	pthread_mutex_lock(&shared->lock);
	if (ending == GROUND)
		flight_ground(&shared->flight, arena, LONG_MS, &failure);
	if (ending == LAND)
		flight_land(&shared->flight, &shared->changed);
	else if (ending == DROP || ending == GROUND)
		flight_drop(&shared->flight, &shared->changed);
	else
		flight_fail(&shared->flight, &shared->changed, arena, share, mine, &failure);
	pthread_mutex_unlock(&shared->lock);
	for (size_t i = 0; i < WAITERS; i++) {
		pthread_join(waiters[i].thread, NULL);
		turns[waiters[i].turn]++;
		if (waiters[i].turn == FLIGHT_FAILED) {
			assert_int_equal(waiters[i].err.retry_after, 99);
			assert_string_equal(waiters[i].err.text, "no luck");
		}
	}
}

/* Leads for the first time, or once more, since what landed is stale. */
static void take_off(struct shared *shared, bool stale)
{
	struct error none;
	assert_int_equal(board(shared, mine, &none), FLIGHT_LEAD);
	if (!stale)
		return;
	pthread_mutex_lock(&shared->lock);
	flight_land(&shared->flight, &shared->changed);
	assert_int_equal(
		flight_board(&shared->flight, &shared->changed, &shared->lock, mine, &none),
		FLIGHT_LANDED);
	assert_int_equal(flight_again(&shared->flight), FLIGHT_LEAD);
	assert_true(shared->flight.flying && shared->flight.landed);
	pthread_mutex_unlock(&shared->lock);
}

static void check_one(bool stale, enum ending ending, enum flight_share share, const void *cause,
		      const int expected[3], enum flight_turn later)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER,
				.changed = PTHREAD_COND_INITIALIZER,
				.cause = cause};
	struct error err;
	int turns[3] = {0};
	take_off(&shared, stale);
	lead(arena, &shared, ending, share, turns);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(turns[i], expected[i]);
	assert_int_equal(board(&shared, cause, &err), later);
	if (later == FLIGHT_FAILED) {
		assert_string_equal(err.text, "no luck");
		flight_forgive(&shared.flight);
		assert_int_equal(board(&shared, cause, &err), FLIGHT_LEAD);
	}
	pthread_cond_destroy(&shared.changed);
	pthread_mutex_destroy(&shared.lock);
}

/* A flight that replaces a stale result ends like a first one. */
static void check(enum ending ending, enum flight_share share, const void *cause,
		  const int expected[3], enum flight_turn later)
{
	check_one(false, ending, share, cause, expected, later);
	check_one(true, ending, share, cause, expected, later);
}

static void test_ends(void **state)
{
	static const int all_landed[] = {0, WAITERS, 0}, all_failed[] = {0, 0, WAITERS},
			 one_leads[] = {1, WAITERS - 1, 0};
	(void)state;
	check(LAND, FLIGHT_OWN, mine, all_landed, FLIGHT_LANDED);
	check(LAND, FLIGHT_OWN, other, all_landed, FLIGHT_LANDED);
	check(DROP, FLIGHT_OWN, mine, one_leads, FLIGHT_LANDED);
	check(FAIL, FLIGHT_OWN, mine, one_leads, FLIGHT_LANDED);
	check(FAIL, FLIGHT_WAITING, other, one_leads, FLIGHT_LANDED);
	check(FAIL, FLIGHT_WAITING, mine, all_failed, FLIGHT_LEAD);
	check(FAIL, FLIGHT_ALL, mine, all_failed, FLIGHT_FAILED);
	check(GROUND, FLIGHT_OWN, NULL, all_failed, FLIGHT_FAILED);
}

/* A failure that only concerned those who waited is not handed to whoever comes later. */
static void test_an_old_failure_is_not_new(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER,
				.changed = PTHREAD_COND_INITIALIZER};
	struct error err, failure;
	(void)state;
	error_set(&failure, ERROR_NETWORK, "lost");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(board(&shared, mine, &err), FLIGHT_LEAD);
		flight_fail(&shared.flight, &shared.changed, arena, FLIGHT_WAITING, mine, &failure);
	}
	assert_int_equal(board(&shared, mine, &err), FLIGHT_LEAD);
	flight_land(&shared.flight, &shared.changed);
	assert_int_equal(board(&shared, mine, &err), FLIGHT_LANDED);
	assert_int_equal(board(&shared, other, &err), FLIGHT_LANDED);
}

/* A failure for a while is the answer until its time is over; a lead or a result is not hurt. */
static void test_grounded_for_a_while(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER,
				.changed = PTHREAD_COND_INITIALIZER};
	struct error err, failure;
	int64_t start = clock_ms();
	(void)state;
	error_set(&failure, ERROR_UNREACHABLE, "nobody there");
	flight_ground(&shared.flight, arena, SHORT_MS, &failure);
	for (int i = 0; i < 1000 && board(&shared, NULL, &err) == FLIGHT_FAILED; i++)
		nanosleep(&pause, NULL);
	assert_true(shared.flight.flying);
	assert_true(clock_ms() - start >= SHORT_MS);
	flight_ground(&shared.flight, arena, LONG_MS, &failure);
	assert_true(shared.flight.flying);
	flight_drop(&shared.flight, &shared.changed);
	assert_int_equal(board(&shared, NULL, &err), FLIGHT_FAILED);
	flight_forgive(&shared.flight);
	assert_int_equal(board(&shared, NULL, &err), FLIGHT_LEAD);
	flight_land(&shared.flight, &shared.changed);
	flight_ground(&shared.flight, arena, LONG_MS, &failure);
	assert_int_equal(board(&shared, NULL, &err), FLIGHT_LANDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_an_old_failure_is_not_new),
		cmocka_unit_test(test_grounded_for_a_while),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
