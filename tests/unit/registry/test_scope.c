/* What a request needs, and whether what we asked for covers what a registry names. */
#include "registry/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_default(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	assert_string_equal(scope_default(arena, "a/b", false, NULL), "repository:a/b:pull");
	assert_string_equal(scope_default(arena, "a/b", true, NULL), "repository:a/b:pull,push");
	assert_string_equal(scope_default(arena, "a/b", true, "a/b"), "repository:a/b:pull,push");
	assert_string_equal(scope_default(arena, "a/b", true, "c"),
			    "repository:a/b:pull,push repository:c:pull");
}

static void test_covers(void **state)
{
	static const struct {
		const char *ours, *theirs;
		bool covers;
	} rows[] = {
		{"repository:a:pull", "repository:a:pull", true},
		{"repository:a:pull,push", "repository:a:push", true},
		{"repository:a:pull,push", "repository:a:push,pull", true},
		{"repository:a:pull", "repository:a:pull,push", false},
		{"repository:a:pull", "repository:b:pull", false},
		{"repository:a:pull", "repository:a/b:pull", false},
		{"repository:a:pull,push repository:b:pull", "repository:b:pull", true},
		{"repository:a:pull,push repository:b:pull", "repository:b:push", false},
		{"repository:a:pull repository:a:push", "repository:a:pull  repository:a:push",
		 true},
		{"repository:a:pull", "", true},
		{"repository:h:5000/a:pull", "repository:h:5000/a:pull", true},
		{"repository:a:pull", "registry:catalog:*", false},
		{"", "repository:a:pull", false},
		{"repository:a:pull", "nonsense", false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		if (scope_covers(rows[i].ours, rows[i].theirs) != rows[i].covers)
			fail_msg("row %zu: %s, %s", i, rows[i].ours, rows[i].theirs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_covers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
