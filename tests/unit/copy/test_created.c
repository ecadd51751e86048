/* When images say that they were made. */
#include "copy/judge/created.h"

#include "test_copy_fixture.h"

static int64_t created(struct memory_world *world, const char *name,
		       const struct platform_filter *filter)
{
	const struct stores stores = memory_stores(world);
	struct reference source;
	struct error err;
	int64_t when = -1;
	assert_true(reference_parse(world->arena, str_of(name), &source, &err));
	return created_of(&stores, &source, filter, &when, &err) ? when : -(int64_t)err.kind;
}

static void test_created(void **state)
{
	static const struct platform arm = {.os = {"linux", 5}, .architecture = {"arm64", 5}};
	static const struct platform windows = {.os = {"windows", 7}};
	const struct platform_filter for_arm = {.platforms = &arm, .platform_count = 1};
	const struct platform_filter for_windows = {.platforms = &windows, .platform_count = 1};
	const int64_t config_says = 1767323045; /* 2026-01-02T03:04:05Z */
	struct memory_world world;
	(void)state;
	memory_start(&world);
	struct memory_repository *from = memory_repository(&world, "from.test", "app");
	const char *noted = ",\"annotations\":{\"org.opencontainers.image.created\":"
			    "\"2025-12-31T00:00:00Z\"}";
	const char *image = copy_image(&world, from, "image", "one", "amd64", "");
	copy_index(&world, from, "index", "one");
	copy_referrer(&world, from, image, "application/x.note", "{}");
	copy_index_of(&world, from, "noted", "", noted);
	copy_index_of(&world, from, "empty", "", "");
	copy_index_of(&world, from, "nested",
		      copy_named(&world, from, memory_find(from, "index"), ""), noted);
	assert_int_equal(created(&world, "from.test/app:image", NULL), config_says);
	assert_int_equal(created(&world, "from.test/app:index", NULL), config_says);
	assert_int_equal(created(&world, "from.test/app:index", &for_arm), config_says);
	assert_int_equal(created(&world, "from.test/app:index", &for_windows), 0);
	assert_int_equal(created(&world, "from.test/app:nested", NULL), config_says);
	assert_int_equal(created(&world, "from.test/app:noted", NULL), 1767139200);
	assert_int_equal(created(&world, "from.test/app:empty", NULL), 0);
	assert_int_equal(created(&world, "from.test/app:none", NULL), -ERROR_MISSING);
	assert_int_equal(
		created(&world, arena_printf(world.arena, "from.test/app@%s", image), NULL),
		config_says);
	memory_finish(&world);
}

/* Whatever call fails, that is an error and no date. */
static void test_each_call_fails(void **state)
{
	(void)state;
	for (unsigned call = 1;; call++) {
		struct memory_world world;
		memory_start(&world);
		copy_index(&world, memory_repository(&world, "from.test", "app"), "v1", "one");
		world.fail_at = call;
		world.fail_with = ERROR_DENIED;
		int64_t when = created(&world, "from.test/app:v1", NULL);
		bool failed = world.has_failed;
		memory_finish(&world);
		if (!failed)
			return;
		assert_int_equal(when, -ERROR_DENIED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_created),
		cmocka_unit_test(test_each_call_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
