/* RFC 3339, and what an image's configuration says about time and platform. */
#include "oci/image_config.h"
#include "oci/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00:01.999999999Z", 1},
		{"2000-02-29T12:00:00Z", 951825600},
		{"2000-03-01T00:00:00Z", 951868800},
		{"2020-01-01T00:00:00Z", 1577836800},
		{"2020-01-01t02:30:00+02:30", 1577836800},
		{"2019-12-31T16:00:00.5-08:00", 1577836800},
		{"2024-12-31 23:59:60z", 1735689600},
		{"1969-12-31T23:59:59Z", -1},
		{"1900-03-01T00:00:00Z", -2203891200},
		{"0001-01-01T00:00:00Z", -62135596800},
		{"0000-12-31T00:00:00Z", -62135683200},
		{"0000-01-01T00:00:00Z", -62167219200},
		{"9999-12-31T23:59:59Z", 253402300799},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		int64_t seconds = -7;
		if (!timestamp_parse(str_of(rows[i].text), &seconds) || seconds != rows[i].seconds)
			fail_msg("%s: %lld", rows[i].text, (long long)seconds);
	}
}

static void test_no_times(void **state)
{
	static const char *const rows[] = {
		"",
		"2020",
		"2020-01-01",
		"2020-01-01T00:00:00",
		"2020-01-01T00:00Z",
		"2020-1-01T00:00:00Z",
		"2020-13-01T00:00:00Z",
		"2020-00-01T00:00:00Z",
		"2020-01-00T00:00:00Z",
		"2019-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2020-04-31T00:00:00Z",
		"2020-01-01T24:00:00Z",
		"2020-01-01T00:60:00Z",
		"2020-01-01T00:00:61Z",
		"2020-01-01T00:00:00.Z",
		"2020-01-01T00:00:00+0200",
		"2020-01-01T00:00:00+24:00",
		"2020-01-01T00:00:00Z ",
		" 2020-01-01T00:00:00Z",
		"-020-01-01T00:00:00Z",
		"2020-01-01T00:00:00+02:0",
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		int64_t seconds;
		if (timestamp_parse(str_of(rows[i]), &seconds))
			fail_msg("accepted: %s", rows[i]);
	}
}

static void test_types(void **state)
{
	(void)state;
	assert_true(image_config_known(STR("application/vnd.oci.image.config.v1+json")));
	assert_true(image_config_known(STR("Application/vnd.docker.container.image.v1+json; v=1")));
	assert_false(image_config_known(STR("application/vnd.oci.empty.v1+json")));
	assert_false(image_config_known(STR("application/vnd.cncf.helm.config.v1+json")));
	assert_false(image_config_known(STR("application/json")));
	assert_false(image_config_known(STR("")));
}

static void test_configs(void **state)
{
	static const struct {
		const char *text, *platform;
		int64_t created;
	} rows[] = {
		{"{}", "|||", 0},
		{"{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\",\"created\":"
		 "\"2020-01-01T00:00:00Z\"}",
		 "linux||arm|v7", 1577836800},
		{"{\"os\":\"windows\",\"os.version\":\"10.0\",\"created\":\"soon\"}",
		 "windows|10.0||", 0},
		{"{\"os\":null,\"architecture\":7,\"created\":1577836800}", "|||", 0},
		{"{\"os\":\"\",\"created\":\"0001-01-01T00:00:00Z\"}", "|||", 0},
		{"{\"created\":\"1970-01-01T00:00:00Z\"}", "|||", 0},
		/* whatever else is in it */
		{"\xef\xbb\xbf{\"os\":\"linux\","
		 "\"config\":{\"Labels\":{\"a\":\"\xe9\\ud800\",\"a\":1}},"
		 "\"history\":[{\"created_by\":\"\ttab\\u0000\"}]}",
		 "linux|||", 0},
		{"{\"created\":\"2020-01-01T00:00:00Z\",\"created\":\"2021-01-01T00:00:00Z\"}",
		 "|||", 0},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct image_config config;
		struct error err = {0};
		if (!image_config_parse(arena, str_of(rows[i].text), &config, &err))
			fail_msg("%s: %s", rows[i].text, err.text);
		const struct platform *platform = &config.platform;
		assert_string_equal(
			arena_printf(arena, "%.*s|%.*s|%.*s|%.*s", STR_ARGS(platform->os),
				     STR_ARGS(platform->os_version),
				     STR_ARGS(platform->architecture), STR_ARGS(platform->variant)),
			rows[i].platform);
		assert_int_equal(config.created, rows[i].created);
	}
}

static void test_no_configs(void **state)
{
	static const char *const rows[] = {"",
					   "[]",
					   "\"linux\"",
					   "{\"os\":\"a\",\"os\":\"b\"}",
					   "{\"os\":\"a\",\"OS\":\"b\"}",
					   "{\"os\":"};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct image_config config;
		struct error err = {0};
		assert_false(image_config_parse(arena, str_of(rows[i]), &config, &err));
		assert_int_equal(err.kind, ERROR_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),      cmocka_unit_test(test_no_times),
		cmocka_unit_test(test_types),      cmocka_unit_test(test_configs),
		cmocka_unit_test(test_no_configs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
