/* One source, several destinations at a time, in memory: what is downloaded once, and for whom. */
#include "test_copy_fixture.h"

enum { MIB = 1024 * 1024 };

struct stage {
	struct memory_world memory;
	struct copy_run run;
	struct arena *arena;
	const char *slow; /* a party that takes long over each piece */
	unsigned taken;
};

static const char *const targets[] = {"one.test/app:v1", "two.test/app:v1", "three.test/app:v1"};

/* An image with a small and a large layer, for all targets. */
static void open_stage(struct stage *stage, size_t size)
{
	*stage = (struct stage){.arena = arena_new()};
	memory_start(&stage->memory);
	stage->memory.ctx = stage;
	stage->run = (struct copy_run){.world = &stage->memory, .arena = stage->arena, .width = 8};
	struct memory_repository *from = memory_repository(&stage->memory, "from.test", "app");
	const char *config = copy_config(&stage->memory, from, "linux", "amd64");
	const char *small = copy_layer(&stage->memory, from, LAYER_TYPE, "small", 5000, "");
	const char *large = copy_layer(&stage->memory, from, LAYER_TYPE, "large", size, "");
	memory_manifest(&stage->memory, from,
			arena_printf(stage->memory.arena,
				     "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s,%s]}",
				     config, small, large),
			IMAGE_TYPE, "v1");
	for (size_t i = 0; i < array_count(targets); i++)
		copy_task(&stage->run, "from.test/app:v1", targets[i]);
}

static void close_stage(struct stage *stage)
{
	memory_finish(&stage->memory);
	arena_free(&stage->arena);
}

static void assert_copied(struct stage *stage)
{
	assert_int_equal(stage->memory.open, 0);
	for (size_t i = 0; i < stage->run.count; i++) {
		const struct task *task = &stage->run.tasks[i];
		struct memory_repository *to = memory_repository(
			&stage->memory, task->destination.host, task->destination.repository);
		if (stage->run.outcomes[i].status != OUTCOME_COPIED)
			fail_msg("%s: %s", task->destination.host,
				 stage->run.outcomes[i].error_text);
		assert_null(memory_missing(to, stage->arena, memory_find(to, "v1"), true));
	}
}

/* Each blob comes once, and the manifest as well; each destination gets all of it. */
static void test_once_for_all(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, 2 * MIB);
	copy_run(&stage.run);
	assert_copied(&stage);
	assert_int_equal(stage.memory.each[MEMORY_OPEN], 3);
	assert_int_equal(stage.memory.each[MEMORY_GET], 1);
	assert_int_equal(stage.memory.each[MEMORY_SEND], 9);
	close_stage(&stage);
}

/* One that holds all of it already needs nothing, and is not waited for. */
static void test_one_in_sync(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, MIB);
	stage.run.count = 1;
	copy_run(&stage.run);
	stage.run.count = 3;
	copy_run(&stage.run);
	assert_int_equal(stage.run.outcomes[0].status, OUTCOME_SKIPPED);
	stage.run.outcomes[0].status = OUTCOME_COPIED;
	assert_copied(&stage);
	assert_int_equal(stage.memory.each[MEMORY_OPEN], 3 + 3);
	close_stage(&stage);
}

/* Less threads than destinations: those to come are not waited for. */
static void test_few_threads(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, MIB);
	stage.run.width = 2;
	copy_run(&stage.run);
	assert_copied(&stage);
	assert_in_range(stage.memory.each[MEMORY_OPEN], 3, 9);
	close_stage(&stage);
}

/* The pieces that the slow registry takes need seconds each. */
static void dawdle(struct memory_world *memory, enum memory_op op, unsigned call)
{
	struct stage *stage = memory->ctx;
	(void)call;
	if (op == MEMORY_TAKE && ++stage->taken % 7 == 0)
		atomic_fetch_add(&copy_slept, 3000);
}

/* Whoever holds up the others goes on alone. */
static void test_a_slow_one_goes_alone(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, 8 * MIB);
	stage.memory.hook = dawdle;
	copy_run(&stage.run);
	assert_copied(&stage);
	close_stage(&stage);
}

