/* Large blobs whose bytes break off on either side, in memory. */
#include "test_copy_fixture.h"

enum { MIB = 1024 * 1024 };

struct stage {
	struct memory_world memory;
	struct copy_run run;
	struct arena *arena;
	enum memory_op fails; /* a call of this kind fails, */
	unsigned every;       /* each so many of them, */
	unsigned times;       /* but no more than that often */
};

/* An image with one large layer. */
static void open_stage(struct stage *stage, size_t size)
{
	*stage = (struct stage){.arena = arena_new()};
	memory_start(&stage->memory);
	stage->memory.ctx = stage;
	stage->run = (struct copy_run){.world = &stage->memory, .arena = stage->arena};
	struct memory_repository *from = memory_repository(&stage->memory, "from.test", "app");
	const char *config = copy_config(&stage->memory, from, "linux", "amd64");
	const char *layer = copy_layer(&stage->memory, from, LAYER_TYPE, "large", size, "");
	memory_manifest(&stage->memory, from,
			arena_printf(stage->memory.arena,
				     "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}", config,
				     layer),
			IMAGE_TYPE, "v1");
	copy_task(&stage->run, "from.test/app:v1", "to.test/app:v1");
}

static void close_stage(struct stage *stage)
{
	memory_finish(&stage->memory);
	arena_free(&stage->arena);
}

static void break_off(struct memory_world *memory, enum memory_op op, unsigned call)
{
	struct stage *stage = memory->ctx;
	if (op != stage->fails || !stage->times || memory->each[op] % stage->every)
		return;
	stage->times--;
	memory->fail_at = call;
}

static void copy(struct stage *stage, enum memory_op op, unsigned every, unsigned times,
		 enum error_kind kind)
{
	stage->fails = op;
	stage->every = every;
	stage->times = times;
	stage->memory.fail_with = kind;
	if (!stage->memory.hook)
		stage->memory.hook = break_off;
	copy_run(&stage->run);
}

static void assert_copied(struct stage *stage)
{
	const struct outcome *outcome = &stage->run.outcomes[0];
	struct memory_repository *to = memory_repository(&stage->memory, "to.test", "app");
	if (outcome->status != OUTCOME_COPIED)
		fail_msg("%s", outcome->error_text);
	assert_int_equal(stage->memory.open, 0);
	assert_null(stage->memory.violation);
	assert_null(memory_missing(to, stage->arena, memory_find(to, "v1"), true));
}

/* The target keeps what it has, so nothing is sent twice, however often it breaks off. */
static void test_a_target_that_breaks_off(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, 24 * MIB);
	copy(&stage, MEMORY_TAKE, 10, 8, ERROR_NETWORK);
	assert_copied(&stage);
	assert_int_equal(stage.memory.each[MEMORY_RESUME], 8);
	/* Each piece once, and those that were lost once more. */
	assert_in_range(stage.memory.each[MEMORY_TAKE], 96, 96 + 8 + 3 + 8);
	close_stage(&stage);
}

/* One that forgets begins at the start, and has no patience without end. */
static void test_a_target_that_forgets(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, 4 * MIB);
	memory_party(&stage.memory, "to.test")->forgets = true;
	copy(&stage, MEMORY_TAKE, 10, 2, ERROR_UNAVAILABLE);
	assert_copied(&stage);
	assert_int_equal(stage.memory.each[MEMORY_OFFER], 2 + 2);
	close_stage(&stage);
	open_stage(&stage, 4 * MIB);
	memory_party(&stage.memory, "to.test")->forgets = true;
	copy(&stage, MEMORY_TAKE, 3, 1000, ERROR_UNAVAILABLE);
	assert_int_equal(stage.run.outcomes[0].status, OUTCOME_FAILED);
	assert_int_equal(stage.run.outcomes[0].error_kind, ERROR_UNAVAILABLE);
	assert_int_equal(stage.memory.open, 0);
	close_stage(&stage);
}

static void give_all(const struct memory_repository *from, struct memory_repository *to)
{
	for (size_t i = 0; i < from->blobs.count; i++) {
		const struct map_entry *each = &from->blobs.entries[i];
		map_put(&to->blobs, (struct str){each->key, each->len}, each->value);
	}
}

/* Somebody else sends the blob meanwhile. */
static void finish_for_it(struct memory_world *memory, enum memory_op op, unsigned call)
{
	break_off(memory, op, call);
	if (memory->fail_at != call)
		return;
	struct memory_repository *from = memory_repository(memory, "from.test", "app");
	struct memory_repository *to = memory_repository(memory, "to.test", "app");
	give_all(from, to);
}

/* What was begun is given up, since the blob came in another way. */
static void test_a_blob_that_came_otherwise(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, 4 * MIB);
	stage.memory.hook = finish_for_it;
	copy(&stage, MEMORY_TAKE, 10, 1, ERROR_UNAVAILABLE);
	assert_copied(&stage);
	assert_int_equal(stage.memory.each[MEMORY_CANCEL], 1);
	close_stage(&stage);
}

