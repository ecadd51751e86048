/* The hash map: many keys, replacement, order, odd keys. */
#include "base/map.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_empty(void **state)
{
	scoped(map_finish) struct map map = {0};
	(void)state;
	assert_null(map_get(&map, STR("a")));
	assert_int_equal(map.count, 0);
	map_finish(&map);
}

static void test_many(void **state)
{
	enum { COUNT = 20000 };
	static int values[COUNT];
	scoped(map_finish) struct map map = {0};
	char key[32];
	(void)state;
	for (int i = 0; i < COUNT; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		assert_null(map_get(&map, str_of(key)));
		assert_true(map_put(&map, str_of(key), &values[i]));
	}
	assert_int_equal(map.count, COUNT);
	for (int i = 0; i < COUNT; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		assert_ptr_equal(map_get(&map, str_of(key)), &values[i]);
		assert_string_equal(map.entries[i].key, key);
		assert_ptr_equal(map.entries[i].value, &values[i]);
	}
	assert_null(map_get(&map, STR("key 20000")));
	assert_null(map_get(&map, STR("key")));
}

static void test_replace(void **state)
{
	scoped(map_finish) struct map map = {0};
	int one, two;
	(void)state;
	assert_true(map_put(&map, STR("a"), &one));
	assert_true(map_put(&map, STR("b"), &one));
	assert_true(map_put(&map, STR("a"), &two));
	assert_int_equal(map.count, 2);
	assert_ptr_equal(map_get(&map, STR("a")), &two);
	assert_ptr_equal(map_get(&map, STR("b")), &one);
}

/* Keys are bytes, copied: the caller's memory may go. */
static void test_keys(void **state)
{
	scoped(map_finish) struct map map = {0};
	char key[] = "volatile";
	int one, two, three;
	(void)state;
	assert_true(map_put(&map, (struct str){0}, &one));
	assert_true(map_put(&map, STR("a\0b"), &two));
	assert_true(map_put(&map, str_of(key), &three));
	memset(key, 'x', sizeof(key) - 1);
	assert_ptr_equal(map_get(&map, STR("")), &one);
	assert_ptr_equal(map_get(&map, STR("a\0b")), &two);
	assert_null(map_get(&map, STR("a\0c")));
	assert_null(map_get(&map, STR("a")));
	assert_ptr_equal(map_get(&map, STR("volatile")), &three);
}

/* Whatever the order of insertion; a text comes before those that it begins. */
static void test_sorted(void **state)
{
	static const char *const keys[] = {"b", "", "aa", "B", "a", "ab", "a-"};
	static const char *const order[] = {"", "B", "a", "a-", "aa", "ab", "b"};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(map_finish) struct map map = {0};
	(void)state;
	for (size_t i = 0; i < array_count(keys); i++)
		assert_true(map_put(&map, str_of(keys[i]), (void *)(uintptr_t)keys[i]));
	const struct map_entry **sorted = map_sorted(&map, arena);
	assert_non_null(sorted);
	for (size_t i = 0; i < array_count(order); i++)
		assert_string_equal(sorted[i]->key, order[i]);
}

/* Two maps hash differently, so that nobody outside can choose keys that collide. */
static void test_seed(void **state)
{
	scoped(map_finish) struct map a = {0};
	scoped(map_finish) struct map b = {0};
	int value;
	(void)state;
	assert_true(map_put(&a, STR("key"), &value));
	assert_true(map_put(&b, STR("key"), &value));
	assert_true(a.entries[0].hash != b.entries[0].hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),   cmocka_unit_test(test_many),
		cmocka_unit_test(test_replace), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_seed),    cmocka_unit_test(test_sorted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
