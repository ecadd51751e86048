/* What the rules make of the credentials, and the keys of credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "config/auth/logins.h"
#include "config/auth/registry_key.h"
#include "config/usage.h"

static void check_split(const char *key, const char *expected_host, const char *expected_path)
{
	struct str host, path;
	registry_key_split(str_of(key), &host, &path);
	if (!str_is(host, expected_host) || !str_is(path, expected_path))
		fail_msg("%s: %.*s and %.*s", key, STR_ARGS(host), STR_ARGS(path));
}

static void test_split(void **state)
{
	(void)state;
	check_split("reg.io", "reg.io", "");
	check_split("reg.io:5000/a/b", "reg.io:5000", "a/b");
	check_split("https://reg.io/", "reg.io", "");
	check_split("https://index.docker.io/v1/", "docker.io", "");
	check_split("registry-1.docker.io/me", "docker.io", "me");
	check_split("me/app", "docker.io", "me/app");
	check_split("localhost/a", "localhost", "a");
	check_split("", "", "");
}

static void test_equal(void **state)
{
	(void)state;
	assert_true(registry_key_equal(STR("docker.io"), STR("https://index.docker.io/v1/")));
	assert_true(registry_key_equal(STR("docker.io/me"), STR("me")));
	assert_true(registry_key_equal(STR("Reg.io/"), STR("reg.io")));
	assert_false(registry_key_equal(STR("reg.io"), STR("reg.io:5000")));
	assert_false(registry_key_equal(STR("reg.io/a"), STR("reg.io")));
	assert_false(registry_key_equal(STR("reg.io/a"), STR("reg.io/A")));
}

static void test_lookalike(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"ghrc.io", "ghcr.io"},
		{"gchr.io", "ghcr.io"},
		{"docker.oi", "docker.io"},
		{"dokcer.io", "docker.io"},
		{"dcoker.io", "docker.io"},
		{"docke.io", "docker.io"},
		{"dockerr.io", "docker.io"},
		{"qauy.io", "quay.io"},
		{"gcr.oi", "gcr.io"},
		{"mcr.mircosoft.com", "mcr.microsoft.com"},
		{"hub.docker.com", NULL},
		{"ghcr.io", NULL},
		{"gcr.io", NULL},
		{"docker.io", NULL},
		{"ocr.io", NULL},
		{"lscr.io", NULL},
		{"reg.io", NULL},
		{"docker.io:5000", NULL},
		{"us.gcr.io", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < array_count(rows); i++) {
		const char *found = registry_key_lookalike(str_of(rows[i][0]));
		if (found != rows[i][1] && (!found || !rows[i][1] || strcmp(found, rows[i][1])))
			fail_msg("%s: %s", rows[i][0], found ? found : "none");
	}
}

/* --- usage --------------------------------------------------------------------------------- */

static const struct usage_side sides[] = {
	{"docker.io", "library/nginx", "i:1:1", true},
	{"reg.io:5000", "team/nginx", "i:1:1", false},
	{"ghrc.io", "a/b", "i:2:1", true},
	{"reg.io:5000", "b", "i:2:1", false},
};

static struct credential entries[] = {
	{.key = STR("docker.io"), .username = "u", .password = "w", .place = "a:1:1"},
	{.key = STR("reg.io:5000/team"), .insecure = true, .place = "a:2:1"},
	{.key = STR("reg.io"), .place = "a:3:1"},
	{.key = STR("dokcer.io/me"), .place = "a:4:1"},
	{.key = STR("mirror.io"), .place = "a:5:1"},
	{.key = STR("x-defaults"), .place = "a:6:1"},
	{.key = STR("gcrh.io"), .place = "a:7:1"},
	{.key = STR("reg.io/team"), .place = "a:8:1"},
	{.key = STR("docker.io/other"), .place = "a:9:1"},
	{.key = STR("nothing.example"), .username = "d", .password = "w", .place = "d:1:1"},
};

static void test_usage(void **state)
{
	(void)state;
	static const char *const mirrors[] = {"mirror.io"};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct config config = {.credentials = {entries, array_count(entries)}, .auth_count = 9};
	entries[0].mirrors = mirrors;
	entries[0].mirror_count = 1;
	assert_true(usage_settle(arena, &config, sides, array_count(sides), &problems));
	assert_string_equal(buf_string(&problems.errors), "");
	assert_string_equal(
		buf_string(&problems.warnings),
		"i:2:1: ghrc.io looks like a typo of ghcr.io; such domains are used to steal "
		"credentials\n"
		"a:3:1: reg.io is not used by any rule: rules name reg.io:5000, and the port is "
		"part of "
		"the name\n"
		"a:7:1: gcrh.io is not used by any rule: did you mean ghrc.io?\n"
		"a:8:1: reg.io/team is not used by any rule: rules name reg.io:5000, and the "
		"port is "
		"part of the name\n");
	assert_int_equal(config.credentials.count, array_count(entries));
}

