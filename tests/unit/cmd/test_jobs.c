/* Which rules run at which times, what stays when the rules change, and the rules of one job. */
#include "cmd/jobs.h"

#include "test_loaded_fixture.h"

enum { NOW = 1795950000, HOUR = 3600 };

static const struct rule_schedule six_too = {.every = {"6h", "images.yaml:9:9"}};
static const struct rule_schedule minutes = {.every = {"360m", "images.yaml:9:9"}};

static const struct rule all[] = {
	{.source = "a.test/one", .destination = "d.test/one"},
	{.source = "a.test/two", .destination = "d.test/two", .schedule = &loaded_six},
	{.source = "a.test/three", .destination = "d.test/three", .schedule = &loaded_night},
	{.source = "a.test/four", .destination = "d.test/four", .schedule = &six_too},
	{.source = "a.test/five", .destination = "d.test/five", .schedule = &minutes},
	{.source = "a.test/space/**", .destination = "d.test/space", .schedule = &loaded_night},
	{.source = "a.test/room/*", .destination = "d.test/room"},
	{.source = "quay.io/team/**", .destination = "dst.test/x/team", .route = &loaded_route},
};

static const struct jobs_default hourly = {"every 1h", {.period = HOUR}};
static const struct jobs_default six_hourly = {"every 6h", {.period = 6 * HOUR}};
static const struct jobs_default never = {"", {.period = 0}};

/* One a line: "NAME: RULES rules, due after SECONDS". */
static void expect_jobs(const struct jobs *jobs, const char *expected)
{
	scoped(buf_finish) struct buf text = {0};
	for (size_t i = 0; i < jobs->count; i++) {
		const struct job *job = &jobs->items[i];
		buf_printf(&text, "%s: %zu", job->name, job->rules);
		if (job->due == INT64_MAX)
			buf_add_string(&text, " never");
		else if (!job->schedule.period)
			buf_add_string(&text, job->due > NOW ? " later" : " now");
		else
			buf_printf(&text, " in %lld s", (long long)(job->due - NOW));
		buf_add_string(&text, job->wanted ? " wanted\n" : "\n");
	}
	assert_string_equal(buf_string(&text), expected);
}

/* Takes the jobs of these rules, which are gone afterwards. */
static void take(struct jobs *jobs, const struct rule *rules, size_t count,
		 const struct jobs_default *own, int64_t now)
{
	struct session session = {.pool = NULL};
	struct edition *edition = loaded_edition(&session, rules, count);
	assert_true(jobs_take(jobs, edition, own, now));
	edition_free(&edition);
}

static void test_jobs(void **state)
{
	scoped(jobs_finish) struct jobs jobs = {.count = 0};
	(void)state;
	take(&jobs, all, array_count(all), &hourly, NOW);
	expect_jobs(&jobs, "every 1h: 2 in 0 s\n"
			   "every 6h: 2 in 0 s\n"
			   "cron 17 3 * * *: 2 later\n"
			   "every 360m: 1 in 0 s\n");
}

/* Rules whose own times are those of the server belong to its job, whichever comes first. */
static void test_same_times(void **state)
{
	scoped(jobs_finish) struct jobs jobs = {.count = 0}, turned = {.count = 0};
	const struct rule two[] = {all[1], all[0]};
	(void)state;
	take(&jobs, all, 2, &six_hourly, NOW);
	expect_jobs(&jobs, "every 6h: 2 in 0 s\n");
	take(&turned, two, 2, &six_hourly, NOW);
	expect_jobs(&turned, "every 6h: 2 in 0 s\n");
}

static void test_no_times(void **state)
{
	scoped(jobs_finish) struct jobs jobs = {.count = 0};
	(void)state;
	take(&jobs, all, 2, &never, NOW);
	expect_jobs(&jobs, ": 1 never\nevery 6h: 1 in 0 s\n");
	take(&jobs, &all[7], 1, &hourly, NOW);
	expect_jobs(&jobs, "");
	take(&jobs, all, 0, &hourly, NOW);
	expect_jobs(&jobs, "");
}

/* What was there keeps its time; what is new begins. */
static void test_times_are_kept(void **state)
{
	scoped(jobs_finish) struct jobs jobs = {.count = 0};
	(void)state;
	take(&jobs, all, 2, &hourly, NOW);
	jobs.items[0].due = NOW + 5;
	jobs.items[0].wanted = true;
	jobs.items[1].due = NOW + 77;
	jobs.items[1].memory = (struct run_memory){true, 42};
	take(&jobs, &all[1], 3, &hourly, NOW + 50);
	expect_jobs(&jobs, "every 6h: 2 in 77 s\ncron 17 3 * * *: 1 later\n");
	assert_true(jobs.items[0].memory.failed);
	assert_int_equal(jobs.items[0].memory.failures, 42);
	assert_false(jobs.items[1].memory.failed);
	/* What was gone meanwhile begins again. */
	take(&jobs, all, 2, &hourly, NOW + 60);
	expect_jobs(&jobs, "every 1h: 1 in 60 s\nevery 6h: 1 in 77 s\n");
	assert_int_equal(jobs.items[1].schedule.first, NOW);
}

/* --- the rules of one ------------------------------------------------------------------------- */

/* What a run of that job is about: written rules, parsed ones, namespaces. */
static void expect_selected(const char *name, const char *own, const struct rule *rules,
			    size_t count, const char *expected)
{
	scoped(buf_finish) struct buf text = {0};
	struct session session = {.pool = NULL};
	struct edition *edition = loaded_edition(&session, rules, count);
	scoped(run_close) struct run run = {0};
	assert_true(run_repeat(&run, &edition->loaded));
	assert_true(jobs_select(&run, name, own));
	for (size_t i = 0; i < run.config.rules.count; i++)
		buf_printf(&text, "%s ", run.config.rules.items[i].source);
	buf_add_string(&text, "| ");
	for (size_t i = 0; i < run.rule_count; i++)
		buf_printf(&text, "%s ", run.rules[i].source.name->repository);
	buf_add_string(&text, "| ");
	for (size_t i = 0; i < run.namespace_count; i++)
		buf_printf(&text, "%s ", run.namespaces[i].source.repository);
	assert_string_equal(buf_string(&text), expected);
	/* The edition is as it was. */
	assert_int_equal(edition->loaded.rule_count + edition->loaded.namespace_count, count);
	run_close(&run);
	edition_free(&edition);
}

static void test_select(void **state)
{
	(void)state;
	expect_selected("every 1h", "every 1h", all, array_count(all), "a.test/one | one | room ");
	expect_selected("every 6h", "every 1h", all, array_count(all),
			"a.test/two a.test/four | two four | ");
	expect_selected("every 6h", "every 6h", all, array_count(all),
			"a.test/one a.test/two a.test/four | one two four | room ");
	expect_selected("cron 17 3 * * *", "every 1h", all, array_count(all),
			"a.test/three | three | space ");
	expect_selected("every 2h", "every 1h", all, array_count(all), "| | ");
	expect_selected("cron 6h", "every 1h", all, array_count(all), "| | ");
	/* All of it, with nothing left out. */
	expect_selected("every 1h", "every 1h", all, 1, "a.test/one | one | ");
	expect_selected("", "", &all[6], 1, "| | room ");
	/* Routes are for hooks alone. */
	expect_selected("", "", &all[7], 1, "| | ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs),     cmocka_unit_test(test_same_times),
		cmocka_unit_test(test_no_times), cmocka_unit_test(test_times_are_kept),
		cmocka_unit_test(test_select),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
