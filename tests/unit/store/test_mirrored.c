/* A source behind its mirrors: who is asked for what, and who is believed. */
#include "store/mirrored.h"

#include "test_copy_fixture.h"

static FILE *nowhere;

struct stage {
	struct memory_world memory;
	struct memory_repository *near, *far, *own;
	const struct store *store;
};

static const struct store *open_one(struct stage *stage, const char *host)
{
	const struct reference name = {.host = host, .repository = "app"};
	const struct stores stores = memory_stores(&stage->memory);
	const struct store *store = NULL;
	struct error err;
	assert_true(store_at(&stores, &name, NULL, stage->memory.arena, &store, &err));
	return store;
}

static void open_stage(struct stage *stage)
{
	memory_start(&stage->memory);
	stage->near = memory_repository(&stage->memory, "near.test", "app");
	stage->far = memory_repository(&stage->memory, "far.test", "app");
	stage->own = memory_repository(&stage->memory, "own.test", "app");
	const struct store **mirrors =
		arena_array(stage->memory.arena, 2, sizeof(const struct store *));
	mirrors[0] = open_one(stage, "near.test");
	mirrors[1] = open_one(stage, "far.test");
	stage->store = mirrored_store(stage->memory.arena, open_one(stage, "own.test"), mirrors, 2,
				      stage->memory.learnt);
	assert_non_null(stage->store);
}

static void close_stage(struct stage *stage)
{
	memory_finish(&stage->memory);
}

static void assert_content(struct str bytes, const char *text)
{
	assert_true(str_is(bytes, text));
}

static void test_manifests(void **state)
{
	struct stage stage;
	struct manifest_status status;
	struct manifest_bytes bytes;
	struct error err;
	bool found = false;
	(void)state;
	open_stage(&stage);
	memory_manifest(&stage.memory, stage.near, "near", IMAGE_TYPE, "v1");
	memory_manifest(&stage.memory, stage.far, "far", IMAGE_TYPE, "v2");
	memory_manifest(&stage.memory, stage.own, "own1", IMAGE_TYPE, "v1");
	memory_manifest(&stage.memory, stage.own, "own3", IMAGE_TYPE, "v3");
	static const struct {
		const char *tag, *content;
		unsigned asked;
	} cases[] = {{"v1", "near", 1}, {"v2", "far", 2}, {"v3", "own3", 3}};
	for (size_t i = 0; i < array_count(cases); i++) {
		unsigned before = stage.memory.calls;
		assert_true(store_get(stage.store, stage.memory.arena, cases[i].tag, &bytes, &err));
		assert_content(bytes.bytes, cases[i].content);
		assert_int_equal(stage.memory.calls - before, cases[i].asked);
		assert_true(
			store_head(stage.store, stage.memory.arena, cases[i].tag, &status, &err));
		assert_string_equal(status.digest, bytes.digest);
	}
	assert_false(store_get(stage.store, stage.memory.arena, "v4", &bytes, &err));
	assert_int_equal(err.kind, ERROR_MISSING);
	assert_true(store_head(stage.store, stage.memory.arena, "v4", &status, &err));
	assert_false(status.found);
	/* What is served now, only the source itself knows. */
	assert_true(store_look(stage.store, stage.memory.arena, "v1", &found, &bytes, &err));
	assert_content(bytes.bytes, "own1");
	assert_true(store_probe(stage.store, bytes.digest, &found, &err));
	assert_true(found);
	close_stage(&stage);
}

/* A mirror that fails is passed over; when the source fails, that is the failure. */
static void test_failures(void **state)
{
	struct stage stage;
	struct manifest_bytes bytes;
	struct error err;
	(void)state;
	open_stage(&stage);
	memory_manifest(&stage.memory, stage.own, "own", IMAGE_TYPE, "v1");
	for (unsigned call = 1; call <= 3; call++) {
		stage.memory.calls = 0;
		stage.memory.has_failed = false;
		stage.memory.fail_at = call;
		stage.memory.fail_with = ERROR_DENIED;
		bool ok = store_get(stage.store, stage.memory.arena, "v1", &bytes, &err);
		assert_int_equal(ok, call < 3);
		assert_int_equal(stage.memory.calls, 3);
		if (!ok)
			assert_int_equal(err.kind, ERROR_DENIED);
	}
	close_stage(&stage);
}