static struct credential faulty[] = {
	{.key = STR("docker.io"), .login_fault = "a:1:5: hub\n", .place = "a:1:1"},
	{.key = STR("docker.io/library"), .place = "a:2:1"},
	{.key = STR("reg.io:5000"), .fault = "a:3:5: one\na:3:9: two\n", .place = "a:3:1"},
	{.key = STR("reg.io:5000/team"), .login_fault = "a:4:5: x\n", .fault = "a:4:9: y\n"},
	{.key = STR("reg.io:5000/else"), .fault = "a:5:5: else\n", .place = "a:5:1"},
	{.key = STR("a.io"), .fault = "a:6:5: a\n", .place = "a:6:1"},
	{.key = STR("d.io"), .login_fault = "d:1:5: d\n", .place = "d:1:1"},
};

/* Faults are mistakes where a side needs the entry, and one warning for all others. */
static void test_faults(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct config config = {.credentials = {faulty, array_count(faulty)}, .auth_count = 6};
	assert_true(usage_settle(arena, &config, sides, array_count(sides), &problems));
	assert_int_equal(problems.error_count, 4);
	assert_string_equal(buf_string(&problems.errors),
			    "a:3:5: one\na:3:9: two\na:4:5: x\na:4:9: y\n");
	assert_string_equal(
		buf_string(&problems.warnings),
		"i:2:1: ghrc.io looks like a typo of ghcr.io; such domains are used to steal "
		"credentials\n"
		"a:1:1: 4 faulty entries that no rule needs: docker.io (a:1:1), reg.io:5000/else "
		"(a:5:1), a.io (a:6:1), d.io (d:1:1) (--debug says what is wrong)\n");
}

/* A login of docker's does not take the place of one that was meant to be there. */
static void test_faulty_login_is_a_login(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	struct credential own[] = {
		{.key = STR("reg.io"), .login_fault = "a:1:5: x\n", .place = "a:1:1"},
		{.key = STR("set.io"), .fault = "a:2:5: y\n", .place = "a:2:1"},
	};
	struct credential docker[] = {
		{.key = STR("reg.io/team"), .username = "u", .password = "w", .place = "d:1:1"},
		{.key = STR("set.io/team"), .username = "u", .password = "w", .place = "d:2:1"},
	};
	struct credentials list = {own, 2};
	const struct credentials more = {docker, 2};
	assert_true(logins_join(arena, &list, &more));
	assert_int_equal(list.count, 3);
	assert_true(str_is(list.items[2].key, "set.io/team"));
	assert_string_equal(list.items[2].fault, "a:2:5: y\n");
}

/* credsStore is for every host that has no login of its own. */
static void test_store(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct config config = {.credentials = {entries, 2},
				.auth_count = 2,
				.store = {.helper = "desktop", .place = "d:9:9"}};
	FILE *log = tmpfile();
	log_open(log, LOG_INFO);
	assert_true(usage_settle(arena, &config, sides, array_count(sides), &problems));
	log_open(stderr, LOG_INFO);
	fclose(log);
	const struct credentials *list = &config.credentials;
	assert_int_equal(list->count, 4);
	assert_null(list->items[0].helper);
	assert_string_equal(list->items[1].helper, "desktop");
	assert_true(list->items[1].insecure);
	assert_true(str_is(list->items[2].key, "ghrc.io"));
	assert_string_equal(list->items[2].helper, "desktop");
	assert_string_equal(list->items[2].place, "d:9:9");
	assert_true(str_is(list->items[3].key, "reg.io:5000"));
	assert_null(entries[1].helper);
}

static void test_no_rules(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct config config = {.credentials = {entries, 3}, .auth_count = 3};
	assert_true(usage_settle(arena, &config, NULL, 0, &problems));
	assert_string_equal(buf_string(&problems.warnings), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),     cmocka_unit_test(test_equal),
		cmocka_unit_test(test_lookalike), cmocka_unit_test(test_usage),
		cmocka_unit_test(test_store),     cmocka_unit_test(test_no_rules),
		cmocka_unit_test(test_faults),    cmocka_unit_test(test_faulty_login_is_a_login),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
