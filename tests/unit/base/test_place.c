/* Places in files, and what they are taken off. */
#include "base/place.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_split(void **state)
{
	static const struct {
		const char *line, *file, *text;
		int64_t row, column;
	} cases[] = {
		{"images.yaml:3:1: what is wrong", "images.yaml", "what is wrong", 3, 1},
		{"a: b.yaml:12:34: x", "a: b.yaml", "x", 12, 34},
		{"c:\\images.yaml:3:1: y: z", "c:\\images.yaml", "y: z", 3, 1},
		{"images.yaml:3:1: ", "images.yaml", "", 3, 1},
		{"images.yaml:3: x", "", "images.yaml:3: x", 0, 0},
		{"images.yaml: out of memory", "", "images.yaml: out of memory", 0, 0},
		{"--timeout x: expected a time", "", "--timeout x: expected a time", 0, 0},
		{":3:1: x", "", ":3:1: x", 0, 0},
		{"images.yaml:3:1:x", "", "images.yaml:3:1:x", 0, 0},
		{"images.yaml:-3:1: x", "", "images.yaml:-3:1: x", 0, 0},
		{"", "", "", 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct place place;
		struct str text;
		bool found = place_split(str_of(cases[i].line), &place, &text);
		assert_int_equal(found, cases[i].row > 0);
		assert_true(str_is(place.file, cases[i].file));
		assert_true(str_is(text, cases[i].text));
		assert_int_equal(place.line, cases[i].row);
		assert_int_equal(place.column, cases[i].column);
	}
}

static void test_order(void **state)
{
	/* In their order. */
	static const char *const places[] = {"a:2:1", "a:10:1", "a:10:2", "a.yaml:1:1", "b:1:1"};
	(void)state;
	for (size_t i = 0; i < array_count(places); i++)
		for (size_t j = 0; j < array_count(places); j++) {
			struct place a, b;
			assert_true(place_read(str_of(places[i]), &a));
			assert_true(place_read(str_of(places[j]), &b));
			int order = place_compare(&a, &b);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
