/* Formats: the C library decides what is right, whatever is printed by whom. */
#include "base/format.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define same(...)                                                                                  \
	do {                                                                                       \
		char wanted[100], got[100];                                                        \
		for (size_t size = 0; size < sizeof(got); size++) {                                \
			memset(wanted, 'x', sizeof(wanted));                                       \
			memset(got, 'x', sizeof(got));                                             \
			int len = snprintf(wanted, size, __VA_ARGS__);                             \
			assert_int_equal(format_text(got, size, __VA_ARGS__), len);                \
			assert_memory_equal(got, wanted, size);                                    \
			assert_int_equal(got[size], 'x');                                          \
		}                                                                                  \
	} while (0)

static void test_known(void **state)
{
	static const char unended[] = {'a', 'b', 'c'};
	(void)state;
	same("%s", "");
	same("nothing but text");
	same("%s", "one");
	same("%s/%s:%s", "host", "name", "v1");
	same("100%%");
	same("%%%s%%", "x");
	same("%.*s|", 2, "abc");
	same("%.*s|", 9, "abc");
	same("%.*s|", 0, "abc");
	same("%.*s|", -1, "abc");
	same("%.*s|", 3, unended);
	same("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
	same("%u %u", 0U, UINT_MAX);
	same("%zu %zu", (size_t)0, SIZE_MAX);
	same("%lld %lld %lld", 0LL, LLONG_MAX, LLONG_MIN);
}

static void test_others(void **state)
{
	(void)state;
	same("%5d|%-5s|%05.1f|%x|%c", 7, "ab", 1.25, 255U, 'c');
	same("%s %x", "the first is known", 10U);
	same("%ld %lu %zd %i", -5L, 5UL, (ptrdiff_t)-5, -5);
	same("%.64s", "a precision that is written");
	same("%-*s|", 6, "ab");
}

/* The C libraries differ in these. */
static void test_our_own(void **state)
{
	char text[40];
	(void)state;
	assert_int_equal(format_text(text, sizeof(text), "%p", (void *)(uintptr_t)0xab12), 6);
	assert_string_equal(text, "0xab12");
	assert_int_equal(format_text(text, sizeof(text), "%p", NULL), 3);
	assert_string_equal(text, "0x0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_our_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
