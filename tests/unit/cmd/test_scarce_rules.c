/* Memory that runs out in what a server makes of rules: jobs, named images, and their news. */
#include "test_scarce_fixture.h"

#include "base/log.h"
#include "cmd/jobs.h"
#include "cmd/narrowing.h"
#include "cmd/news.h"
#include "test_loaded_fixture.h"

static const struct rule written[] = {
	{.source = "quay.io/team/app", .destination = "a.test/app"},
	{.source = "quay.io/team/web", .destination = "a.test/web", .schedule = &loaded_six},
	{.source = "quay.io/deep/**", .destination = "a.test/deep", .schedule = &loaded_night},
	{.source = "quay.io/team/**", .destination = "dst.test/x/team", .route = &loaded_route},
};

static const struct narrow_image images[] = {
	{"quay.io", "team/app", "v1", ""},
	{"quay.io", "team/app", "v2", ""},
	{"quay.io", "deep/a/b", "v1", ""},
	{"quay.io", "team/app", "v1", "dst.test/x"},
};

/* --- jobs ------------------------------------------------------------------------------------- */

static void show_jobs(const struct jobs *jobs, struct buf *out)
{
	spared++;
	for (size_t i = 0; i < jobs->count; i++)
		buf_printf(out, "%s: %zu rules, due %lld\n", jobs->items[i].name,
			   jobs->items[i].rules, (long long)jobs->items[i].due % 100000);
	spared--;
}

/* Without memory all stays as it was. */
static bool jobs_are_taken(struct arena *arena, struct buf *out)
{
	static const struct jobs_default hourly = {"every 1h", {.period = 3600}};
	scoped(jobs_finish) struct jobs jobs = {.count = 0};
	struct session session = {.pool = NULL};
	(void)arena;
	counting = false;
	struct edition *few = loaded_edition(&session, written, 1);
	struct edition *all = loaded_edition(&session, written, array_count(written));
	counting = true;
	bool good = jobs_take(&jobs, few, &hourly, 1000);
	assert_int_equal(jobs.count, good);
	if (good && !jobs_take(&jobs, all, &hourly, 2000)) {
		good = false;
		assert_int_equal(jobs.count, 1);
		assert_string_equal(jobs.items[0].name, "every 1h");
		assert_int_equal(jobs.items[0].due, 1000);
	}
	counting = false;
	show_jobs(&jobs, out);
	edition_free(&few);
	edition_free(&all);
	return good;
}

static bool rules_are_selected(struct arena *arena, struct buf *out)
{
	scoped(run_close) struct run run = {0};
	struct session session = {.pool = NULL};
	(void)arena;
	counting = false;
	struct edition *all = loaded_edition(&session, written, array_count(written));
	counting = true;
	bool good = run_repeat(&run, &all->loaded) && jobs_select(&run, "every 6h", "every 1h");
	counting = false;
	for (size_t i = 0; good && i < run.rule_count; i++)
		buf_printf(out, "%s > %s, ", run.rules[i].rule->source,
			   run.rules[i].rule->destination);
	run_close(&run);
	edition_free(&all);
	return good;
}

/* --- named images ----------------------------------------------------------------------------- */

/* An outcome for each rule of the run, as if it had been carried out. */
static void add_outcomes(const struct run *run, struct arena *arena, struct tally *tally)
{
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct plan_rule *rule = &run->rules[i];
		struct task *task = arena_new_of(arena, struct task);
		*task = (struct task){.source = *rule->source.name,
				      .destination = *rule->destination.name,
				      .rule = rule->rule};
		task->source.tag = "v1";
		const struct tally_image image = {.task = task,
						  .outcome = {.status = OUTCOME_COPIED}};
		tally_add(tally, arena, &image);
	}
	tally->total = run->rule_count;
}

static void show_results(const struct narrowing_result *results, struct buf *out)
{
	for (size_t i = 0; i < array_count(images); i++)
		buf_printf(out, "%s:%s%s%s%s ", images[i].repository, images[i].tag,
			   results[i].found ? " found" : "", results[i].done ? " done" : "",
			   results[i].failed ? " failed" : "");
}

static bool images_are_narrowed(struct arena *arena, struct buf *out)
{
	struct narrowing_result results[array_count(images)];
	struct tally tally = {.total = 0};
	const struct report_options report = {.whole = true};
	scoped(run_close) struct run run = {0};
	struct session session = {.pool = NULL};
	counting = false;
	struct edition *all = loaded_edition(&session, written, array_count(written));
	assert_true(run_repeat(&run, &all->loaded));
	run.progress = progress_new();
	run.report = report_new(&report, run.progress);
	counting = true;
	scoped(narrowing_free) struct narrowing *narrowing =
		narrowing_new(arena, all->narrow, images, array_count(images));
	run.narrowing = narrowing;
	bool good = narrowing && narrowing_plan(&run);
	for (size_t i = 0; good && i < run.rule_count; i++)
		good = narrowing_tags(&run, &run.rules[i]) != NULL;
	if (good) {
		spared++;
		add_outcomes(&run, arena, &tally);
		spared--;
		good = narrowing_results(narrowing, &tally, images, array_count(images), results);
	}
	counting = false;
	if (good)
		show_results(results, out);
	/* What failed for want of memory is no rule that failed and no rule that is left out. */
	struct error err;
	assert_true(report_finish(run.report, 0, &err));
	good &= report_tally(run.report)->failed == 0;
	run_close(&run);
	edition_free(&all);
	return good;
}

/* --- news ------------------------------------------------------------------------------------- */

/* Whatever fails, each image is counted. */
static bool news_are_added(struct arena *arena, struct buf *out)
{
	static const struct rule rule = {.source = "quay.io/team/app",
					 .destination = "a.test/app",
					 .source_place = "images.yaml:1:1"};
	static const struct task task = {.source = {"quay.io", "team/app", "v1", NULL},
					 .destination = {"a.test", "app", "v1", NULL},
					 .rule = &rule};
	const struct tally_image copied = {.task = &task, .outcome = {.status = OUTCOME_COPIED}};
	const struct tally_image failed = {
		.rule = &rule, .outcome = {.status = OUTCOME_FAILED, .error_text = "no"}};
	scoped(news_finish) struct news news = {.arena = NULL};
	struct tally tally = {.total = 2};
	counting = false;
	tally_add(&tally, arena, &copied);
	tally_add(&tally, arena, &failed);
	counting = true;
	news_add(&news, &tally);
	counting = false;
	assert_int_equal(news.tally.copied, 1);
	assert_int_equal(news.tally.failed, 1);
	assert_true(news_are_due(&news));
	struct tally_walk walk = tally_list_walk(&news.tally.list);
	while (tally_list_next(&walk)) {
		tally_source(&walk.image, out);
		buf_printf(out, " %s, ", tally_status(&walk.image));
	}
	return !news.tally.unlisted;
}

static void test_jobs(void **state)
{
	(void)state;
	starve(jobs_are_taken);
	starve(rules_are_selected);
}

static void test_narrowing(void **state)
{
	(void)state;
	starve(images_are_narrowed);
}

static void test_news(void **state)
{
	(void)state;
	starve(news_are_added);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_narrowing),
		cmocka_unit_test(test_news),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
