/* Selections: what they leave of a repository's tags, and what is said about them. */
#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define A16 "aaaaaaaaaaaaaaaa"
#define DG "sha256:" A16 A16 A16 A16

/* What the repository holds, in its order. */
static const struct {
	const char *tag;
	int64_t created;
} stock[] = {
	{"1.0.0", 100},  {"1.10.0", 300}, {"1.2.0", 500}, {"v2.0.0-rc.1", 450},
	{"v2.0.0", 600}, {"latest", 650}, {"nightly", 0}, {"2.0", 700},
};

enum { MOST = array_count(stock) };

/* The catalog's side of a test. */
struct world {
	int listings, askings, asked;
	bool down;
};

static bool list_tags(void *ctx, struct arena *arena, const struct reference *source,
		      const char *const **tags, size_t *count, struct error *err)
{
	struct world *world = ctx;
	const char **list = arena_array(arena, MOST, sizeof(*list));
	(void)source;
	(void)err;
	world->listings++;
	for (size_t i = 0; i < MOST; i++)
		list[i] = stock[i].tag;
	*tags = list;
	*count = MOST;
	return true;
}

static bool created(void *ctx, const struct dating *dating, struct error *err)
{
	struct world *world = ctx;
	world->askings++;
	world->asked += (int)dating->count;
	for (size_t i = 0; i < dating->count; i++)
		for (size_t j = 0; j < MOST; j++)
			if (strcmp(dating->images[i].tag, stock[j].tag) == 0)
				dating->when[i] = stock[j].created;
	return !world->down || error_set(err, ERROR_UNAVAILABLE, "down");
}

struct row {
	const char *source, *destination;
	const char *tags[3], *exclude[3], *semver;
	int latest;
	bool by_date;
	int since;
	enum selection_prereleases prereleases;
	bool required;
	const char *result; /* tags pulled, and where they differ > those pushed */
	const char *said;   /* part of errors and warnings; NULL: nothing */
	int listings, asked;
};

#define YES SELECTION_PRERELEASES_YES
#define NO SELECTION_PRERELEASES_NO
#define A "r.io/a"
#define B "r.io/b"

