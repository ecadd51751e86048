/* Which rules mean an image that a hook names, for which destinations, and what they make of it. */
#include "plan/narrow.h"

#include "config/serve/server_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct server_route route = {
	.source = "quay.io", .namespace = "team", .destination = "dst.test/x"};
static const struct server_route every = {.source = "quay.io", .destination = "all.test"};

static const struct placed versions = {"/^v/", "images.yaml:9:3"};
static const struct selection tagged = {.tags = &versions, .tag_count = 1};

/* Everything that a test needs. */
struct world {
	struct arena *arena;
	struct rules rules;
	struct plan_rule *parsed;
	struct namespace_rule *namespaces;
	size_t parsed_count, namespace_count;
	struct narrow *narrow;
};

static const struct rule written[] = {
	{.source = "quay.io/team/app", .destination = "a.test/app"},
	{.source = "quay.io/team/app:v1,v2", .destination = "b.test/app"},
	{.source = "quay.io/team/web:/^v1/", .destination = "a.test/web"},
	{.source = "quay.io/team/api", .destination = "a.test/api", .selection = &tagged},
	{.source = "quay.io/deep/**", .destination = "a.test/deep"},
	{.source = "quay.io/flat/*:v1", .destination = "a.test/flat"},
	{.source = "quay.io/team/**", .destination = "dst.test/x/team", .route = &route},
	{.source = "quay.io/**", .destination = "all.test", .route = &every},
	{.source = "quay.io/pinned/app@sha256:"
		   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	 .destination = "a.test/pinned"},
	{.source = "nginx", .destination = "a.test/nginx"},
	{.source = "registry-1.docker.io/team/hub", .destination = "a.test/hub"},
	{.source = "registry-1.docker.io/space/**", .destination = "a.test/space"},
};

static void setup(struct world *world)
{
	scoped(problem_finish) struct problems problems = {0};
	*world = (struct world){.arena = arena_new()};
	struct rule *items = arena_array(world->arena, array_count(written), sizeof(*items));
	for (size_t i = 0; i < array_count(written); i++) {
		items[i] = written[i];
		items[i].source_place = arena_printf(world->arena, "images.yaml:%zu:1", i + 1);
		items[i].destination_place = items[i].source_place;
	}
	world->rules = (struct rules){.items = items, .count = array_count(written)};
	assert_true(namespace_parse(world->arena, &world->rules, &world->namespaces,
				    &world->namespace_count, &problems));
	assert_true(plan_parse(world->arena, &world->rules, &world->parsed, &world->parsed_count,
			       &problems));
	assert_string_equal(buf_string(&problems.errors), "");
	const struct narrow_rules rules = {world->parsed, world->parsed_count, world->namespaces,
					   world->namespace_count};
	world->narrow = narrow_new(world->arena, &rules);
	assert_non_null(world->narrow);
}

static void teardown(struct world *world)
{
	narrow_free(&world->narrow);
	arena_free(&world->arena);
}

/* The destinations for an image, with a space behind each; "-" is that of ordinary rules. */
static const char *destinations(struct world *world, const char *repository, const char *tag)
{
	const struct narrow_image image = {"quay.io", repository, tag, ""};
	const char *const *found;
	size_t count;
	struct error err;
	scoped(buf_finish) struct buf out = {0};
	assert_true(narrow_destinations(world->narrow, &image, world->arena, &found, &count, &err));
	for (size_t i = 0; i < count; i++)
		buf_printf(&out, "%s ", *found[i] ? found[i] : "-");
	return arena_string(world->arena, buf_string(&out));
}

static void test_destinations(void **state)
{
	static const struct {
		const char *repository, *tag, *destinations;
	} cases[] = {
		{"team/app", "v1", "- dst.test/x all.test "},
		{"team/app", "other", "- dst.test/x all.test "},
		{"team/web", "v1.2", "- dst.test/x all.test "},
		{"team/web", "v2", "dst.test/x all.test "},
		{"team/api", "v2", "- dst.test/x all.test "},
		{"team/api", "latest", "dst.test/x all.test "},
		{"deep/a/b/c", "x", "- all.test "},
		{"deep", "x", "all.test "},
		{"flat/a", "v1", "- all.test "},
		{"flat/a", "v2", "all.test "},
		{"flat/a/b", "v1", "all.test "},
		{"pinned/app", "v1", "all.test "},
		{"elsewhere/app", "v1", "all.test "},
	};
	struct world world;
	(void)state;
	setup(&world);
	for (size_t i = 0; i < array_count(cases); i++)
		assert_string_equal(destinations(&world, cases[i].repository, cases[i].tag),
				    cases[i].destinations);
	teardown(&world);
}

static void test_another_host(void **state)
{
	const struct narrow_image image = {"ghcr.io", "team/app", "v1", ""};
	const char *const *found;
	size_t count;
	struct error err;
	struct world world;
	(void)state;
	setup(&world);
	assert_true(narrow_destinations(world.narrow, &image, world.arena, &found, &count, &err));
	assert_int_equal(count, 0);
	teardown(&world);
}

