/* Where blobs are known to lie. */
#include "store/locations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define A "sha256:aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff0000"
#define B "sha256:bbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff00001111111111"

static const int here, there, login;

static void test_locations(void **state)
{
	scoped(locations_free) struct locations *locations = locations_new();
	const struct store one = {.path = "one", .party = &here, .space = &here};
	const struct store two = {.path = "two", .party = &here, .space = &here};
	const struct store other_login = {.path = "three", .party = &here, .space = &login};
	const struct store elsewhere = {.path = "one", .party = &there, .space = &there};
	(void)state;
	assert_non_null(locations);
	assert_null(locations_find(locations, &two, NULL, A));
	/* The source of an image is one, for stores that share its space. */
	assert_string_equal(locations_find(locations, &two, &one, A), "one");
	assert_null(locations_find(locations, &two, &elsewhere, A));
	assert_null(locations_find(locations, &two, &other_login, A));
	locations_record(locations, &two, A);
	assert_string_equal(locations_find(locations, &two, &one, A), "two");
	assert_string_equal(locations_find(locations, &other_login, NULL, A), "two");
	assert_null(locations_find(locations, &elsewhere, NULL, A));
	assert_null(locations_find(locations, &two, NULL, B));
	/* The first one counts. */
	locations_record(locations, &one, A);
	assert_string_equal(locations_find(locations, &one, NULL, A), "two");
	locations_record(locations, &elsewhere, A);
	assert_string_equal(locations_find(locations, &elsewhere, NULL, A), "one");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
