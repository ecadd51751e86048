/* The buffer text is built in: its limit, its sticky failure, its final NUL. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_empty(void **state)
{
	scoped(buf_finish) struct buf buf = {0};
	(void)state;
	assert_true(buf_ok(&buf));
	assert_string_equal(buf_string(&buf), "");
	assert_int_equal(buf_str(&buf).len, 0);
	buf_reset(&buf);
	buf_wipe(&buf);
	buf_add(&buf, NULL, 0);
	assert_string_equal(buf_string(&buf), "");
}

static void test_adding(void **state)
{
	scoped(buf_finish) struct buf buf = {0};
	(void)state;
	buf_add_string(&buf, "a");
	buf_add_char(&buf, 'b');
	buf_add_str(&buf, STR("cd"));
	buf_add_str(&buf, (struct str){0});
	buf_printf(&buf, "%d-%s", 42, "e");
	buf_add(&buf, "\0f", 2);
	assert_int_equal(buf.len, 10);
	assert_memory_equal(buf.at, "abcd42-e\0f", 11);
	assert_true(buf_ok(&buf));
}

static void test_growth(void **state)
{
	scoped(buf_finish) struct buf buf = {0};
	(void)state;
	for (int i = 0; i < 100000; i++) {
		buf_add_char(&buf, (char)('a' + i % 26));
		assert_int_equal(buf.at[buf.len], 0);
	}
	assert_int_equal(buf.len, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(buf.at[i], 'a' + i % 26);
	scoped(buf_finish) struct buf long_text = {0};
	buf_printf(&long_text, "%s", buf_string(&buf));
	assert_true(str_equal(buf_str(&long_text), buf_str(&buf)));
}

static void test_limit(void **state)
{
	scoped(buf_finish) struct buf buf = buf_limit(4);
	(void)state;
	buf_add_string(&buf, "abcd");
	assert_true(buf_ok(&buf));
	buf_add_string(&buf, "e");
	assert_false(buf_ok(&buf));
	assert_string_equal(buf_string(&buf), "abcd");
	buf_add_string(&buf, "");
	assert_false(buf_ok(&buf));
	buf_reset(&buf);
	assert_true(buf_ok(&buf));
	assert_string_equal(buf_string(&buf), "");
	buf_printf(&buf, "%s", "12345");
	assert_false(buf_ok(&buf));
	assert_int_equal(buf.len, 0);
	buf_finish(&buf);
	assert_int_equal(buf.max, 4);
	assert_true(buf_ok(&buf));
	buf_add(&buf, "x", SIZE_MAX);
	assert_false(buf_ok(&buf));
}

/* A failure in the middle leaves no text with a hole in it. */
static void test_failure_sticks(void **state)
{
	scoped(buf_finish) struct buf buf = buf_limit(4);
	(void)state;
	buf_add_string(&buf, "ab");
	buf_add_string(&buf, "cde");
	buf_add_string(&buf, "f");
	assert_string_equal(buf_string(&buf), "ab");
	assert_false(buf_ok(&buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),          cmocka_unit_test(test_adding),
		cmocka_unit_test(test_growth),         cmocka_unit_test(test_limit),
		cmocka_unit_test(test_failure_sticks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
