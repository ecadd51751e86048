/* When a server counts as out of reach, with a clock of the test's. */
#include "net/outage.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PATHS = 50 };

/* How every exchange with a server ends, when it is given up, and after how many tries. */
static const struct {
	const char *name;
	int64_t takes_ms;
	unsigned weight;
	bool early;
	int64_t over_ms; /* between half of it and it */
	unsigned tries;  /* at most */
} rows[] = {
	{"reset at connect", 1, 1, true, 12000, 12},
	{"reset after the request", 1, 1, false, 12000, 12},
	{"a name that is none", 20, 3, true, 4000, 4},
	{"a name server that is silent", 5000, 3, true, 18000, 4},
	{"a certificate", 10, OUTAGE_LASTING, true, 60, 3},
	{"silence at connect", OUTAGE_CONNECT_MS, 1, true, 18000, 2},
	{"silence instead of an answer", OUTAGE_FIRST_MS, 1, false, 18000, 2},
};

/* One try of a request for path. Returns the verdict; *now is when it ended. */
static enum outage_verdict lose(struct outage *outage, size_t row, uint64_t path, int64_t *now)
{
	*now += outage_wait(outage, *now);
	struct outage_failure failure = {.began_ms = *now,
					 .silent_ms =
						 rows[row].takes_ms > 1000 ? rows[row].takes_ms : 0,
					 .path = path,
					 .early = rows[row].early,
					 .weight = rows[row].weight};
	outage_began(outage, *now);
	*now += rows[row].takes_ms;
	return outage_failed(outage, *now, &failure);
}

static void test_a_server_that_is_not_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct outage outage = {0};
		int64_t now = 1000, begun = now;
		unsigned tries = 0;
		while (!outage.over && tries < 100)
			lose(&outage, i, tries++ % PATHS, &now);
		if (tries > rows[i].tries || now - begun > rows[i].over_ms ||
		    now - begun < rows[i].over_ms / 2)
			fail_msg("%s: %u tries in %lld ms", rows[i].name, tries,
				 (long long)(now - begun));
		outage_forgive(&outage);
		assert_false(outage.over);
		assert_int_equal(outage_wait(&outage, now), 0);
		assert_int_equal(outage_patience(&outage), OUTAGE_AGAIN_MS);
	}
}

/* A path that never works costs its own requests, and the server only when others fail, too. */
static void test_one_bad_path(void **state)
{
	struct outage outage = {0};
	int64_t now = 1000;
	unsigned tries = 0;
	(void)state;
	while (lose(&outage, 1, 7, &now) != OUTAGE_ENOUGH)
		assert_true(++tries < OUTAGE_LIMIT);
	assert_false(outage.over);
	assert_int_equal(lose(&outage, 1, 7, &now), OUTAGE_ENOUGH);
	assert_int_equal(lose(&outage, 1, 8, &now), OUTAGE_WAIT);
	outage_answered(&outage, now);
	assert_int_equal(outage_wait(&outage, now), 0);
	assert_int_equal(lose(&outage, 1, 7, &now), OUTAGE_NONE);

	outage = (struct outage){0};
	while (lose(&outage, 1, 7, &now) != OUTAGE_ENOUGH)
		;
	for (tries = 1; lose(&outage, 1, 8, &now) != OUTAGE_OVER; tries++)
		;
	assert_in_range(tries, 3, 6);
}

/* What has answered gets half a minute from then on. */
static void test_a_server_that_goes_away(void **state)
{
	struct outage outage = {0};
	int64_t now = 1000;
	unsigned tries = 1;
	(void)state;
	assert_int_equal(outage_patience(&outage), OUTAGE_FIRST_MS);
	outage_answered(&outage, now);
	assert_int_equal(outage_patience(&outage), 0);
	while (lose(&outage, 0, tries % PATHS, &now) != OUTAGE_OVER)
		tries++;
	assert_in_range(now, OUTAGE_KNOWN_MS, OUTAGE_KNOWN_MS + 5000);
	assert_in_range(tries, OUTAGE_LIMIT, 40);
	outage_answered(&outage, now);
	assert_false(outage.over);
}

/* Thirty connections that break in one moment are one failure, in whatever order it is told. */
static void test_one_moment(void **state)
{
	struct outage outage = {0};
	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		struct outage_failure failure = {.began_ms = 500 + i, .path = i, .weight = 1};
		assert_int_equal(outage_failed(&outage, 1000 + i, &failure), OUTAGE_NONE);
	}
	assert_int_equal(outage.weight, 1);
	assert_true(outage.several);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 11;
}

/*
 * A network that loses three connections in ten, at a server that is well: a hundred thousand
 * requests, one after the other, each tried again and again.
 */
static void test_a_bad_network(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct outage outage = {0};
		uint64_t random = seed * 0x9e3779b97f4a7c15;
		int64_t now = 1000;
		for (unsigned i = 0; i < 100000; i++) {
			if (next_random(&random) % 10 >= 3)
				outage_answered(&outage, ++now);
			else if (lose(&outage, i % 2, i % PATHS, &now) >= OUTAGE_ENOUGH)
				fail_msg("given up by seed %llu after %u requests",
					 (unsigned long long)seed, i);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_server_that_is_not_there),
		cmocka_unit_test(test_one_bad_path),
		cmocka_unit_test(test_a_server_that_goes_away),
		cmocka_unit_test(test_one_moment),
		cmocka_unit_test(test_a_bad_network),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
