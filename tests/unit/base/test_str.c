/* Slices of text. */
#include "base/str.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct str nothing = {0};

static void test_equal(void **state)
{
	(void)state;
	assert_true(str_equal(STR("ab"), STR("ab")));
	assert_false(str_equal(STR("ab"), STR("aB")));
	assert_false(str_equal(STR("ab"), STR("abc")));
	assert_true(str_equal(nothing, STR("")));
	assert_true(str_equal(STR("a\0b"), STR("a\0b")));
	assert_false(str_equal(STR("a\0b"), STR("a\0c")));
	assert_true(str_equal_nocase(STR("aBz"), STR("AbZ")));
	assert_false(str_equal_nocase(STR("@["), STR("`{")));
	assert_false(str_equal_nocase(STR("ab"), STR("a")));
	assert_true(str_is(STR("ab"), "ab"));
	assert_true(str_is(nothing, ""));
	assert_int_equal(str_of(NULL).len, 0);
	assert_int_equal(str_of("abc").len, 3);
}

static void test_ends(void **state)
{
	(void)state;
	assert_true(str_starts(STR("abc"), "ab"));
	assert_true(str_starts(STR("abc"), ""));
	assert_false(str_starts(STR("abc"), "abcd"));
	assert_false(str_starts(nothing, "a"));
	assert_true(str_ends(STR("abc"), "bc"));
	assert_true(str_ends(STR("abc"), "abc"));
	assert_true(str_ends(nothing, ""));
	assert_false(str_ends(STR("bc"), "abc"));
	assert_false(str_ends(STR("abc"), "b"));
}

static void test_pieces(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("abcb"), 'b'), 1);
	assert_int_equal(str_find(STR("abc"), 'x'), 3);
	assert_int_equal(str_find(nothing, 'x'), 0);
	assert_true(str_is(str_from(STR("abc"), 1), "bc"));
	assert_true(str_is(str_from(STR("abc"), 3), ""));
	assert_true(str_is(str_from(STR("abc"), 99), ""));
	assert_null(str_from(nothing, 1).at);
	assert_true(str_is(str_head(STR("abc"), 2), "ab"));
	assert_true(str_is(str_head(STR("abc"), 9), "abc"));
	assert_true(str_is(str_trim(STR(" \ta b\t ")), "a b"));
	assert_true(str_is(str_trim(STR(" \t")), ""));
	assert_true(str_is(str_trim(STR("\na")), "\na"));
	assert_int_equal(str_trim(nothing).len, 0);
}

static void test_cut(void **state)
{
	static const struct {
		const char *text;
		const char *parts; /* joined by '|' */
	} rows[] = {
		{"a,b,c", "a|b|c|"}, {"a", "a|"},   {"", "|"},         {",", "||"},
		{"a,", "a||"},       {",a", "|a|"}, {"a,,b", "a||b|"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct str rest = str_of(rows[i].text);
		struct str part;
		char joined[16] = "";
		size_t len = 0;
		while (str_cut(&rest, ',', &part)) {
			memcpy(joined + len, part.at, part.len);
			len += part.len;
			joined[len++] = '|';
		}
		assert_string_equal(joined, rows[i].parts);
		assert_null(rest.at);
	}
	struct str none = nothing;
	struct str part;
	assert_false(str_cut(&none, ',', &part));
}

static void test_to_int64(void **state)
{
	static const struct {
		const char *text;
		bool valid;
		int64_t value;
	} rows[] = {
		{"0", true, 0},
		{"007", true, 7},
		{"9223372036854775807", true, INT64_MAX},
		{"9223372036854775808", false, 0},
		{"92233720368547758070", false, 0},
		{"", false, 0},
		{"-1", false, 0},
		{"+1", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
		{"1a", false, 0},
		{"0x1", false, 0},
		{"\xb2", false, 0},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		int64_t value = -5;
		if (str_to_int64(str_of(rows[i].text), &value) != rows[i].valid)
			fail_msg("\"%s\"", rows[i].text);
		assert_int_equal(value, rows[i].valid ? rows[i].value : -5);
	}
}

static void test_distance(void **state)
{
	char many[200];
	(void)state;
	memset(many, 'x', sizeof(many));
	assert_int_equal(str_distance(STR("kitten"), STR("sitting")), 3);
	assert_int_equal(str_distance(STR("username"), STR("usrename")), 2);
	assert_int_equal(str_distance(STR("abc"), STR("abc")), 0);
	assert_int_equal(str_distance(STR(""), STR("abc")), 3);
	assert_int_equal(str_distance(STR("xab"), STR("ab")), 1);
	assert_int_equal(str_distance(STR("ab"), STR("axb")), 1);
	assert_int_equal(str_distance(STR("abc"), nothing), 3);
	assert_int_equal(str_distance((struct str){many, sizeof(many)}, STR("")), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),    cmocka_unit_test(test_ends),
		cmocka_unit_test(test_pieces),   cmocka_unit_test(test_cut),
		cmocka_unit_test(test_to_int64), cmocka_unit_test(test_distance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