static const struct row rows[] = {
	{A, B, .semver = ">=1 <2", .result = "1.0.0 1.10.0 1.2.0", .listings = 1},
	{A, B, .semver = "*", .result = "1.0.0 1.10.0 1.2.0 v2.0.0", .listings = 1},
	{A, B, .semver = ">=2.0.0-0", .result = "v2.0.0-rc.1 v2.0.0", .listings = 1},
	{A, B, .exclude = {"/^v/", "latest,nightly"}, .result = "1.0.0 1.10.0 1.2.0 2.0",
	 .listings = 1},
	{A, B, .latest = 2, .result = "1.10.0 v2.0.0", .listings = 1},
	{A, B, .latest = 2, .prereleases = YES, .result = "v2.0.0-rc.1 v2.0.0", .listings = 1},
	{A, B, .latest = 2, .semver = ">=2.0.0-0", .result = "v2.0.0-rc.1 v2.0.0", .listings = 1},
	{A, B, .latest = 2, .tags = {"/rc/"}, .result = "",
	 .said = "unless the rule has prereleases", .listings = 1},
	{A, B, .semver = ">1.9", .prereleases = YES, .result = "1.10.0 v2.0.0-rc.1 v2.0.0",
	 .listings = 1},
	{A, B, .semver = "<2.0.0", .prereleases = YES, .result = "1.0.0 1.10.0 1.2.0",
	 .listings = 1},
	{A, B, .semver = ">=2.0.0-0", .prereleases = NO, .result = "v2.0.0", .listings = 1},
	{A, B, .tags = {"/^v2/"}, .prereleases = NO, .result = "v2.0.0", .listings = 1},
	{A, B, .prereleases = NO, .result = "1.0.0 1.10.0 1.2.0 v2.0.0 latest nightly 2.0",
	 .listings = 1},
	{A, B, .required = true, .tags = {"/^v2/"}, .result = "v2.0.0-rc.1 v2.0.0", .listings = 1},
	{A, B, .latest = 2, .semver = "*", .result = "1.10.0 v2.0.0", .listings = 1},
	{A, B, .latest = 99, .result = "1.0.0 1.10.0 1.2.0 v2.0.0", .listings = 1},
	{A, B, .latest = 3, .by_date = true, .result = "v2.0.0 latest 2.0",
	 .said = "w:3:1: 1 of 8 images of r.io/a have no date of creation", .listings = 1,
	 .asked = 8},
	{A, B, .latest = 1, .by_date = true, .tags = {"/./"}, .semver = "<2", .result = "1.2.0",
	 .listings = 1, .asked = 3},
	{A, B, .since = 450, .exclude = {"nightly"},
	 .result = "1.2.0 v2.0.0-rc.1 v2.0.0 latest 2.0", .listings = 1, .asked = 7},
	{A, B, .since = 450, .result = "1.2.0 v2.0.0-rc.1 v2.0.0 latest 2.0",
	 .said = "w:3:1: 1 of 8 images", .listings = 1, .asked = 8},
	{A, B, .since = 300, .latest = 2, .semver = "*", .result = "1.10.0 v2.0.0", .listings = 1,
	 .asked = 4},
	{A, B, .since = 300, .latest = 2, .by_date = true, .semver = "*", .result = "1.2.0 v2.0.0",
	 .listings = 1, .asked = 4},
	{A, B, .since = 9999, .exclude = {"nightly"}, .result = "",
	 .said = "w:3:1: the selection leaves none of the 8 tags of r.io/a", .listings = 1,
	 .asked = 7},
	{A, B, .semver = "9", .since = 5, .result = "",
	 .said = "w:3:1: the selection leaves none of the 8 tags", .listings = 1},
	{A, B, .latest = 2, .tags = {"/^2.0$/", "latest"}, .result = "",
	 .said = "(versions have three numbers, as in 1.2.3, and no tag is one: choose by",
	 .listings = 1},
	/* tags are the list of a source that has none, and then need no listing */
	{A, B, .tags = {"v9", "1.0.0"}, .result = "v9 1.0.0"},
	{A, B, .tags = {"v9,1.0.0", "/^v2/"}, .result = "v9 1.0.0 v2.0.0-rc.1 v2.0.0",
	 .listings = 1},
	{A, B, .tags = {"1.0.0", "1.2.0"}, .since = 200, .result = "1.2.0", .asked = 2},
	{A, B, .tags = {"/none/"}, .result = "",
	 .said = "w:3:1: pattern /none/ finds none of the 8", .listings = 1},
	/* and what finds nothing is a failure where the rule requires it */
	{A, B, .required = true, .tags = {"/none/", "1.0.0"}, .result = "",
	 .said = "e:pattern /none/ finds none of the 8 tags of r.io/a (the rule has required",
	 .listings = 1},
	{A ":/none/", B, .required = true, .result = "", .said = "e:pattern /none/ finds none",
	 .listings = 1},
	{A, B, .required = true, .semver = "9", .result = "",
	 .said = "e:the selection leaves none of the 8 tags of r.io/a", .listings = 1},
	/* and otherwise one more condition */
	{A ":1.0.0,v9,2.0", B, .tags = {"v9", "1.0.0"}, .result = "1.0.0 v9"},
	{A ":/^1/", B, .tags = {"/0$/"}, .exclude = {"/10/"}, .result = "1.0.0 1.2.0",
	 .listings = 1},
	{A ":v2.0.0,1.2.0,1.0.0", B, .latest = 2, .result = "v2.0.0 1.2.0"},
	{A ":v2.0.0@" DG ",1.2.0", B, .semver = "2", .result = "@" DG ">v2.0.0"},
	/* destinations are paired with what is left */
	{A, B ":x,y", .latest = 2, .semver = "*", .result = "1.10.0>x v2.0.0>y", .listings = 1},
	{A, B ":x", .latest = 2, .result = "", .said = "is not matched: 2 and 1", .listings = 1},
	{A, B ":/^v/", .latest = 2, .prereleases = YES, .result = "v2.0.0-rc.1 v2.0.0",
	 .listings = 1},
	/* mistakes */
	{A, B, .semver = "", .result = NULL, .said = "p:sem: semver \"\": a range is missing"},
	{A, B, .semver = ">>1", .result = NULL,
	 .said = "p:sem: semver \">>1\": \">1\" is not a version"},
	{A, B, .tags = {"/(/"}, .result = NULL,
	 .said = "p:tag0: tags pattern /(/: missing closing"},
	{A, B, .tags = {"v1", "v 1"}, .result = NULL,
	 .said = "p:tag1: tags \"r.io/a:v 1\": must not"},
	{A, B, .tags = {"v1,"}, .result = NULL, .said = "p:tag0: tags empty item"},
	{A, B, .tags = {DG}, .result = NULL, .said = "only tags and patterns are allowed here"},
	{A, B, .exclude = {"/x"}, .result = NULL,
	 .said = "p:not0: exclude \"/x\": a tag pattern must start and end"},
	{A ":v1," DG, B, .latest = 1, .result = NULL,
	 .said = "a selection is made by tags, but " DG " has none"},
	{A, B, .exclude = {"/(a*)*$/"}, .tags = {A16 A16 "_"}, .result = "",
	 .said = "e:r.io/a: pattern /(a*)*$/: takes too long"},
};

