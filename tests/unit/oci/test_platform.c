/* Platforms: what a pattern matches, what it hits, and the one text of a filter. */
#include "oci/platform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 8 };

/* A filter read from "os=linux;arch=arm:v7;platforms=linux/arm64". */
struct written {
	struct platform_pattern os[MANY], arch[MANY];
	struct platform platforms[MANY];
	struct platform_filter filter;
};

static void read_filter(const char *text, struct written *out)
{
	struct str rest = str_of(text);
	struct str part;
	*out = (struct written){0};
	out->filter = (struct platform_filter){
		.os = out->os, .arch = out->arch, .platforms = out->platforms};
	while (str_cut(&rest, ';', &part)) {
		struct str key;
		str_cut(&part, '=', &key);
		if (str_is(key, "os"))
			assert_true(platform_pattern_parse(part, &out->os[out->filter.os_count++]));
		else if (str_is(key, "arch"))
			assert_true(
				platform_pattern_parse(part, &out->arch[out->filter.arch_count++]));
		else if (str_is(key, "platforms"))
			assert_true(platform_parse(part,
						   &out->platforms[out->filter.platform_count++]));
		else if (key.len)
			fail_msg("no such part: %s", text);
	}
}

/* platform: os, os.version, architecture and variant, separated by '|'. */
static struct platform read_platform(const char *text)
{
	struct platform platform = {0};
	struct str rest = str_of(text);
	struct str *const parts[] = {&platform.os, &platform.os_version, &platform.architecture,
				     &platform.variant};
	for (size_t i = 0; i < array_count(parts); i++)
		str_cut(&rest, '|', parts[i]);
	return platform;
}

static void test_matches(void **state)
{
	static const struct {
		const char *filter, *platform;
		bool passes;
	} rows[] = {
		{"", "linux||amd64|", true},
		{"os=linux", "linux||amd64|", true},
		{"os=linux", "windows|10.0.1|amd64|", false},
		{"os=linux;os=windows", "windows|10.0.1|amd64|", true},
		{"os=windows:10.0.1", "windows|10.0.1|amd64|", true},
		{"os=windows:10.0.1", "windows|10.0.2|amd64|", false},
		{"os=Linux", "linux||amd64|", false},
		{"arch=arm", "linux||arm|v7", true},
		{"arch=arm:v7", "linux||arm|v7", true},
		{"arch=arm:v6", "linux||arm|v7", false},
		{"arch=arm", "linux||arm64|", false},
		/* and between the parts, or within them */
		{"os=linux;arch=arm64", "linux||arm64|v8", true},
		{"os=linux;arch=arm64", "windows||arm64|", false},
		{"os=linux;arch=arm64;arch=amd64", "linux||amd64|", true},
		/* what is not stated passes */
		{"os=linux;arch=arm:v7", "|||", true},
		{"os=linux;arch=arm:v7", "linux|||", true},
		{"arch=arm64:v8", "linux||arm64|", true},
		{"platforms=linux/arm64", "linux||arm64|v8", true},
		{"platforms=linux/arm64/v8", "linux||arm64|v8", true},
		{"platforms=linux/arm64/v9", "linux||arm64|v8", false},
		{"platforms=linux", "linux||s390x|", true},
		{"platforms=linux/arm64", "linux||amd64|", false},
		{"platforms=linux/arm64;platforms=windows/amd64", "windows||amd64|", true},
		{"platforms=linux/arm64;platforms=windows/amd64", "linux||amd64|", false},
		{"platforms=linux/arm64;arch=amd64", "linux||arm64|", false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct written written;
		struct platform platform = read_platform(rows[i].platform);
		read_filter(rows[i].filter, &written);
		if (platform_matches(&written.filter, &platform) != rows[i].passes)
			fail_msg("%s with %s", rows[i].filter, rows[i].platform);
	}
}

/* For each pattern whether platform states what it asks for. */
static void test_hits(void **state)
{
	static const struct {
		const char *filter, *platform, *hits;
	} rows[] = {
		{"os=linux;os=windows;arch=arm:v7;arch=amd64;platforms=linux/amd64",
		 "linux||amd64|", "+--++"},
		{"os=windows:10;os=windows", "windows|10|amd64|", "++"},
		{"os=windows:10;os=windows", "windows||amd64|", "-+"},
		{"arch=arm;arch=arm:v7", "linux||arm|v6", "+-"},
		{"platforms=linux;platforms=linux/arm/v7", "linux||arm|v7", "++"},
		/* it passes, but it is no hit */
		{"os=linux;arch=arm;platforms=linux", "|||", "---"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct written written;
		struct platform platform = read_platform(rows[i].platform);
		read_filter(rows[i].filter, &written);
		size_t count = platform_pattern_count(&written.filter);
		assert_int_equal(count, strlen(rows[i].hits));
		for (size_t j = 0; j < count; j++)
			if (platform_pattern_hits(&written.filter, j, &platform) !=
			    (rows[i].hits[j] == '+'))
				fail_msg("%s, pattern %zu", rows[i].filter, j);
	}
}

static void test_text(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"os=linux", "os=linux"},
		{"os=windows:10.0;arch=arm:v7", "arch=arm:v7;os=windows:10.0"},
		{"arch=arm:v7;os=windows:10.0", "arch=arm:v7;os=windows:10.0"},
		{"arch=b;arch=a;arch=b;os=x", "arch=a;arch=b;os=x"},
		{"platforms=linux/arm64;platforms=linux;platforms=linux/arm/v7",
		 "platforms=linux;platforms=linux/arm/v7;platforms=linux/arm64"},
		{"os=a%b c", "os=a%25b%20c"},
		{"os=\xc3\xa9", "os=%C3%A9"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct written written;
		read_filter(rows[i][0], &written);
		assert_string_equal(platform_filter_text(arena, &written.filter), rows[i][1]);
	}
}

/* Different filters must not have one text, whatever their patterns hold. */
static void test_text_is_unambiguous(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct platform_pattern one[] = {{STR("a;os=b"), {0}}};
	const struct platform_pattern two[] = {{STR("a"), {0}}, {STR("b"), {0}}};
	const struct platform_filter joined = {.os = one, .os_count = 1};
	const struct platform_filter apart = {.os = two, .os_count = 2};
	(void)state;
	assert_string_equal(platform_filter_text(arena, &joined), "os=a%3Bos=b");
	assert_string_equal(platform_filter_text(arena, &apart), "os=a;os=b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_hits),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_is_unambiguous),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