/* A source that breaks off in the middle is asked for the rest, for all of them. */
static void lose_a_read(struct memory_world *memory, enum memory_op op, unsigned call)
{
	if (op == MEMORY_READ && memory->each[op] == 8)
		memory->fail_at = call;
}

static void test_a_source_that_breaks_off(void **state)
{
	static const enum error_kind kinds[] = {ERROR_NETWORK, ERROR_CORRUPT};
	(void)state;
	for (size_t i = 0; i < array_count(kinds); i++) {
		struct stage stage;
		open_stage(&stage, 3 * MIB);
		stage.memory.fail_with = kinds[i];
		stage.memory.hook = lose_a_read;
		copy_run(&stage.run);
		assert_copied(&stage);
		close_stage(&stage);
	}
}

/* A target that breaks off does the blob once more by itself; the others notice nothing. */
static void lose_a_piece(struct memory_world *memory, enum memory_op op, unsigned call)
{
	if (op == MEMORY_TAKE && memory->each[op] == 20)
		memory->fail_at = call;
}

static void test_a_target_that_breaks_off(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, 4 * MIB);
	stage.memory.fail_with = ERROR_NETWORK;
	stage.memory.hook = lose_a_piece;
	copy_run(&stage.run);
	assert_copied(&stage);
	close_stage(&stage);
}

/* Two of three fail early; the last one has to open the source again and again. */
static void deny_two(struct memory_world *memory, enum memory_op op, unsigned call)
{
	struct stage *stage = memory->ctx;
	if (op == MEMORY_TAKE && (++stage->taken == 10 || stage->taken == 20))
		memory->fail_at = call;
}

/* Whichever image began the download, the others go on without it. */
static void test_images_that_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct stage stage;
		size_t copied = 0;
		open_stage(&stage, 6 * MIB);
		memory_party(&stage.memory, "from.test")->cuts = MIB;
		stage.memory.fail_with = ERROR_DENIED;
		stage.memory.hook = deny_two;
		copy_run(&stage.run);
		for (size_t j = 0; j < stage.run.count; j++) {
			const struct outcome *outcome = &stage.run.outcomes[j];
			copied += outcome->status == OUTCOME_COPIED;
			if (outcome->status == OUTCOME_FAILED)
				assert_int_equal(outcome->error_kind, ERROR_DENIED);
		}
		assert_in_range(copied, 1, 2);
		assert_int_equal(stage.memory.open, 0);
		close_stage(&stage);
	}
}

/* The blob is gone: each image fails, and none waits for ever. */
static void test_a_missing_layer(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, MIB);
	struct memory_repository *from = memory_repository(&stage.memory, "from.test", "app");
	struct map_entry *large = &from->blobs.entries[2];
	map_put(&from->blobs, (struct str){large->key, large->len}, NULL);
	copy_run(&stage.run);
	for (size_t i = 0; i < stage.run.count; i++)
		assert_int_equal(stage.run.outcomes[i].error_kind, ERROR_MISSING);
	assert_int_equal(stage.memory.open, 0);
	close_stage(&stage);
}

/* The run is asked to stop at each call in turn: nothing stays open, and nobody hangs. */
static void test_a_stop_at_any_call(void **state)
{
	(void)state;
	for (unsigned call = 1;; call += 7) {
		struct stage stage;
		open_stage(&stage, MIB);
		stage.memory.fail_at = call;
		stage.memory.fail_with = ERROR_CANCELED;
		copy_run(&stage.run);
		bool stopped = stage.memory.has_failed;
		assert_int_equal(stage.memory.open, 0);
		if (!stopped)
			assert_copied(&stage);
		close_stage(&stage);
		if (!stopped)
			return;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once_for_all),
		cmocka_unit_test(test_one_in_sync),
		cmocka_unit_test(test_few_threads),
		cmocka_unit_test(test_a_slow_one_goes_alone),
		cmocka_unit_test(test_a_source_that_breaks_off),
		cmocka_unit_test(test_a_target_that_breaks_off),
		cmocka_unit_test(test_images_that_fail),
		cmocka_unit_test(test_a_missing_layer),
		cmocka_unit_test(test_a_stop_at_any_call),
	};
	FILE *nowhere = fopen("/dev/null", "w");
	log_open(nowhere, LOG_DEBUG);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fclose(nowhere);
	return failed;
}
