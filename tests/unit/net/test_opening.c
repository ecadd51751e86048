/* How long a thread waits for a connection before it opens one. */
#include "net/opening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	const char *what;
	int64_t distance_us, all_us, answer_us;
	int wait_ms, patience_ms;
} rows[] = {
	{"a server nearby that answers at once", 100, 4300, 700, 8, 64},
	{"one that takes as long as a handshake", 100, 4300, 4000, 4, 64},
	{"one that takes longer", 100, 4300, 20000, 0, 64},
	{"a distant one: only computing counts", 100000, 304000, 101000, 0, 64},
	{"the same with TLS 1.3", 100000, 204000, 101000, 0, 50},
	{"without TLS", 100, 200, 200, 1, 50},
	{"a machine with much else to do", 100, 80300, 900, 160, 1280},
	{"a lost packet, which is sent again after a second", 100, 1004300, 20000, 200, 1600},
	{"a server that hung for a while", 100, 20000000, 250000, 0, 1600},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct opening_cost opening = {0};
		opening_answered(&opening, rows[i].answer_us);
		opening_took(&opening, rows[i].distance_us, rows[i].all_us);
		if (opening_wait_ms(&opening) != rows[i].wait_ms ||
		    opening_patience_ms(&opening) != rows[i].patience_ms)
			fail_msg("%s: %d ms, %d ms", rows[i].what, (int)opening_wait_ms(&opening),
				 (int)opening_patience_ms(&opening));
	}
}

static void test_nothing_known(void **state)
{
	const struct opening_cost nothing = {0};
	(void)state;
	assert_int_equal(opening_wait_ms(&nothing), 50);
	assert_int_equal(opening_patience_ms(&nothing), 50);
}

/* Answers that wait for one another say nothing about the server. */
static void test_the_fastest_answers_count(void **state)
{
	struct opening_cost opening = {0};
	(void)state;
	opening_took(&opening, 100, 4300);
	opening_answered(&opening, 1000);
	for (int i = 0; i < 30; i++)
		opening_answered(&opening, 15000);
	assert_int_equal(opening_wait_ms(&opening), 4);
	for (int i = 0; i < 1000; i++)
		opening_answered(&opening, 15000);
	assert_int_equal(opening_wait_ms(&opening), 0);
	opening_answered(&opening, 800);
	assert_int_equal(opening_wait_ms(&opening), 8);
}

/* Nor do handshakes that were begun all at once. */
static void test_the_fastest_handshakes_count(void **state)
{
	struct opening_cost opening = {0};
	(void)state;
	opening_answered(&opening, 20500);
	opening_took(&opening, 100, 30300);
	assert_int_equal(opening_wait_ms(&opening), 30);
	opening_took(&opening, 100, 5300);
	assert_int_equal(opening_wait_ms(&opening), 0);
	for (int i = 0; i < 16; i++)
		opening_took(&opening, 100, 80300);
	assert_int_equal(opening_wait_ms(&opening), 0);
	for (int i = 0; i < 1000; i++)
		opening_took(&opening, 100, 80300);
	assert_true(opening_wait_ms(&opening) > 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_the_fastest_answers_count),
		cmocka_unit_test(test_the_fastest_handshakes_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