static void fill(const struct row *row, struct selection *out, struct placed *tags,
		 struct placed *exclude)
{
	static const char *const tag_places[] = {"tag0", "tag1", "tag2"};
	static const char *const exclude_places[] = {"not0", "not1", "not2"};
	*out = (struct selection){.tags = tags,
				  .exclude = exclude,
				  .semver = {row->semver, "sem"},
				  .latest = row->latest,
				  .latest_by_date = row->by_date,
				  .since = row->since,
				  .prereleases = row->prereleases,
				  .required = row->required};
	for (; out->tag_count < 3 && row->tags[out->tag_count]; out->tag_count++)
		tags[out->tag_count] =
			(struct placed){row->tags[out->tag_count], tag_places[out->tag_count]};
	for (; out->exclude_count < 3 && row->exclude[out->exclude_count]; out->exclude_count++)
		exclude[out->exclude_count] = (struct placed){row->exclude[out->exclude_count],
							      exclude_places[out->exclude_count]};
}

static void show_task(const struct task *task, struct buf *out)
{
	const char *tag = task->source.tag;
	buf_printf(out, "%s%s%s", out->len ? " " : "", tag ? "" : "@",
		   tag ? tag : task->source.digest);
	if (!tag || strcmp(tag, task->destination.tag) != 0)
		buf_printf(out, ">%s", task->destination.tag);
}

/* Plans and expands row; what is said goes to said: p: problem, e: error, w: warnings. */
static bool run_row(const struct row *row, struct world *world, bool dates, struct buf *result,
		    struct buf *said)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct placed tags[3], exclude[3];
	struct selection selection;
	struct rule rule = {.source = row->source,
			    .destination = row->destination,
			    .source_place = "3:1",
			    .destination_place = "3:9",
			    .selection = &selection};
	const struct catalog catalog = {list_tags, dates ? created : NULL, world};
	struct plan_rule *planned;
	struct task *tasks = NULL;
	size_t rules, count = 0;
	struct error err = {0};
	fill(row, &selection, tags, exclude);
	assert_true(plan_parse(arena, &(struct rules){.items = &rule, .count = 1}, &planned, &rules,
			       &problems));
	if (problems.error_count) {
		assert_int_equal(problems.error_count, 1);
		buf_printf(said, "p:%s", buf_string(&problems.errors));
		return false;
	}
	assert_int_equal(rules, 1);
	if (!plan_expand(arena, &(struct expanding){planned, &catalog, &problems, false}, &tasks,
			 &count, &err))
		buf_printf(said, "e:%s", err.text);
	for (size_t i = 0; i < count; i++)
		show_task(&tasks[i], result);
	if (problems.warnings.len)
		buf_printf(said, "w:%s", buf_string(&problems.warnings));
	return true;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(buf_finish) struct buf result = {0};
		scoped(buf_finish) struct buf said = {0};
		struct world world = {0};
		const struct row *row = &rows[i];
		bool planned = run_row(row, &world, true, &result, &said);
		if (planned != (row->result != NULL) ||
		    (planned && strcmp(buf_string(&result), row->result) != 0))
			fail_msg("row %zu: %s, %s", i, buf_string(&result), buf_string(&said));
		if (row->said ? !strstr(buf_string(&said), row->said) : said.len != 0)
			fail_msg("row %zu: said %s", i, buf_string(&said));
		if (world.listings != row->listings || world.asked != row->asked ||
		    world.askings > 1)
			fail_msg("row %zu: %d listings, %d dates in %d askings", i, world.listings,
				 world.asked, world.askings);
	}
}