/* Docker Hub's registry has two names. */
static void test_names_of_one_host(void **state)
{
	static const struct narrow_image images[] = {
		{"docker.io", "team/hub", "v1", ""},
		{"docker.io", "space/app", "v1", ""},
		{"registry-1.docker.io", "library/nginx", "latest", ""},
		{"registry-1.docker.io", "team/hub", "v1", ""},
	};
	const char *const *found;
	size_t count;
	struct rules rules;
	struct error err;
	struct world world;
	(void)state;
	setup(&world);
	for (size_t i = 0; i < array_count(images); i++) {
		assert_true(narrow_destinations(world.narrow, &images[i], world.arena, &found,
						&count, &err));
		assert_int_equal(count, 1);
		assert_true(narrow_find(world.narrow, &images[i], world.arena, &rules, &err));
		assert_int_equal(rules.count, 1);
	}
	teardown(&world);
}

/* Rules under one destination: as written, or made for the repository of a namespace. */
static void test_find(void **state)
{
	static const struct {
		const char *repository, *destination, *rules;
	} cases[] = {
		{"team/app", "", "a.test/app b.test/app "},
		{"team/app", "dst.test/x", "dst.test/x/team/app "},
		{"team/app", "all.test", "all.test/team/app "},
		{"deep/a/b", "", "a.test/deep/a/b "},
		{"team/app", "gone.test", ""},
		{"nobody/app", "", ""},
	};
	struct world world;
	struct error err;
	(void)state;
	setup(&world);
	for (size_t i = 0; i < array_count(cases); i++) {
		const struct narrow_image image = {"quay.io", cases[i].repository, "v1",
						   cases[i].destination};
		scoped(buf_finish) struct buf out = {0};
		struct rules found;
		assert_true(narrow_find(world.narrow, &image, world.arena, &found, &err));
		for (size_t j = 0; j < found.count; j++)
			buf_printf(&out, "%s ", found.items[j].destination);
		assert_string_equal(buf_string(&out), cases[i].rules);
	}
	teardown(&world);
}

/* A registry with some tags, which counts how often it is asked. */
struct listed {
	unsigned asked;
};

static bool list(void *ctx, struct arena *arena, const struct reference *source,
		 const char *const **tags, size_t *count, struct error *err)
{
	static const char *const all[] = {"1.2.0", "1.2.1", "1.3.0", "2.0.0", "latest"};
	struct listed *listed = ctx;
	(void)arena, (void)source, (void)err;
	listed->asked++;
	*tags = all;
	*count = array_count(all);
	return true;
}

/* The tags of the tasks for these tags of a rule with that selection. */
static const char *expand(struct arena *arena, const char *source, const struct selection *select,
			  const struct narrow_tags *tags, struct listed *listed)
{
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf out = {0};
	struct rule rule = {.source = source,
			    .destination = "a.test/app",
			    .source_place = "images.yaml:1:1",
			    .destination_place = "images.yaml:1:9",
			    .selection = select};
	const struct rules rules = {.items = &rule, .count = 1};
	const struct catalog catalog = {.tags = list, .ctx = listed};
	struct plan_rule *parsed;
	struct task *tasks;
	size_t count;
	struct error err;
	assert_true(plan_parse(arena, &rules, &parsed, &count, &problems));
	assert_int_equal(count, 1);
	const struct expanding expanding = {parsed, &catalog, &problems};
	assert_true(narrow_expand(arena, &expanding, tags, &tasks, &count, &err));
	for (size_t i = 0; i < count; i++)
		buf_printf(&out, "%s>%s ", tasks[i].source.tag, tasks[i].destination.tag);
	return arena_string(arena, buf_string(&out));
}

static void test_expand(void **state)
{
	static const struct selection semver = {.semver = {"^1.2", "images.yaml:1:1"}};
	static const struct selection newest = {.semver = {"*", "images.yaml:1:1"}, .latest = 1};
	static const char *const names[] = {"1.2.1", "2.0.0"};
	static const struct narrow_tags tags = {names, 2};
	static const struct {
		const char *source;
		const struct selection *selection;
		const char *tasks;
		unsigned asked;
	} cases[] = {
		{"quay.io/a/b", NULL, "1.2.1>1.2.1 2.0.0>2.0.0 ", 0},
		{"quay.io/a/b:2.0.0,9", NULL, "2.0.0>2.0.0 ", 0},
		{"quay.io/a/b:/^1/", NULL, "1.2.1>1.2.1 ", 0},
		{"quay.io/a/b:latest", NULL, "", 0},
		{"quay.io/a/b", &semver, "1.2.1>1.2.1 ", 0},
		/* Which one is the newest, only the whole list can tell. */
		{"quay.io/a/b", &newest, "2.0.0>2.0.0 ", 1},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct listed listed = {0};
		assert_string_equal(
			expand(arena, cases[i].source, cases[i].selection, &tags, &listed),
			cases[i].tasks);
		assert_int_equal(listed.asked, cases[i].asked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_another_host),
		cmocka_unit_test(test_names_of_one_host),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_expand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