static void get_with_failure(struct stage *stage, unsigned call)
{
	struct manifest_bytes bytes;
	struct error err;
	stage->memory.calls = 0;
	stage->memory.fail_at = call;
	stage->memory.fail_with = ERROR_DENIED;
	assert_true(store_get(stage->store, stage->memory.arena, "v1", &bytes, &err));
}

/* Each mirror that fails is worth one warning; one that only lacks something is worth none. */
static void test_warnings(void **state)
{
	struct stage stage;
	char *text = NULL;
	size_t size = 0, count = 0;
	FILE *log = open_memstream(&text, &size);
	(void)state;
	open_stage(&stage);
	memory_manifest(&stage.memory, stage.own, "own", IMAGE_TYPE, "v1");
	log_open(log, LOG_WARN);
	get_with_failure(&stage, 0);
	fflush(log);
	assert_int_equal(size, 0);
	for (unsigned i = 0; i < 6; i++)
		get_with_failure(&stage, 1 + i % 2);
	fclose(log);
	log_open(nowhere, LOG_DEBUG);
	for (const char *at = text; (at = strstr(at, "mirror passed over")); at++)
		count++;
	assert_int_equal(count, 2);
	free(text);
	close_stage(&stage);
}

/* A run that is to stop asks no mirror. */
static void test_a_stop(void **state)
{
	struct stage stage;
	struct cancel cancel = {0};
	(void)state;
	open_stage(&stage);
	memory_manifest(&stage.memory, stage.own, "own", IMAGE_TYPE, "v1");
	cancel_open(&cancel, 0);
	struct cancel *before = cancel_enter(&cancel);
	cancel_run(&cancel);
	get_with_failure(&stage, 0);
	assert_int_equal(stage.memory.calls, 1);
	cancel_enter(before);
	cancel_close(&cancel);
	close_stage(&stage);
}

/* The whole list of the first one that has any tags; a glance is for the source itself. */
static void test_tags(void **state)
{
	struct stage stage;
	struct tag_list tags;
	struct error err;
	struct map into = {0};
	bool supported = true;
	(void)state;
	open_stage(&stage);
	assert_false(store_tags(stage.store, stage.memory.arena, 0, &tags, &err));
	assert_int_equal(err.kind, ERROR_MISSING);
	memory_manifest(&stage.memory, stage.own, "own", IMAGE_TYPE, "v1");
	assert_true(store_tags(stage.store, stage.memory.arena, 0, &tags, &err));
	assert_string_equal(tags.items[0], "v1");
	memory_manifest(&stage.memory, stage.far, "far", IMAGE_TYPE, "v2");
	assert_true(store_tags(stage.store, stage.memory.arena, 0, &tags, &err));
	assert_int_equal(tags.count, 1);
	assert_string_equal(tags.items[0], "v2");
	assert_true(store_tags(stage.store, stage.memory.arena, 8, &tags, &err));
	assert_string_equal(tags.items[0], "v1");
	assert_true(store_referrers(stage.store, stage.memory.arena, "sha256:0", &into, &supported,
				    &err));
	assert_false(supported);
	close_stage(&stage);
}

static bool opens(struct stage *stage, const char *digest, struct blob_part *part, char *first)
{
	struct error err;
	struct reader *reader = NULL;
	size_t got = 0;
	bool ok = store_open(stage->store, digest, part, &reader, &err) &&
		  reader->read(reader, first, 1, &got, &err) && got;
	reader_close(&reader);
	assert_null(reader);
	return ok;
}