static void test_dates_fail(void **state)
{
	const struct row row = {A, B, .since = 5};
	scoped(buf_finish) struct buf result = {0};
	scoped(buf_finish) struct buf said = {0};
	struct world world = {.down = true};
	(void)state;
	assert_true(run_row(&row, &world, true, &result, &said));
	assert_string_equal(buf_string(&said), "e:down");
	buf_reset(&said);
	assert_true(run_row(&row, &world, false, &result, &said));
	assert_string_equal(buf_string(&said),
			    "e:selecting by date is not supported by this version");
	assert_int_equal(result.len, 0);
}

/* Mistakes of one source are told once, however many destinations it has. */
static void test_told_once(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	const struct selection bad = {.semver = {"x.y", "3:30"}, .since = 1};
	struct rule rules[] = {
		{.source = "r.io/a:/(/", .destination = "r.io/b"},
		{.source = "r.io/a:/(/", .destination = "r.io/c"},
		{.source = "r.io/a", .destination = "r.io/D", .selection = &bad},
		{.source = "r.io/a", .destination = "r.io/e", .selection = &bad},
	};
	struct plan_rule *planned;
	size_t count;
	(void)state;
	for (size_t i = 0; i < array_count(rules); i++) {
		rules[i].source_place = i < 2 ? "1:1" : "2:1";
		rules[i].destination_place = "1:9";
	}
	assert_true(plan_parse(arena, &(struct rules){.items = rules, .count = 4}, &planned, &count,
			       &problems));
	assert_int_equal(count, 0);
	assert_string_equal(
		buf_string(&problems.errors),
		"1:1: source \"r.io/a:/(/\": pattern /(/: missing closing ): `(` at character 1\n"
		"3:30: semver \"x.y\": \"x.y\" is not a version: write one as in 1.2.3, 1.2 or "
		"1.2.x\n"
		"1:9: destination \"r.io/D\": repository name must be lowercase\n");
}

#define RULE(from, to, at, to_at, filter)                                                          \
	{                                                                                          \
		.source = from, .destination = to, .source_place = at, .destination_place = to_at, \
		.terms = &(const struct terms)                                                     \
		{                                                                                  \
			.platforms = filter                                                        \
		}                                                                                  \
	}

/* Rules for the same images with different filters are in conflict; equal ones are one. */
static void test_platforms(void **state)
{
	const struct platform linux_amd64 = {.os = STR("linux"), .architecture = STR("amd64")};
	const struct platform_filter one = {.platforms = &linux_amd64, .platform_count = 1};
	const struct platform_filter same = one;
	const struct platform_filter none = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	struct rule rules[] = {
		RULE("r.io/a:v1", "r.io/b", "1:1", "1:9", &one),
		RULE("r.io/a:v1", "r.io/b", "2:1", "2:9", &same),
		RULE("r.io/a:v1", "r.io/b", "3:1", "3:9", &none),
		RULE("r.io/a:v1", "r.io/c", "4:1", "4:9", &none),
		RULE("r.io/a:v1", "r.io/c", "5:1", "5:9", NULL),
		RULE("r.io/a", "r.io/d", "6:1", "6:9", NULL),
		RULE("r.io/a", "r.io/d", "7:1", "7:9", &one),
	};
	struct plan_rule *planned;
	struct task *tasks;
	size_t count;
	struct error err = {0};
	struct world world = {0};
	const struct catalog catalog = {list_tags, created, &world};
	(void)state;
	assert_true(plan_parse(arena, &(struct rules){.items = rules, .count = array_count(rules)},
			       &planned, &count, &problems));
	assert_string_equal(buf_string(&problems.errors),
			    "3:9: two different values of platforms for one destination: r.io/b:v1 "
			    "is written by the rule at 1:9 as well. Make both rules say the same, "
			    "or remove one\n"
			    "7:9: two different values of platforms for one destination: r.io/d is "
			    "written by the rule at 6:9 as well. Make both rules say the same, or "
			    "remove one\n");
	assert_int_equal(count, 3);
	assert_true(plan_expand(arena, &(struct expanding){&planned[0], &catalog, &problems, false},
				&tasks, &count, &err));
	assert_ptr_equal(rule_terms(tasks[0].rule)->platforms, &one);
	assert_true(plan_expand(arena, &(struct expanding){&planned[2], &catalog, &problems, false},
				&tasks, &count, &err));
	assert_true(plan_same_source(&tasks[0], &tasks[0]));
	assert_false(plan_same_source(&tasks[0], &tasks[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_dates_fail),
		cmocka_unit_test(test_told_once),
		cmocka_unit_test(test_platforms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
