/* Runs about named images: their rules, the tags of each, and what came of every single image. */
#include "cmd/narrowing.h"

#include "cmd/replan.h"
#include "test_loaded_fixture.h"

#include "base/log.h"

static const struct rule written[] = {
	{.source = "quay.io/team/app", .destination = "a.test/app"},
	{.source = "quay.io/team/app", .destination = "b.test/app"},
	{.source = "quay.io/team/web:v1", .destination = "a.test/web"},
	{.source = "quay.io/other/web:v1", .destination = "c.test/web"},
	{.source = "quay.io/deep/**", .destination = "a.test/deep"},
	{.source = "quay.io/long/**", .destination = "a.test/much-longer-than-the-source"},
	{.source = "quay.io/team/**", .destination = "dst.test/x/team", .route = &loaded_route},
};

/* A run about some images, up to the point where it would ask its registries. */
struct world {
	struct session session;
	struct edition *edition;
	struct arena *arena;
	struct run run;
};

static void open_world(struct world *world, const struct rule *rules, size_t count,
		       const struct narrow_image *images, size_t image_count)
{
	const struct report_options report = {.whole = true};
	*world = (struct world){.arena = arena_new()};
	world->edition = loaded_edition(&world->session, rules, count);
	assert_true(run_repeat(&world->run, &world->edition->loaded));
	world->run.progress = progress_new();
	world->run.report = report_new(&report, world->run.progress);
	world->run.narrowing =
		narrowing_new(world->arena, world->edition->narrow, images, image_count);
	assert_non_null(world->run.report);
	assert_non_null(world->run.narrowing);
}

static void close_world(struct world *world)
{
	struct narrowing *narrowing = world->run.narrowing;
	run_close(&world->run);
	narrowing_free(&narrowing);
	edition_free(&world->edition);
	arena_free(&world->arena);
}

/* Rules of the run as "SOURCE > DESTINATION: TAGS". */
static void expect_rules(const struct world *world, const char *expected)
{
	scoped(buf_finish) struct buf text = {0};
	for (size_t i = 0; i < world->run.rule_count; i++) {
		const struct plan_rule *rule = &world->run.rules[i];
		const struct narrow_tags *tags = narrowing_tags(&world->run, rule);
		assert_non_null(tags);
		buf_printf(&text, "%s > %s:", rule->rule->source, rule->rule->destination);
		for (size_t j = 0; j < tags->count; j++)
			buf_printf(&text, " %s", tags->items[j]);
		buf_add_char(&text, '\n');
	}
	assert_string_equal(buf_string(&text), expected);
}

static void test_rules(void **state)
{
	static const struct narrow_image images[] = {
		{"quay.io", "team/app", "v1", ""},   {"quay.io", "team/app", "v1", "dst.test/x"},
		{"quay.io", "team/app", "v2", ""},   {"quay.io", "deep/a/b", "v1", ""},
		{"quay.io", "nobody/app", "v1", ""}, {"quay.io", "team/app", "v1", "gone.test"},
	};
	struct world world;
	(void)state;
	open_world(&world, written, array_count(written), images, array_count(images));
	assert_true(narrowing_plan(&world.run));
	expect_rules(&world, "quay.io/team/app > a.test/app: v1 v2\n"
			     "quay.io/team/app > b.test/app: v1 v2\n"
			     "quay.io/team/app > dst.test/x/team/app: v1\n"
			     "quay.io/deep/a/b > a.test/deep/a/b: v1\n");
	close_world(&world);
}

/* --- results ---------------------------------------------------------------------------------- */

/* The rule of the run with that destination. */
static const struct rule *rule_to(const struct world *world, const char *destination)
{
	for (size_t i = 0; i < world->run.rule_count; i++)
		if (strcmp(world->run.rules[i].rule->destination, destination) == 0)
			return world->run.rules[i].rule;
	fail_msg("no rule for %s", destination);
	return NULL;
}

static void add_outcome(struct world *world, struct tally *tally, const char *destination,
			const char *repository, const char *tag, enum outcome_status status,
			enum error_kind kind)
{
	struct task *task = arena_new_of(world->arena, struct task);
	*task = (struct task){.source = {"quay.io", repository, tag, NULL},
			      .destination = {"x.test", "y", tag, NULL},
			      .rule = rule_to(world, destination)};
	const struct tally_image image = {
		.task = tag ? task : NULL,
		.rule = tag ? NULL : task->rule,
		.outcome = {.status = status,
			    .error_kind = kind,
			    .error_text = kind == ERROR_NONE ? NULL : error_kind_name(kind)}};
	tally_add(tally, world->arena, &image);
}

static void expect_results(const struct world *world, const struct tally *tally,
			   const struct narrow_image *images, size_t count, const char *expected)
{
	scoped(buf_finish) struct buf text = {0};
	struct narrowing_result results[8];
	assert_true(narrowing_results(world->run.narrowing, tally, images, count, results));
	for (size_t i = 0; i < count; i++) {
		buf_printf(&text, "%s:%s&%s%s%s", images[i].repository, images[i].tag,
			   images[i].destination, results[i].found ? " found" : "",
			   results[i].done ? " done" : "");
		if (results[i].failed)
			buf_printf(&text, " failed (%s)", results[i].why);
		buf_add_char(&text, '\n');
	}
	assert_string_equal(buf_string(&text), expected);
}

