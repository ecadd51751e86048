/* Versions and ranges; the precedence examples are those of Semantic Versioning 2.0.0. */
#include "plan/semver.h"
#include "plan/semver_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_parse(void **state)
{
	static const char *const good[] = {
		"0.0.0",
		"v1.2.3",
		"10.20.30",
		"1.1.2-prerelease+meta",
		"1.0.0-alpha.beta.1",
		"1.0.0-0A.is.legal",
		"1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
		"1.0.0+0.build.1-rc.10000aaa-kk-0.1",
		"1.0.0-alpha-a.b-c",
		"999999999999999999.0.0",
		"20240101123456.0.0",
		"1.0.0--",
		"2.0.0+001",
	};
	static const char *const bad[] = {
		"",
		"1",
		"1.2",
		"1.2.3.4",
		"01.1.1",
		"1.01.1",
		"1.1.01",
		"1.2.3-",
		"1.2.3+",
		"1.2.3-01",
		"1.2.3-a..b",
		"1.2.3-a.",
		"1.2.3-ä",
		"1.2.3-a+b+c",
		"latest",
		"v",
		"vv1.2.3",
		"V1.2.3",
		"1.2.x",
		"-1.0.0",
		"1.-2.3",
		"2024-01-01",
		" 1.2.3",
		"1.2.3 ",
		"1..3",
		"1.2.",
		".1.2",
		"1.2.3-a_b",
		"99999999999999999999.0.0",
	};
	struct semver version;
	(void)state;
	for (size_t i = 0; i < array_count(good); i++)
		if (!semver_parse(str_of(good[i]), &version))
			fail_msg("%s is a version", good[i]);
	for (size_t i = 0; i < array_count(bad); i++)
		if (semver_parse(str_of(bad[i]), &version))
			fail_msg("%s is no version", bad[i]);
	assert_true(semver_parse(STR("v1.22.333-rc.1+b.5"), &version));
	assert_int_equal(version.number[0], 1);
	assert_int_equal(version.number[1], 22);
	assert_int_equal(version.number[2], 333);
	assert_true(str_is(version.prerelease, "rc.1"));
	assert_true(str_is(version.build, "b.5"));
}

static void test_precedence(void **state)
{
	/* each before the next */
	static const char *const rising[] = {
		"0.0.1-0",
		"0.0.1-1",
		"0.0.1-2",
		"0.0.1-10",
		"0.0.1-99999999999999999999",
		"0.0.1-100000000000000000000",
		"0.0.1-A",
		"0.0.1-a",
		"0.0.1",
		"0.1.0",
		"1.0.0-alpha",
		"1.0.0-alpha.1",
		"1.0.0-alpha.beta",
		"1.0.0-beta",
		"1.0.0-beta.2",
		"1.0.0-beta.11",
		"1.0.0-rc.1",
		"1.0.0-rc.1.0",
		"1.0.0",
		"2.0.0",
		"2.1.0",
		"2.1.1",
		"2.1.10",
		"10.0.0",
	};
	struct semver a, b;
	(void)state;
	for (size_t i = 0; i < array_count(rising); i++)
		for (size_t j = 0; j < array_count(rising); j++) {
			assert_true(semver_parse(str_of(rising[i]), &a));
			assert_true(semver_parse(str_of(rising[j]), &b));
			int order = semver_compare(&a, &b);
			if ((order > 0) - (order < 0) != (i > j) - (i < j))
				fail_msg("%s and %s: %d", rising[i], rising[j], order);
		}
	assert_true(semver_parse(STR("v1.0.0+a"), &a));
	assert_true(semver_parse(STR("1.0.0+b"), &b));
	assert_int_equal(semver_compare(&a, &b), 0);
}

