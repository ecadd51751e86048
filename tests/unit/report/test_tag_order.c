/* Tags as people sort versions. */
#include "report/tag_order.h"
#include "test_report_fixture.h"

static const char *const sorted[] = {
	"",
	"0.9",
	"1-alpine",
	"1",
	"1.0.0-alpha",
	"1.0.0-alpha.1",
	"1.0.0-rc.2",
	"1.0.0-rc.10",
	"1.0.0",
	"v1.0.0",
	"1.0.1",
	"1.2",
	"1.2.0",
	"1.10-alpine",
	"1.10",
	"v2.0.0-rc1",
	"v2.0.0",
	"2.0.0_1",
	"18446744073709551616",
	"18446744073709551617",
	"latest",
	"stable",
	"v",
	"version",
};

static void test_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(sorted); i++) {
		for (size_t j = 0; j < array_count(sorted); j++) {
			int order = tag_order(str_of(sorted[i]), str_of(sorted[j]));
			int wanted = (i > j) - (i < j);
			if ((order > 0) - (order < 0) != wanted)
				fail_msg("%s, %s: %d", sorted[i], sorted[j], order);
		}
	}
}

/* Only the zeros differ: some order, and the same one in both directions. */
static void test_zeros(void **state)
{
	(void)state;
	assert_true(tag_order(STR("1.0"), STR("1.00")) < 0);
	assert_true(tag_order(STR("1.00"), STR("1.0")) > 0);
	assert_true(tag_order(STR("1.01"), STR("1.2")) < 0);
	assert_int_equal(tag_order(STR("a.0"), STR("a.0")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_zeros),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
