/* Groups of images: alike in weight, the same each time, and repositories stay together. */
#include "plan/balance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 400 };

static struct balance_item items[MOST];
static char names[MOST][32], digests[MOST][32];

/* count images of so many repositories; weight gives that of each. */
static void make(size_t count, size_t repositories, int64_t (*weight)(size_t number))
{
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "r.io/app-%zu", i % repositories);
		snprintf(digests[i], sizeof(digests[i]), "sha256:%zu", i);
		items[i] = (struct balance_item){.repository = str_of(names[i]),
						 .digest = str_of(digests[i]),
						 .weight = weight(i),
						 .group = UINT32_MAX};
	}
}

static int64_t alike(size_t number)
{
	(void)number;
	return 100;
}

static int64_t varied(size_t number)
{
	return (int64_t)(number * 7919 % 1000) + 1;
}

static int64_t nothing(size_t number)
{
	(void)number;
	return 0;
}

/* One image weighs more than all others. */
static int64_t lopsided(size_t number)
{
	return number == 3 ? 1000000 : 10;
}

static int64_t heaviest(size_t count, unsigned groups, int64_t *all)
{
	int64_t load[MOST] = {0}, most = 0;
	*all = 0;
	for (size_t i = 0; i < count; i++) {
		assert_true(items[i].group < groups);
		load[items[i].group] += items[i].weight;
		*all += items[i].weight;
	}
	for (unsigned i = 0; i < groups; i++)
		most = load[i] > most ? load[i] : most;
	return most;
}

static void test_weight(void **state)
{
	static const struct {
		size_t count, repositories;
		unsigned groups;
		int64_t (*weight)(size_t number);
	} rows[] = {
		{400, 400, 8, alike}, {400, 20, 8, varied}, {400, 9, 8, alike},
		{400, 1, 7, varied},  {400, 3, 16, varied}, {40, 40, 1, varied},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		int64_t all = 0;
		make(rows[i].count, rows[i].repositories, rows[i].weight);
		assert_true(balance_spread(items, rows[i].count, rows[i].groups));
		int64_t most = heaviest(rows[i].count, rows[i].groups, &all);
		/* A quarter above the share, or what one image weighs. */
		if (most > all / rows[i].groups * 5 / 4 + 1000)
			fail_msg("row %zu: %lld of %lld", i, (long long)most, (long long)all);
	}
}

static void test_edges(void **state)
{
	int64_t all;
	(void)state;
	assert_true(balance_spread(items, 0, 4));
	make(20, 20, lopsided);
	assert_true(balance_spread(items, 20, 4));
	for (size_t i = 0; i < 20; i++)
		assert_true(i == 3 || items[i].group != items[3].group);
	make(20, 4, nothing);
	assert_true(balance_spread(items, 20, 4));
	heaviest(20, 4, &all);
	make(3, 3, alike);
	items[0].weight = items[1].weight = items[2].weight = INT64_MAX;
	assert_true(balance_spread(items, 3, 2));
}

/* Where groups are alike anyhow, the images of a repository are in one. */
static void test_together(void **state)
{
	(void)state;
	make(160, 16, alike);
	assert_true(balance_spread(items, 160, 4));
	for (size_t i = 16; i < 160; i++)
		assert_int_equal(items[i].group, items[i % 16].group);
	/* One repository for all: only images of the same digest stay together. */
	make(160, 1, alike);
	for (size_t i = 0; i < 160; i++)
		items[i].digest = str_of(digests[i / 2]);
	assert_true(balance_spread(items, 160, 4));
	bool divided = false;
	for (size_t i = 0; i < 160; i += 2) {
		assert_int_equal(items[i].group, items[i + 1].group);
		divided |= items[i].group != items[0].group;
	}
	assert_true(divided);
}

static void test_the_same_again(void **state)
{
	unsigned groups[MOST];
	(void)state;
	make(300, 30, varied);
	assert_true(balance_spread(items, 300, 5));
	for (size_t i = 0; i < 300; i++)
		groups[i] = items[i].group;
	make(300, 30, varied);
	assert_true(balance_spread(items, 300, 5));
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(items[i].group, groups[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weight),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_the_same_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
