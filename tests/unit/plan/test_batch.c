/* Batches: which part of a list each number is, and that all of them are the whole list. */
#include "plan/batch.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_parts(void **state)
{
	static const struct {
		size_t total;
		int size, number;
		size_t from, to, batches;
	} cases[] = {
		{105, 10, 1, 0, 10, 10},     {105, 10, 9, 80, 90, 10},
		{105, 10, 10, 90, 105, 10},  {105, 10, 11, 105, 105, 10},
		{105, 10, 99, 105, 105, 10}, {19, 10, 1, 0, 19, 1},
		{19, 10, 2, 19, 19, 1},      {10, 10, 1, 0, 10, 1},
		{10, 10, 2, 10, 10, 1},      {20, 10, 2, 10, 20, 2},
		{3, 10, 1, 0, 3, 1},         {3, 10, 2, 3, 3, 1},
		{0, 10, 1, 0, 0, 1},         {0, 10, 2, 0, 0, 1},
		{5, 1, 5, 4, 5, 5},          {7, INT32_MAX, INT32_MAX, 7, 7, 1},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		const struct batch batch = {cases[i].size, cases[i].number};
		struct batch_part part = batch_part(cases[i].total, &batch);
		if (part.from != cases[i].from || part.to != cases[i].to ||
		    part.batches != cases[i].batches)
			fail_msg("%zu by %d, batch %d: %zu to %zu of %zu", cases[i].total,
				 batch.size, batch.number, part.from, part.to, part.batches);
	}
}

/* Numbers from 1 on, until a batch is empty, are each image once, whatever the total. */
static void test_they_are_the_whole_list(void **state)
{
	(void)state;
	for (size_t total = 0; total < 60; total++)
		for (int size = 1; size < 25; size++) {
			size_t end = 0;
			struct batch batch = {size, 1};
			struct batch_part part = batch_part(total, &batch);
			for (; (size_t)batch.number <= part.batches; batch.number++) {
				part = batch_part(total, &batch);
				assert_int_equal(part.from, end);
				end = part.to;
			}
			assert_int_equal(end, total);
			part = batch_part(total, &batch);
			assert_int_equal(part.from, part.to);
		}
}

static struct task task(const char *repository, const char *tag)
{
	return (struct task){
		.source = {.host = "reg.test", .repository = repository, .tag = tag},
		.destination = {.host = "docker.io", .repository = repository, .tag = tag}};
}

/* In whatever order the registry lists them, by the bytes of the whole name. */
static void test_sorted_first(void **state)
{
	struct task all[] = {task("b", "v1"),  task("a/b", "v1"),  task("a-b/c", "v1"),
			     task("a", "v10"), task("a/b", "V2"),  task("a", "v2"),
			     task("a", "v1"),  task("a.b", "old"), task("a/b/c", "v1")};
	static const char *const wanted[] = {
		"reg.test/a-b/c:v1", "reg.test/a.b:old", "reg.test/a/b/c:v1",
		"reg.test/a/b:V2",   "reg.test/a/b:v1",  "reg.test/a:v1",
		"reg.test/a:v10",    "reg.test/a:v2",    "reg.test/b:v1"};
	(void)state;
	for (int number = 1; number <= 5; number++) {
		scoped(arena_free) struct arena *arena = arena_new();
		const struct task *tasks[array_count(all)];
		const struct batch batch = {2, number};
		size_t count = array_count(all), batches = 0;
		for (size_t i = 0; i < count; i++)
			tasks[i] = &all[(i * 2) % count];
		assert_true(batch_select(tasks, &count, &batch, &batches));
		assert_int_equal(batches, 4);
		assert_int_equal(count, number == 5 ? 0 : number == 4 ? 3 : 2);
		for (size_t i = 0; i < count; i++)
			assert_string_equal(reference_string(arena, &tasks[i]->source),
					    wanted[(size_t)(number - 1) * 2 + i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_they_are_the_whole_list),
		cmocka_unit_test(test_sorted_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