/* A blob that came damaged from a mirror comes from the source itself the next time. */
static void test_blobs(void **state)
{
	struct stage stage;
	struct blob_part part = {.size = 4};
	char first = 0;
	(void)state;
	open_stage(&stage);
	const char *digest = memory_blob(&stage.memory, stage.own, STR("good"));
	memory_put_named(&stage.memory, &stage.far->blobs, digest, STR("evil"), "");
	assert_true(opens(&stage, digest, &part, &first));
	assert_int_equal(first, 'e');
	struct error err = {.kind = ERROR_CORRUPT};
	store_spoiled(stage.store, digest, &err);
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_true(opens(&stage, digest, &part, &first));
	assert_int_equal(first, 'g');
	/* Of others nothing is thought. */
	const char *other = memory_blob(&stage.memory, stage.near, STR("near"));
	assert_true(opens(&stage, other, &part, &first));
	assert_int_equal(first, 'n');
	assert_false(opens(&stage, "sha256:0", &part, &first));
	close_stage(&stage);
}

/* Where a mirror failed, the part that is wanted is still the one that was wanted. */
static void test_parts(void **state)
{
	struct stage stage;
	struct blob_part part = {.size = 4, .from = 2};
	char first = 0;
	(void)state;
	open_stage(&stage);
	const char *digest = memory_blob(&stage.memory, stage.own, STR("abcd"));
	stage.near->party->whole = true;
	memory_blob(&stage.memory, stage.near, STR("abcd"));
	stage.memory.fail_at = 1;
	stage.memory.fail_with = ERROR_NETWORK;
	assert_true(opens(&stage, digest, &part, &first));
	assert_int_equal(part.from, 2);
	assert_int_equal(first, 'c');
	close_stage(&stage);
}

static bool is_parallel(const struct store *store)
{
	return store->target; /* in this test */
}

/* Several parts at a time only if whoever may answer takes that. */
static void test_parallel(void **state)
{
	static const struct store_kind kind = {.parallel = is_parallel}, other = {.parallel = NULL};
	const struct store yes = {.kind = &kind, .target = true}, no = {.kind = &kind};
	const struct store never = {.kind = &other, .target = true};
	const struct {
		const struct store *own, *mirrors[2];
		bool parallel;
	} rows[] = {
		{&yes, {&yes, &yes}, true},
		{&no, {&yes, &yes}, false},
		{&yes, {&yes, &no}, false},
		{&yes, {&never, &yes}, false},
	};
	struct stage stage;
	(void)state;
	open_stage(&stage);
	for (size_t i = 0; i < array_count(rows); i++) {
		const struct store *store = mirrored_store(stage.memory.arena, rows[i].own,
							   rows[i].mirrors, 2, stage.memory.learnt);
		assert_int_equal(store_parallel(store), rows[i].parallel);
	}
	close_stage(&stage);
}

/* A layer elsewhere, and digests from a list, are the source's. */
static void test_the_rest(void **state)
{
	struct stage stage;
	struct manifest_status status;
	struct blob_part part = {.size = 4};
	struct reader *reader = NULL;
	struct error err;
	(void)state;
	open_stage(&stage);
	memory_manifest(&stage.memory, stage.own, "own", IMAGE_TYPE, "v1");
	assert_true(store_head_listed(stage.store, stage.memory.arena, "v1", &status, &err));
	assert_int_equal(stage.memory.calls, 3);
	stage.own->party->lists = true;
	assert_true(store_head_listed(stage.store, stage.memory.arena, "v1", &status, &err));
	assert_true(status.found);
	assert_int_equal(stage.memory.calls, 3);
	assert_true(
		store_head_listed(stage.store, stage.memory.arena, status.digest, &status, &err));
	assert_int_equal(stage.memory.calls, 6);
	assert_false(store_open_url(stage.store, "https://none.test/", &part, &reader, &err));
	map_put(&stage.memory.elsewhere, STR("https://there.test/"),
		memory_keep(&stage.memory, STR("text"), ""));
	assert_true(store_open_url(stage.store, "https://there.test/", &part, &reader, &err));
	reader_close(&reader);
	assert_true(store_shares(stage.store, open_one(&stage, "own.test")));
	close_stage(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifests), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_warnings),  cmocka_unit_test(test_a_stop),
		cmocka_unit_test(test_tags),      cmocka_unit_test(test_blobs),
		cmocka_unit_test(test_parallel),  cmocka_unit_test(test_parts),
		cmocka_unit_test(test_the_rest),
	};
	nowhere = fopen("/dev/null", "w");
	log_open(nowhere, LOG_DEBUG);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fclose(nowhere);
	return failed;
}
