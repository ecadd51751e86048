/* Pruning: which tags go, why the others stay, and how many may go. */
#include "plan/prune.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1000000, DAY = 86400 };

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct prune_tag stock[] = {
	{.name = "new", .selected = true, .written = true, .last = NOW},
	{.name = "a", .written = true, .last = NOW - 5 * DAY},
	{.name = "b", .written = true, .last = NOW - 3 * DAY},
	{.name = "c", .written = true, .last = NOW - 9 * DAY},
	{.name = "theirs"},
	{.name = "sha256-" HEX ".sig", .written = true, .last = NOW - 9 * DAY},
	{.name = "undated", .written = true},
};

enum { COUNT = array_count(stock) };

static const struct {
	struct prune rule;
	const char *expected; /* a letter for each tag: Goes, Selected, Companion, Foreign, ... */
} rows[] = {
	{{.place = ""}, "SGGGFCG"},
	{{.foreign = true}, "SGGGGCG"},
	/* The newest stay; one without a date counts as the newest. */
	{{.keep = 1}, "SGGGFCK"},
	{{.keep = 2}, "SGKGFCK"},
	{{.keep = 3, .foreign = true}, "SGKGKCK"},
	{{.keep = 99}, "SKKKFCK"},
	/* One without a date is never old enough. */
	{{.older_than = 4 * DAY}, "SGYGFCY"},
	{{.older_than = 5 * DAY}, "SGYGFCY"},
	{{.older_than = 5 * DAY + 1}, "SYYGFCY"},
	{{.older_than = 4 * DAY, .foreign = true}, "SGYGYCY"},
	{{.older_than = 4 * DAY, .keep = 1}, "SKYGFCY"},
};

static void test_each_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct prune_tag tags[COUNT];
		char found[COUNT + 1] = {0};
		memcpy(tags, stock, sizeof(tags));
		assert_true(prune_judge(&rows[i].rule, tags, COUNT, NOW));
		for (size_t k = 0; k < COUNT; k++)
			found[k] = (char)(*prune_verdict_name(tags[k].verdict) - 'a' + 'A');
		assert_string_equal(found, rows[i].expected);
	}
}

static const struct {
	int64_t max;
	bool percent;
	size_t going, tags, selected;
	bool allowed;
} limits[] = {
	{0, false, 0, 10, 0, true},     {0, false, 1, 10, 0, false},
	{0, false, 20, 25, 5, true},    {0, false, 21, 25, 4, false},
	{0, false, 100, 1000, 1, true}, {0, false, 101, 1000, 1, false},
	{50, false, 50, 60, 1, true},   {50, false, 51, 60, 1, false},
	{1, false, 2, 1000, 1, false},  {25, true, 25, 100, 1, true},
	{25, true, 26, 100, 1, false},  {10, true, 1, 9, 1, false},
	{100, true, 9, 10, 1, true},
};

static void test_how_many_may_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(limits); i++) {
		const struct prune rule = {.max = limits[i].max, .percent = limits[i].percent};
		struct error err = {0};
		assert_int_equal(prune_allows(&rule, limits[i].going, limits[i].tags,
					      limits[i].selected, &err),
				 limits[i].allowed);
		assert_int_equal(err.kind, limits[i].allowed ? ERROR_NONE : ERROR_CONFIG);
	}
}

/* The strictest of both; limits of two kinds are the usual one. */
static void test_two_rules_for_one_repository(void **state)
{
	(void)state;
	const struct prune a = {
		.keep = 3, .older_than = DAY, .max = 50, .foreign = true, .place = "a"};
	const struct prune b = {.keep = 1, .older_than = 2 * DAY, .max = 40, .place = "b"};
	const struct prune c = {.max = 90, .percent = true};
	struct prune both = prune_join(&a, &b);
	assert_int_equal(both.keep, 3);
	assert_int_equal(both.older_than, 2 * DAY);
	assert_int_equal(both.max, 40);
	assert_false(both.foreign);
	assert_string_equal(both.place, "a");
	both = prune_join(&a, &c);
	assert_int_equal(both.max, 0);
	assert_false(both.percent);
	assert_int_equal(prune_join(&c, &c).max, 90);
	assert_true(prune_join(&c, &c).percent);
	assert_int_equal(prune_join(&a, NULL).max, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_rule),
		cmocka_unit_test(test_how_many_may_go),
		cmocka_unit_test(test_two_rules_for_one_repository),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