/* The upload stays open while the source is asked for the rest. */
static void test_a_source_that_breaks_off(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, 24 * MIB);
	copy(&stage, MEMORY_READ, 10, 9, ERROR_NETWORK);
	assert_copied(&stage);
	assert_int_equal(stage.memory.each[MEMORY_SEND], 2);
	assert_int_equal(stage.memory.each[MEMORY_OPEN], 2 + 9);
	close_stage(&stage);
	/* Without ranges all of it comes again, and what is known of it is passed over. */
	open_stage(&stage, 4 * MIB);
	memory_party(&stage.memory, "from.test")->whole = true;
	copy(&stage, MEMORY_READ, 15, 2, ERROR_NETWORK);
	assert_copied(&stage);
	assert_int_equal(stage.memory.each[MEMORY_SEND], 2);
	close_stage(&stage);
}

/* What the mirror has is wrong from the moment on at which it breaks off. */
static void lose_mirror(struct memory_world *memory, enum memory_op op, unsigned call)
{
	break_off(memory, op, call);
	if (memory->fail_at != call)
		return;
	struct map *blobs = &memory_repository(memory, "near.test", "app")->blobs;
	for (size_t i = 0; i < blobs->count; i++) {
		struct memory_content *held = blobs->entries[i].value;
		char *bytes = arena_copy(memory->arena, held->bytes.at, held->bytes.len);
		bytes[held->bytes.len - 1] ^= 1;
		blobs->entries[i].value =
			memory_keep(memory, (struct str){bytes, held->bytes.len}, "");
	}
}

/* A mirror that breaks off is not asked for the rest: the source itself is. */
static void test_a_mirror_that_breaks_off(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, 6 * MIB);
	struct memory_repository *from = memory_repository(&stage.memory, "from.test", "app");
	struct memory_repository *near = memory_repository(&stage.memory, "near.test", "app");
	from->party->mirror = "near.test";
	give_all(from, near);
	stage.memory.hook = lose_mirror;
	copy(&stage, MEMORY_READ, 12, 1, ERROR_NETWORK);
	assert_copied(&stage);
	assert_int_equal(stage.memory.each[MEMORY_SEND], 2);
	close_stage(&stage);
}

/* Wrong bytes are found before the last of them is sent, and are fetched once more. */
static void test_damaged_bytes(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, 6 * MIB);
	memory_party(&stage.memory, "to.test")->lax = true;
	copy(&stage, MEMORY_READ, 12, 1, ERROR_CORRUPT);
	assert_copied(&stage);
	assert_int_equal(stage.memory.each[MEMORY_OFFER], 2 + 1);
	close_stage(&stage);
	open_stage(&stage, 6 * MIB);
	copy(&stage, MEMORY_READ, 12, 100, ERROR_CORRUPT);
	assert_int_equal(stage.run.outcomes[0].status, OUTCOME_FAILED);
	assert_int_equal(stage.run.outcomes[0].error_kind, ERROR_CORRUPT);
	assert_int_equal(stage.memory.open, 0);
	close_stage(&stage);
}

/* A source that has more bytes, or fewer, than its manifest says. */
static void test_another_size(void **state)
{
	static const char *const sizes[] = {"\"size\":200000}", "\"size\":400000}"};
	(void)state;
	for (size_t i = 0; i < array_count(sizes); i++) {
		struct stage stage;
		open_stage(&stage, 300000);
		struct memory_repository *from =
			memory_repository(&stage.memory, "from.test", "app");
		const struct memory_content *held = memory_read(from, memory_find(from, "v1"));
		char *text = arena_copy(stage.arena, held->bytes.at, held->bytes.len);
		char *size = strstr(text, "\"size\":300000}");
		memcpy(size, sizes[i], strlen(sizes[i]));
		memory_manifest(&stage.memory, from, text, IMAGE_TYPE, "v1");
		copy_run(&stage.run);
		assert_int_equal(stage.run.outcomes[0].status, OUTCOME_FAILED);
		assert_int_equal(stage.run.outcomes[0].error_kind, ERROR_CORRUPT);
		assert_int_equal(stage.memory.open, 0);
		close_stage(&stage);
	}
}

/* What follows the last byte shows only there: the digest is that of the bytes before. */
static void test_more_bytes(void **state)
{
	struct stage stage;
	(void)state;
	open_stage(&stage, 300000);
	struct memory_repository *from = memory_repository(&stage.memory, "from.test", "app");
	struct map_entry *layer = &from->blobs.entries[1];
	const struct memory_content *held = layer->value;
	char *longer = arena_alloc(stage.arena, held->bytes.len + 1);
	memcpy(longer, held->bytes.at, held->bytes.len);
	longer[held->bytes.len] = '!';
	layer->value = memory_keep(&stage.memory, (struct str){longer, held->bytes.len + 1}, "");
	copy_run(&stage.run);
	assert_int_equal(stage.run.outcomes[0].status, OUTCOME_FAILED);
	assert_int_equal(stage.run.outcomes[0].error_kind, ERROR_CORRUPT);
	assert_int_equal(stage.memory.open, 0);
	close_stage(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_target_that_breaks_off),
		cmocka_unit_test(test_a_target_that_forgets),
		cmocka_unit_test(test_a_blob_that_came_otherwise),
		cmocka_unit_test(test_a_source_that_breaks_off),
		cmocka_unit_test(test_a_mirror_that_breaks_off),
		cmocka_unit_test(test_damaged_bytes),
		cmocka_unit_test(test_another_size),
		cmocka_unit_test(test_more_bytes),
	};
	FILE *nowhere = fopen("/dev/null", "w");
	log_open(nowhere, LOG_DEBUG);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fclose(nowhere);
	return failed;
}
