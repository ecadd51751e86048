/* Patterns of images, and what they fit. */
#include "request/permit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *pattern, *image;
	bool fits;
} rows[] = {
	{"nginx", "nginx:1", true},
	{"nginx", "bitnami/nginx:1", false},
	{"nginx", "registry-1.docker.io/library/nginx:1", true},
	{"bitnami/*", "docker.io/bitnami/redis:7", true},
	{"bitnami/*", "docker.io/bitnami/a/redis:7", false},
	{"docker.io/library/*", "redis:7", true},
	{"quay.io/**", "quay.io/a/b/c:1", true},
	{"quay.io/**", "quay.io.evil.test/a:1", false},
	{"quay.io/**", "evil.test/quay.io/a:1", false},
	{"quay.io/*", "quay.io/a:1", true},
	{"quay.io/*", "quay.io/a/b:1", false},
	{"**", "any.test:5000/a/b:1", true},
	{"**/nginx", "quay.io/a/nginx:1", true},
	{"*.test/**", "a.test/b:1", true},
	{"*.test/**", "a.test:5000/b:1", false},
	{"a.test:5000/**", "a.test:5000/b:1", true},
	{"quay.io/a/b:v1", "quay.io/a/b:v1", true},
	{"quay.io/a/b:v1", "quay.io/a/b:v10", false},
	{"quay.io/a/b:v?", "quay.io/a/b:v2", true},
	{"quay.io/a/b:v1*", "quay.io/a/b:v10", true},
	{"quay.io/a/b:v*", "quay.io/a/b@sha256:" HEX, false},
	{"quay.io/a/b", "quay.io/a/b@sha256:" HEX, true},
	{"quay.io/a/b@sha256:*", "quay.io/a/b@sha256:" HEX, true},
	{"quay.io/a/b@sha256:*", "quay.io/a/b:v1", false},
	{"quay.io/a/b@sha256:" HEX, "quay.io/a/b@sha256:" HEX, true},
	{"quay.io/a.b/**", "quay.io/axb/c:1", false},
	{"**:latest", "quay.io/a/b:latest", true},
	{"**:*-rc*", "quay.io/a/b:1-rc2", true},
};

static void test_what_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct arena *arena = arena_new();
		scoped(problem_finish) struct problems problems = {0};
		const struct placed given = {rows[i].pattern, "p:1:1"};
		const struct policy_words words = {&given, 1};
		struct permits permits;
		const struct permit *found;
		struct reference image;
		struct error err;
		assert_true(permit_parse(arena, &words, false, &permits, &problems));
		assert_string_equal(buf_string(&problems.errors), "");
		assert_true(reference_parse(arena, str_of(rows[i].image), &image, &err));
		assert_true(permit_find(&permits, &image, &found));
		if (!found == rows[i].fits)
			fail_msg("%s and %s", rows[i].pattern, rows[i].image);
		arena_free(&arena);
	}
}

static void test_mistakes(void **state)
{
	(void)state;
	static const char *const wrong[] = {"",         "quay.io",      "*",     "/a/",
					    "quay.io/", "a:",           "a@",    "a/[b]",
					    "A/b",      "quay.io/a//b", "a:(b)", "**.io"};
	for (size_t i = 0; i < array_count(wrong); i++) {
		struct arena *arena = arena_new();
		scoped(problem_finish) struct problems problems = {0};
		const struct placed given = {wrong[i], "p:1:1"};
		const struct policy_words words = {&given, 1};
		struct permits permits;
		assert_true(permit_parse(arena, &words, true, &permits, &problems));
		if (problems.error_count != 1 || permits.count)
			fail_msg("\"%s\" is taken", wrong[i]);
		arena_free(&arena);
	}
}

static void test_any_host(void **state)
{
	(void)state;
	static const struct placed given[] = {{"**", ""}, {"*.io/a", ""}, {"quay.io/**", ""}};
	static const bool any[] = {true, true, false};
	const struct policy_words words = {given, array_count(given)};
	struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct permits permits;
	assert_true(permit_parse(arena, &words, false, &permits, &problems));
	for (size_t i = 0; i < permits.count; i++)
		assert_int_equal(permit_any_host(&permits.items[i]), any[i]);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_fits),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_any_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