/* A range, what is in it, and what is not; separated by blanks. */
static const struct {
	const char *range, *in, *out;
} ranges[] = {
	{"1.2.3", "1.2.3 v1.2.3 1.2.3+b", "1.2.4 1.2.2 1.2.3-rc.1"},
	{"=1.2.3", "1.2.3", "1.2.4"},
	{"= v1.2.3", "1.2.3", "1.2.4"},
	{"!=1.2.3", "1.2.4 0.0.1 9.9.9", "1.2.3 1.2.4-rc.1"},
	{"!=1.2", "1.3.0 1.1.9", "1.2.0 1.2.9"},
	{">=1 !=1.2.x !=1.4.0", "1.1.0 1.3.9 1.4.1", "1.2.0 1.2.7 1.4.0 0.9.0"},
	{">1.2.3", "1.2.4 1.3.0 2.0.0", "1.2.3 1.2.2 2.0.0-rc.1"},
	{">=1.2.3", "1.2.3 1.2.4", "1.2.2 1.2.3-rc.1"},
	{"<1.2.3", "1.2.2 0.0.0", "1.2.3 1.2.3-rc.1 1.2.2-rc.1"},
	{"<=1.2.3", "1.2.3 1.2.2", "1.2.4"},
	{">1.2", "1.3.0 2.0.0", "1.2.0 1.2.9 1.1.0"},
	{">1", "2.0.0", "1.0.0 1.9.9"},
	{">=1.2", "1.2.0 1.3.0", "1.1.9"},
	{"<1.2", "1.1.9 0.9.0", "1.2.0 1.2.1 1.2.0-rc.1"},
	{"<=1.2", "1.2.0 1.2.9 1.0.0", "1.3.0"},
	{"<=1", "1.9.9 0.1.0", "2.0.0"},
	{">*", "", "0.0.0 1.0.0"},
	{"<*", "", "0.0.0 1.0.0"},
	{"!=*", "", "0.0.0 1.0.0"},
	{">=*", "0.0.0 1.0.0", "1.0.0-rc.1"},
	{"*", "0.0.0 9.9.9", "1.0.0-rc.1"},
	{"x", "0.0.0 9.9.9", "1.0.0-rc.1"},
	{"1", "1.0.0 1.9.9", "2.0.0 0.9.9"},
	{"1.x", "1.0.0 1.9.9", "2.0.0 0.9.9"},
	{"1.2.X", "1.2.0 1.2.9", "1.3.0 1.1.9"},
	{"v1.2.*", "1.2.0 1.2.9", "1.3.0 1.1.9"},
	{"1.*.*", "1.0.0 1.9.9", "2.0.0"},
	{"^1.2.3", "1.2.3 1.9.9", "1.2.2 2.0.0 2.0.0-rc.1 1.3.0-rc.1"},
	{"^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.0.0"},
	{"^0.0.3", "0.0.3", "0.0.4 0.0.2 0.1.0"},
	{"^0.0.0", "0.0.0", "0.0.1"},
	{"^1.2", "1.2.0 1.9.0", "1.1.9 2.0.0"},
	{"^0.0", "0.0.0 0.0.9", "0.1.0"},
	{"^0.0.x", "0.0.0 0.0.9", "0.1.0"},
	{"^0", "0.0.0 0.9.9", "1.0.0"},
	{"^1.x", "1.0.0 1.9.9", "2.0.0 0.9.9"},
	{"^*", "1.0.0", ""},
	{"~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0 1.3.0-rc.1"},
	{"~1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"},
	{"~1", "1.0.0 1.9.9", "2.0.0"},
	{"~0", "0.0.0 0.9.9", "1.0.0"},
	{"1.2.3 - 2.3.4", "1.2.3 2.0.0 2.3.4", "1.2.2 2.3.5"},
	{"1.2 - 2.3.4", "1.2.0 2.3.4", "1.1.9 2.3.5"},
	{"1.2.3 - 2.3", "1.2.3 2.3.9", "2.4.0"},
	{"1.2.3 - 2", "2.9.9", "3.0.0"},
	{"1.2.3 - 2 !=1.5", "1.4.0 1.6.0", "1.5.0 3.0.0"},
	{">=1.2 <2", "1.2.0 1.9.9", "2.0.0 1.1.0 2.0.0-rc.1"},
	{">= 1.2 , < 2", "1.2.0 1.9.9", "2.0.0 1.1.0"},
	{">=1.2,<2", "1.2.0 1.9.9", "2.0.0 1.1.0"},
	{"  1.2.3  ", "1.2.3", "1.2.4"},
	{"1.2.3 || >=2 <3", "1.2.3 2.0.0 2.9.9", "1.2.4 3.0.0"},
	{"^1||^3", "1.0.0 3.5.0", "2.0.0 4.0.0"},
	/* prereleases only where one of the same three numbers is named */
	{">=1.3.0-rc.1", "1.3.0-rc.1 1.3.0-rc.2 1.3.0 1.4.0", "1.3.0-beta 1.4.0-rc.1"},
	{"^1.2.3-beta.2", "1.2.3-beta.2 1.2.3-beta.4 1.2.3 1.9.0", "1.2.4-beta.2 1.2.3-beta.1"},
	{"~1.2.3-beta.2", "1.2.3-beta.4 1.2.9", "1.2.4-beta.2 1.3.0"},
	{"1.0.0-rc.1", "1.0.0-rc.1", "1.0.0-rc.2 1.0.0"},
	{">=1.0.0-a <1.0.0", "1.0.0-a 1.0.0-rc.9", "1.0.0 0.9.0"},
	{"1.0.0-a - 1.0.0-c", "1.0.0-a 1.0.0-b 1.0.0-c", "1.0.0-d 1.0.0"},
	{"^1 || 2.0.0-rc.1", "1.5.0 2.0.0-rc.1", "1.5.0-rc.1 2.0.0"},
	{"!=1.0.0-rc.1", "1.0.0", "1.0.0-rc.1 1.0.0-rc.2"},
};

