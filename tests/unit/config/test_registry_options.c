/* --insecure, --ca and --creds as entries beside those of the auth file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/auth/registry_options.h"

static const char *get(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "TOKEN") == 0 ? "from the environment" : NULL;
}

static const struct expand_lookup lookup = {get, NULL, NULL};

/* The entries of a file: one for a registry, one for a folder of it. */
static struct credentials entries(struct arena *arena)
{
	struct credentials list = {arena_array(arena, 2, sizeof(*list.items)), 2};
	assert_non_null(list.items);
	list.items[0] = (struct credential){.key = STR("reg.io"), .username = "u", .password = "p"};
	list.items[1] = (struct credential){.key = STR("reg.io/team"), .token = "t"};
	return list;
}

static struct credentials read(struct arena *arena, const struct options *options)
{
	struct credentials list = entries(arena);
	scoped(problem_finish) struct problems problems = {0};
	registry_options_read(arena, options, &lookup, &list, &problems);
	if (problems.error_count)
		fail_msg("%s", buf_string(&problems.errors));
	return list;
}

static void test_insecure(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	const struct options options = {.insecure = {{"Reg.io", "a.io:5000, b.io"}, 2, false}};
	const struct credentials list = read(arena, &options);
	assert_int_equal(list.count, 4);
	for (size_t i = 0; i < list.count; i++)
		assert_true(list.items[i].insecure);
	assert_string_equal(list.items[0].username, "u");
	assert_true(str_is(list.items[2].key, "a.io:5000"));
	assert_true(str_is(list.items[3].key, "b.io"));
}

static void test_ca(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	const struct options options = {.ca = {{"reg.io=/dev/null", "/proc/self/comm"}, 2, false}};
	const struct credentials list = read(arena, &options);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].ca, "/dev/null");
	assert_string_equal(list.items[1].ca, "/dev/null");
	assert_string_equal(registry_options_ca_file(&options), "/proc/self/comm");
	assert_string_equal(registry_options_ca("./a=b.pem"), "./a=b.pem");
	assert_string_equal(registry_options_ca("reg.io=/a=b.pem"), "/a=b.pem");
	assert_null(registry_options_ca_file(&(struct options){.ca = {{"r.io=x"}, 1, false}}));
}

static void test_creds(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	const struct options options = {
		.creds = {{"reg.io=me:${TOKEN}", "reg.io/team/x=robot$a:$TOKEN"}, 2, false}};
	const struct credentials list = read(arena, &options);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].username, "me");
	assert_string_equal(list.items[0].password, "from the environment");
	assert_string_equal(list.items[1].token, "t");
	assert_string_equal(list.items[2].username, "robot$a");
	assert_null(list.items[2].token);
	assert_string_equal(registry_options_secret("reg.io=me:@a@b"), "a@b");
	assert_null(registry_options_secret("reg.io=me:${TOKEN}"));
	assert_null(registry_options_secret("me:@file"));
}

/* Nothing after the name of a registry is quoted. */
static void test_creds_refused(void **state)
{
	(void)state;
	static const char *const items[] = {"reg.io=me:word1",  "reg.io=me:${TOKEN}word1",
					    "reg.io=me:$",      "reg.io=me:${}",
					    "reg.io=me:${word", "me:word1",
					    "reg.io=word1",     "=me:@word1",
					    "reg.io=:@word1",   "word1"};
	for (size_t i = 0; i < array_count(items); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(problem_finish) struct problems problems = {0};
		struct credentials list = entries(arena);
		const struct options options = {.creds = {{items[i]}, 1, false}};
		registry_options_read(arena, &options, &lookup, &list, &problems);
		assert_int_equal(problems.error_count, 1);
		assert_int_equal(list.count, 2);
		assert_string_equal(list.items[0].password, "p");
		assert_null(strstr(buf_string(&problems.errors), "word1"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_insecure),
		cmocka_unit_test(test_ca),
		cmocka_unit_test(test_creds),
		cmocka_unit_test(test_creds_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
