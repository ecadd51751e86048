/* Which tasks have a shared source. The requests themselves are tested end to end. */
#include "copy/share/sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { SOURCES = 40 };

static struct task make(const char *host, const char *name, const char *tag, const char *digest)
{
	static const struct rule rule = {.source_place = "i.yaml:3:1"};
	return (struct task){.source = {host, name, tag, digest}, .rule = &rule};
}

/* Only tasks whose sources are equal in all parts share one, and only those that run. */
static void test_groups(void **state)
{
	scoped(sources_free) struct sources *sources = sources_new();
	char copy[] = "v1"; /* equal, at another slot */
	const struct task tasks[] = {
		make("a", "x", "v1", NULL), make("a", "x", "v2", NULL),
		make("a", "x", copy, NULL), make("b", "x", "v1", NULL),
		make("a", "y", "v1", NULL), make("a", "x", NULL, "sha256:1"),
		make("a", "x", "v2", NULL), make("a", "x", NULL, "sha256:1"),
		make("a", "x", "v3", NULL),
	};
	enum { COUNT = sizeof(tasks) / sizeof(tasks[0]) };
	const struct task *list[COUNT];
	const size_t numbers[] = {0, 1, 2, 3, 4, 5, 7, 8};
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		list[i] = &tasks[i];
	assert_true(sources_expect(sources, list, numbers, sizeof(numbers) / sizeof(numbers[0])));
	struct shared_source *first = sources_enter(sources, &tasks[0]);
	struct shared_source *pinned = sources_enter(sources, &tasks[5]);
	assert_non_null(first);
	assert_non_null(pinned);
	assert_ptr_not_equal(first, pinned);
	assert_ptr_equal(sources_enter(sources, &tasks[2]), first);
	assert_ptr_equal(sources_enter(sources, &tasks[7]), pinned);
	assert_null(sources_enter(sources, &tasks[1])); /* its fellow does not run */
	assert_null(sources_enter(sources, &tasks[3]));
	assert_null(sources_enter(sources, &tasks[4]));
	assert_null(sources_enter(sources, &tasks[8]));
	sources_leave(sources, NULL);
	for (int i = 0; i < 2; i++) {
		sources_leave(sources, first);
		sources_leave(sources, pinned);
	}
	assert_true(sources_expect(sources, list, numbers, 1));
	assert_null(sources_enter(sources, &tasks[0]));
}

/* Destinations that come one after the other: the first of each source, then the second. */
static void test_one_after_the_other(void **state)
{
	scoped(sources_free) struct sources *sources = sources_new();
	struct task tasks[2 * SOURCES];
	const struct task *list[2 * SOURCES];
	size_t numbers[2 * SOURCES];
	char tags[SOURCES][16];
	(void)state;
	for (size_t i = 0; i < SOURCES; i++)
		snprintf(tags[i], sizeof(tags[i]), "v%zu", i);
	for (size_t i = 0; i < 2 * SOURCES; i++) {
		tasks[i] = make("a", "x", tags[i % SOURCES], NULL);
		list[i] = &tasks[i];
		numbers[i] = i;
	}
	assert_true(sources_expect(sources, list, numbers, 2 * SOURCES));
	for (size_t i = 0; i < 2 * SOURCES; i++) {
		struct shared_source *source = sources_enter(sources, &tasks[i]);
		assert_non_null(source);
		sources_leave(sources, source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_groups),
					   cmocka_unit_test(test_one_after_the_other)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
