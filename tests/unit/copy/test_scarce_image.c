/* The way of an image when memory runs out: any one allocation fails, or all from one on. */
#include "test_copy_scenarios.h"
#include "test_scarce_fixture.h"

/* Of the allocations of a scenario every so many fail, others in the next one. */
enum { STRIDE = 29 };

static void run(struct world *world, const struct scenario *scenario, unsigned at, unsigned count,
		struct arena *arena)
{
	start(world, scenario, 1, arena);
	made = 0;
	fail_at = at;
	fail_for = count;
	counting = true;
	copy_run(world->run);
	counting = false;
}

/* Whatever fails, what is called copied is there, and the next run makes it good. */
static void starve_one(const struct scenario *scenario, unsigned at, unsigned count)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct memory_world memory;
	struct copy_run copied;
	struct world world = {.memory = &memory, .run = &copied};
	char what[120];
	run(&world, scenario, at, count, arena);
	snprintf(what, sizeof(what), "%s, without memory at %u for %u", scenario->name, at, count);
	check(&world, what);
	if (memory.open)
		fail_msg("%s: %u uploads stay open", what, memory.open);
	memory.hook = NULL;
	copy_run(&copied);
	check(&world, what);
	if (!scenario->once && scenario->status != OUTCOME_FAILED &&
	    copied.outcomes[0].status == OUTCOME_FAILED)
		fail_msg("%s: the next run fails, too: %s", what, copied.outcomes[0].error_text);
	memory_finish(&memory);
}

static void test_memory_runs_out(void **state)
{
	const unsigned stride = getenv("EVERY_FAULT") ? 1 : STRIDE;
	(void)state;
	for (size_t i = 0; i < array_count(scenarios); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct memory_world memory;
		struct copy_run copied;
		struct world world = {.memory = &memory, .run = &copied};
		run(&world, &scenarios[i], 0, 0, arena);
		unsigned allocations = made;
		memory_finish(&memory);
		assert_true(allocations > 10);
		for (unsigned at = 1 + (unsigned)i % stride; at <= allocations; at += stride) {
			starve_one(&scenarios[i], at, 1);
			starve_one(&scenarios[i], at, UINT32_MAX);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_runs_out),
	};
	FILE *nowhere = fopen("/dev/null", "w");
	log_open(nowhere, LOG_DEBUG);
	make_filters();
	make_signer(&signer, 1);
	make_signer(&stranger, 2);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fclose(nowhere);
	return failed;
}