static void test_results(void **state)
{
	static const struct narrow_image images[] = {
		{"quay.io", "team/app", "v1", ""},   {"quay.io", "team/app", "v2", ""},
		{"quay.io", "team/app", "v3", ""},   {"quay.io", "team/app", "v1", "dst.test/x"},
		{"quay.io", "deep/a/b", "v1", ""},   {"quay.io", "deep/a/b", "v2", ""},
		{"quay.io", "nobody/app", "v1", ""},
	};
	struct world world;
	struct tally tally = {.total = 0};
	(void)state;
	open_world(&world, written, array_count(written), images, array_count(images));
	assert_true(narrowing_plan(&world.run));
	/* One of two rules fails: the image has failed, whichever was first. */
	add_outcome(&world, &tally, "a.test/app", "team/app", "v1", OUTCOME_COPIED, ERROR_NONE);
	add_outcome(&world, &tally, "b.test/app", "team/app", "v1", OUTCOME_FAILED, ERROR_DENIED);
	add_outcome(&world, &tally, "a.test/app", "team/app", "v2", OUTCOME_FAILED, ERROR_NETWORK);
	add_outcome(&world, &tally, "b.test/app", "team/app", "v2", OUTCOME_FAILED, ERROR_DENIED);
	/* That of a route is another one with the same name. */
	add_outcome(&world, &tally, "dst.test/x/team/app", "team/app", "v1", OUTCOME_SKIPPED,
		    ERROR_NONE);
	/* A rule that failed as a whole. */
	add_outcome(&world, &tally, "a.test/deep/a/b", "deep/a/b", NULL, OUTCOME_FAILED,
		    ERROR_MISSING);
	/* What nobody has named, as tags that a rule copies beside it. */
	add_outcome(&world, &tally, "a.test/app", "team/app", "latest", OUTCOME_FAILED,
		    ERROR_DENIED);
	scoped(buf_finish) struct buf expected = {0};
	buf_printf(&expected,
		   "team/app:v1& found done failed (%s)\n"
		   "team/app:v2& found failed (%s)\n"
		   "team/app:v3& found\n"
		   "team/app:v1&dst.test/x found done\n"
		   "deep/a/b:v1& found failed (%s)\n"
		   "deep/a/b:v2& found failed (%s)\n"
		   "nobody/app:v1&\n",
		   error_kind_name(ERROR_DENIED), error_kind_name(ERROR_NETWORK),
		   error_kind_name(ERROR_MISSING), error_kind_name(ERROR_MISSING));
	expect_results(&world, &tally, images, array_count(images), buf_string(&expected));
	close_world(&world);
}

/* What was counted and not listed may be any of them: nothing is known then. */
static void test_unlisted(void **state)
{
	static const struct narrow_image images[] = {{"quay.io", "team/app", "v1", ""}};
	struct narrowing_result result;
	struct world world;
	struct tally tally = {.unlisted = 1};
	(void)state;
	open_world(&world, written, array_count(written), images, 1);
	assert_true(narrowing_plan(&world.run));
	assert_false(narrowing_results(world.run.narrowing, &tally, images, 1, &result));
	close_world(&world);
}

static void test_none(void **state)
{
	struct narrowing *none = NULL;
	struct world world;
	struct tally tally = {.total = 0};
	(void)state;
	narrowing_free(&none);
	open_world(&world, written, array_count(written), NULL, 0);
	assert_true(narrowing_plan(&world.run));
	expect_rules(&world, "");
	expect_results(&world, &tally, NULL, 0, "");
	close_world(&world);
}

/* --- rules that cannot be --------------------------------------------------------------------- */

static size_t failures(struct world *world)
{
	struct error err;
	assert_true(report_finish(world->run.report, 0, &err));
	return report_tally(world->run.report)->failed;
}

/* A name that is too long at the destination is the failure of its images. */
static void test_no_rule_can_be_made(void **state)
{
	static char repository[250];
	const struct narrow_image images[] = {{"quay.io", repository, "v1", ""},
					      {"quay.io", "team/app", "v1", ""}};
	struct world world;
	(void)state;
	memset(repository, 'a', sizeof(repository) - 1);
	memcpy(repository, "long/", 5);
	open_world(&world, written, array_count(written), images, 2);
	assert_true(narrowing_plan(&world.run));
	expect_rules(&world, "quay.io/team/app > a.test/app: v1\n"
			     "quay.io/team/app > b.test/app: v1\n");
	assert_int_equal(failures(&world), 1);
	struct narrowing_result results[2];
	assert_true(narrowing_results(world.run.narrowing, report_tally(world.run.report), images,
				      2, results));
	assert_true(results[0].found && results[0].failed && !results[0].done);
	assert_int_equal(results[0].kind, ERROR_CONFIG);
	assert_non_null(strstr(results[0].why, "255"));
	assert_true(results[1].found && !results[1].failed);
	close_world(&world);
}

/* Two sources for one image: one of the rules is left out, and has failed. */
static void test_collision(void **state)
{
	static const struct rule colliding[] = {
		{.source = "quay.io/one/*:v1", .destination = "a.test/all"},
		{.source = "quay.io/two/*:v1", .destination = "a.test/all"},
	};
	static const struct narrow_image images[] = {{"quay.io", "one/app", "v1", ""},
						     {"quay.io", "two/app", "v1", ""}};
	struct narrowing_result results[2];
	struct world world;
	(void)state;
	open_world(&world, colliding, 2, images, 2);
	assert_true(narrowing_plan(&world.run));
	assert_int_equal(world.run.rule_count, 1);
	assert_int_equal(failures(&world), 1);
	assert_true(narrowing_results(world.run.narrowing, report_tally(world.run.report), images,
				      2, results));
	assert_int_equal(results[0].failed + results[1].failed, 1);
	assert_false(results[0].done || results[1].done);
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_unlisted),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_no_rule_can_be_made),
		cmocka_unit_test(test_collision),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
