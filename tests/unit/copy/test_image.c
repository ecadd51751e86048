/*
 * The way of an image, from the comparison to the tag, in memory: what comes of each kind of task,
 * and what comes of it when any one call of a store fails.
 */
#include "test_copy_scenarios.h"

/* Threads that copy, and the part of the faults that each call meets. */
#ifdef __SANITIZE_THREAD__
enum { WIDTH = 4, STEP = 31 };
#else
enum { WIDTH = 1, STEP = 8 };
#endif

/* Each scenario once, and a second time on what the first has left. */
static void test_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(scenarios); i++) {
		const struct scenario *scenario = &scenarios[i];
		scoped(arena_free) struct arena *arena = arena_new();
		struct memory_world memory;
		struct copy_run run;
		struct world world = {.memory = &memory, .run = &run};
		start(&world, scenario, WIDTH, arena);
		copy_run(&run);
		expect(scenario, &run.outcomes[0], scenario->status, "first");
		if (scenario->reason)
			assert_string_equal(run.outcomes[0].reason, scenario->reason);
		if (scenario->status == OUTCOME_FAILED)
			assert_int_equal(run.outcomes[0].error_kind, scenario->error);
		check(&world, scenario->name);
		assert_int_equal(memory.open, 0);
		memory.hook = NULL;
		copy_run(&run);
		if (!scenario->once)
			expect(scenario, &run.outcomes[0], scenario->again, "again");
		check(&world, scenario->name);
		memory_finish(&memory);
	}
}

/* How many blobs went which way: an image has three, an index four, two of them twice. */
static void test_counts(void **state)
{
	static const struct {
		void (*build)(struct world *world);
		size_t copied, mounted, present, skipped;
	} cases[] = {
		{build_image, 3, 0, 0, 0},    {build_index, 4, 0, 2, 0},
		{build_mounted, 0, 4, 2, 0},  {build_unmounted, 4, 0, 2, 0},
		{build_left_out, 2, 0, 0, 1}, {build_forced, 0, 0, 6, 0},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		const struct scenario scenario = {.build = cases[i].build};
		scoped(arena_free) struct arena *arena = arena_new();
		struct memory_world memory;
		struct copy_run run;
		struct world world = {.memory = &memory, .run = &run};
		start(&world, &scenario, 1, arena);
		copy_run(&run);
		const struct outcome *outcome = &run.outcomes[0];
		assert_int_equal(outcome->blobs_copied, cases[i].copied);
		assert_int_equal(outcome->blobs_mounted, cases[i].mounted);
		assert_int_equal(outcome->blobs_present, cases[i].present);
		assert_int_equal(outcome->blobs_skipped, cases[i].skipped);
		assert_int_equal(outcome->bytes > 0, cases[i].copied > 0);
		memory_finish(&memory);
	}
}

/* A second image gets from the first what both have; a copy that takes long looks back. */
static void test_what_else_is_told(void **state)
{
	static const struct scenario two = {.build = build_two}, slow = {.build = build_long};
	scoped(arena_free) struct arena *arena = arena_new();
	struct memory_world memory;
	struct copy_run run;
	struct world world = {.memory = &memory, .run = &run};
	(void)state;
	start(&world, &two, 1, arena);
	copy_run(&run);
	assert_false(run.outcomes[0].source_moved);
	assert_int_equal(run.outcomes[1].blobs_mounted, 2);
	assert_int_equal(run.outcomes[1].blobs_copied, 1);
	memory_finish(&memory);
	start(&world, &slow, 1, arena);
	copy_run(&run);
	assert_true(run.outcomes[0].source_moved);
	memory_finish(&memory);
}

/* --- one call fails ------------------------------------------------------------------------- */

/* How one call fails. */
struct fault {
	enum error_kind kind;
	bool late, on;
};

static const struct fault faults[] = {
	{ERROR_DENIED, false, false},      {ERROR_MISSING, false, false},
	{ERROR_NETWORK, false, false},     {ERROR_NETWORK, true, false},
	{ERROR_UNAVAILABLE, false, true},  {ERROR_UNREACHABLE, false, true},
	{ERROR_CORRUPT, false, false},     {ERROR_MEMORY, false, false},
	{ERROR_LIMITED, false, false},     {ERROR_CANCELED, false, false},
	{ERROR_CANCELED, true, false},     {ERROR_FULL, false, false},
	{ERROR_IMMUTABLE, false, false},   {ERROR_REJECTED, false, false},
	{ERROR_UNSUPPORTED, false, false},
};

/* A run in which the call with that number fails. False: there was none. */
static bool run_with(const struct scenario *scenario, const struct fault *fault, unsigned call,
		     const char *wanted)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct memory_world memory;
	struct copy_run run;
	struct world world = {.memory = &memory, .run = &run};
	char what[160];
	start(&world, scenario, WIDTH, arena);
	memory.fail_at = call;
	memory.fail_with = fault->kind;
	memory.fail_late = fault->late;
	memory.fail_on = fault->on;
	copy_run(&run);
	bool failed = memory.has_failed;
	snprintf(what, sizeof(what), "%s, call %u of kind %d fails with %d%s%s", scenario->name,
		 call, (int)memory.failed, (int)fault->kind, fault->late ? " late" : "",
		 fault->on ? " for good" : "");
	check(&world, what);
	/* What a dead target has open cannot be given up. */
	if (memory.open && fault->kind != ERROR_UNREACHABLE)
		fail_msg("%s: %u uploads stay open", what, memory.open);
	/* Nothing stands in the way of the next run. */
	memory.fail_at = 0;
	memory.has_failed = false;
	memory.hook = NULL;
	copy_run(&run);
	check(&world, what);
	if (!scenario->once && scenario->status != OUTCOME_FAILED) {
		if (run.outcomes[0].status == OUTCOME_FAILED)
			fail_msg("%s: the next run fails, too: %s", what,
				 run.outcomes[0].error_text);
		const char *got = result(&world, arena);
		if (wanted && (!got || strcmp(got, wanted) != 0))
			fail_msg("%s: the next run leaves %s and not %s", what,
				 got ? got : "nothing", wanted);
	}
	memory_finish(&memory);
	return failed;
}

/* What the scenario leaves when nothing fails. */
static const char *clean_result(const struct scenario *scenario, struct arena *arena)
{
	struct memory_world memory;
	struct copy_run run;
	struct world world = {.memory = &memory, .run = &run};
	start(&world, scenario, WIDTH, arena);
	copy_run(&run);
	const char *wanted = result(&world, arena);
	memory_finish(&memory);
	return wanted;
}

/*
 * Every call fails, each in some of the ways, which change from call to call; with EVERY_FAULT in
 * the environment in all of them, which takes minutes.
 */
static void test_each_call_fails(void **state)
{
	const size_t step = getenv("EVERY_FAULT") ? 1 : STEP;
	(void)state;
	for (size_t i = 0; i < array_count(scenarios); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		const char *wanted = clean_result(&scenarios[i], arena);
		bool failed = true;
		for (unsigned call = 1; failed; call++)
			for (size_t j = (call + i) % step; j < array_count(faults); j += step)
				failed = run_with(&scenarios[i], &faults[j], call, wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_what_else_is_told),
		cmocka_unit_test(test_each_call_fails),
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
