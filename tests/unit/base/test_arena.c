/* Arenas: alignment, zeroed memory, sizes around a block's edge, overflow. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Everything handed out is zero, aligned, and overlaps nothing handed out before. */
static void test_blocks(void **state)
{
	enum { COUNT = 3000 };
	static unsigned char *at[COUNT];
	static size_t sizes[COUNT];
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		sizes[i] = i % 7 == 0 ? i * 3 : i % 61;
		at[i] = arena_alloc(arena, sizes[i]);
		assert_non_null(at[i]);
		assert_int_equal((uintptr_t)at[i] % _Alignof(uint64_t), 0);
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(at[i][j], 0);
		memset(at[i], (int)(i % 255 + 1), sizes[i]);
	}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(at[i][j], i % 255 + 1);
}

static void test_large(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	char *before = arena_string(arena, "before");
	char *large = arena_alloc(arena, 3 * 1024 * 1024);
	memset(large, 'x', 3 * 1024 * 1024);
	assert_string_equal(arena_string(arena, "after"), "after");
	assert_string_equal(before, "before");
}

/* What was in either of them stays, and both are filled on. */
static void test_join(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct arena *other = arena_new(), *none = NULL;
	(void)state;
	char *first = arena_string(arena, "first"), *second = arena_string(other, "second");
	arena_join(arena, &other);
	arena_join(arena, &none);
	assert_null(other);
	assert_string_equal(arena_string(arena, "third"), "third");
	assert_string_equal(first, "first");
	assert_string_equal(second, "second");
	scoped(arena_free) struct arena *empty = arena_new();
	other = arena_new();
	second = arena_string(other, "second");
	arena_join(empty, &other);
	assert_string_equal(arena_string(empty, "fourth"), "fourth");
	assert_string_equal(second, "second");
}

static void test_overflow(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_alloc(arena, SIZE_MAX - 8));
	assert_null(arena_array(arena, SIZE_MAX / 2, 3));
	assert_null(arena_array(arena, SIZE_MAX / 16 + 1, 16));
	assert_null(arena_copy(arena, "", SIZE_MAX));
	assert_non_null(arena_array(arena, 0, 16));
	assert_non_null(arena_array(arena, 1000, 16));
}

static void test_texts(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	assert_string_equal(arena_copy(arena, "abcdef", 3), "abc");
	assert_string_equal(arena_copy(arena, NULL, 0), "");
	assert_memory_equal(arena_copy(arena, "a\0b", 3), "a\0b", 4);
	assert_string_equal(arena_printf(arena, "%s-%d", "x", 7), "x-7");
	assert_string_equal(arena_printf(arena, "%s", ""), "");
	assert_int_equal(strlen(arena_printf(arena, "%100000d", 1)), 100000);
}

static void test_freeing(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks), cmocka_unit_test(test_large),
		cmocka_unit_test(test_join),   cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_texts),  cmocka_unit_test(test_freeing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