static void check_range(size_t row, const char *versions, bool expected)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct semver_range *range;
	struct error err = {0};
	struct str word;
	if (!semver_range_parse(arena, str_of(ranges[row].range), &range, &err))
		fail_msg("%s: %s", ranges[row].range, err.text);
	for (struct str rest = str_of(versions); str_cut(&rest, ' ', &word);) {
		struct semver version;
		if (!word.len)
			continue;
		assert_true(semver_parse(word, &version));
		if (semver_range_matches(range, &version, false) != expected)
			fail_msg("%s: %.*s", ranges[row].range, STR_ARGS(word));
	}
}

static void test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(ranges); i++) {
		check_range(i, ranges[i].in, true);
		check_range(i, ranges[i].out, false);
	}
}

static void test_range_mistakes(void **state)
{
	static const char *const bad[][2] = {
		{"", "a range is missing"},
		{"  ", "a range is missing"},
		{"1 ||", "a range is missing"},
		{"|| 1", "a range is missing"},
		{">=", "a version is missing at the end"},
		{">=1.2 <", "a version is missing at the end"},
		{"latest", "\"latest\" is not a version"},
		{">=1.2.3.4", "\"1.2.3.4\" is not a version"},
		{"1.x.3", "\"1.x.3\" is not a version"},
		{"01.2.3", "\"01.2.3\" is not a version"},
		{"1.2-rc.1", "\"1.2-rc.1\" is not a version"},
		{">=<1", "\"<1\" is not a version"},
		{"==1.2.3", "\"=1.2.3\" is not a version"},
		{"1.2.3 -", "a version is missing at the end"},
		{"- 1.2.3", "\"-\" is not a version"},
		{">1 - 2", "\"-\" is not a version"},
		{"1 | 2", "\"|\" is not a version"},
		{"9223372036854775807", "is not a version"},
		{"1.9223372036854775807.0", "is not a version"},
		{"1.2.3;", "is not a version"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(bad); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		const struct semver_range *range;
		struct error err = {0};
		if (semver_range_parse(arena, str_of(bad[i][0]), &range, &err))
			fail_msg("\"%s\" is no range", bad[i][0]);
		if (!strstr(err.text, bad[i][1]) || err.kind != ERROR_CONFIG)
			fail_msg("\"%s\": %s", bad[i][0], err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_range_mistakes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
