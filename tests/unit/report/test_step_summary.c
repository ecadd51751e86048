/* The summary of a job: what it says first, what it folds, and that foreign text stays text. */
#include "report/step_summary.h"
#include "test_report_fixture.h"

enum { IMAGES_MAX = 20000 };

#define REPORT "steps.ID.outputs.report"
#define OLD "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NEW "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

/* A run, and what its summary says. */
struct scene {
	struct arena *arena;
	struct tally tally;
	struct buf text;
};

static struct scene scene_new(void)
{
	return (struct scene){.arena = arena_new(), .tally = {.milliseconds = 1500}};
}

static void scene_finish(struct scene *scene)
{
	arena_free(&scene->arena);
	buf_finish(&scene->text);
}

static void add(struct scene *scene, const struct task *task, const struct outcome *outcome)
{
	const struct tally_image image = {.task = task, .outcome = *outcome};
	tally_add(&scene->tally, scene->arena, &image);
}

/* An image of one of two repositories; its tag is made of number. */
static const struct task *task_of(struct scene *scene, int number)
{
	struct task *task = arena_new_of(scene->arena, struct task);
	const char *tag = arena_printf(scene->arena, "1.%d", number);
	*task = tasks[number % 2 ? 2 : 0];
	task->source.tag = task->destination.tag = tag;
	return task;
}

static void write_summary(struct scene *scene)
{
	tally_list_sort(&scene->tally.list);
	step_summary_write(&scene->tally, "image-syncer/1.2.3", "out/r.json", &scene->text);
	assert_true(buf_ok(&scene->text));
}

static size_t count_of(const struct buf *text, const char *word)
{
	size_t count = 0;
	for (const char *at = buf_string(text); (at = strstr(at, word)); at++)
		count++;
	return count;
}

/* Both are there, in this order. */
static void follows(const struct buf *text, const char *first, const char *second)
{
	has(text, first);
	if (!strstr(strstr(buf_string(text), first), second))
		fail_msg("no %s behind %s in %s", second, first, buf_string(text));
}

static const struct outcome updated = {
	.status = OUTCOME_COPIED,
	.reason = "differs",
	.digest = NEW,
	.before = OLD,
	.bytes = 1000,
};

static void test_no_images(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	write_summary(&scene);
	has(&scene.text, "### \u2705 image-syncer: nothing to do\n\n0 images in 1s.\n");
	has_not(&scene.text, "| Source");
	has_not(&scene.text, "<details>");
}

static void test_one_image(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	add(&scene, &tasks[0], &updated);
	write_summary(&scene);
	has(&scene.text, "### \u2705 image-syncer: 1 updated\n\n1 image in 1s, 1kB sent.\n");
	has(&scene.text, "#### Copied\n\n| | Source | Destination | Digest | Sent |\n");
	has(&scene.text,
	    "| updated | [docker.io/library/nginx:v1](https://hub.docker.com/_/nginx) | "
	    "reg.io/m/nginx:v1 | <code>0123456789ab</code>&nbsp;\u2192&nbsp;"
	    "<code>fedcba987654</code> | 1kB |\n");
	has(&scene.text, "<pre>\nreg.io/m/nginx:v1&#64;" NEW
			 "\n  &#35; before: reg.io/m/nginx&#64;" OLD "\n</pre>\n");
	has(&scene.text, "upload `${{ " REPORT " }}` with actions/upload-artifact");
	has_not(&scene.text, "r.json");
}

/* A filter made another index of the source's: that is what one finds at the destination. */
static void test_a_filtered_image(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	struct outcome outcome = updated;
	(void)state;
	outcome.digest = "sha256:ffff";
	outcome.after = NEW;
	add(&scene, &tasks[0], &outcome);
	write_summary(&scene);
	has(&scene.text, "&nbsp;\u2192&nbsp;<code>fedcba987654</code>");
	has(&scene.text, "nginx:v1&#64;" NEW "\n");
	has_not(&scene.text, "ffff");
}

/* The tag that held another image still does: nothing was replaced. */
static void test_another_tag(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	struct outcome outcome = updated;
	(void)state;
	outcome.tag = "v1-20261129";
	add(&scene, &tasks[0], &outcome);
	write_summary(&scene);
	has(&scene.text, "image-syncer: 1 new\n");
	has(&scene.text, "| reg.io/m/nginx:v1-20261129 | <code>fedcba987654</code> |");
	has(&scene.text, "nginx:v1-20261129&#64;" NEW "\n</pre>");
	has_not(&scene.text, "0123456789ab");
}

static void test_three_images(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	add(&scene, &tasks[0], &copied);
	add(&scene, &tasks[1], &updated);
	add(&scene, &tasks[2], &in_sync);
	write_summary(&scene);
	has(&scene.text, "image-syncer: 1 new, 1 updated, 1 in sync\n\n3 images in 1s, ");
	follows(&scene.text, "| new |", "| updated |");
	follows(&scene.text, "| updated |", "<details><summary>1 image in sync</summary>");
	has(&scene.text, "| [quay.io/a/b](https://quay.io/repository/a/b) | reg.io/m/b | x |\n");
}

static void test_forty_images(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	for (int i = 0; i < 40; i++)
		add(&scene, task_of(&scene, i), i < 30 ? &updated : &in_sync);
	write_summary(&scene);
	has(&scene.text, "image-syncer: 30 updated, 10 in sync\n");
	assert_int_equal(count_of(&scene.text, "\n| updated |"), 30);
	has(&scene.text, "<summary>10 images in sync</summary>");
	has(&scene.text, " | reg.io/m/b | 1.31, 1.33, 1.35, 1.37, 1.39 |\n");
	follows(&scene.text, "nginx:1.8 |", "nginx:1.10 |");
}

static void test_four_hundred_images(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	for (int i = 399; i >= 0; i--)
		add(&scene, task_of(&scene, i), i < 3 ? &copied : i == 77 ? &updated : &in_sync);
	write_summary(&scene);
	has(&scene.text, "image-syncer: 3 new, 1 updated, 396 in sync\n");
	assert_int_equal(count_of(&scene.text, "\n| new |"), 3);
	has(&scene.text, "<summary>396 images in sync</summary>");
	has(&scene.text, " | 1.4, 1.6, 1.8, 1.10, 1.12, ");
	assert_int_equal(count_of(&scene.text, "| quay.io"), 0);
}

/* A first run: a row for each repository, and each digest to copy. */
static void test_many_changes(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	for (int i = 0; i < 400; i++)
		add(&scene, task_of(&scene, i), i % 4 ? &copied : &updated);
	write_summary(&scene);
	has(&scene.text, "image-syncer: 300 new, 100 updated\n");
	has(&scene.text, "| 100&nbsp;new | ");
	has(&scene.text, "| 200&nbsp;new | ");
	has(&scene.text, " | 1.0, 1.4, 1.8, 1.12, 1.16, 1.20, 1.24, 1.28, 1.32, 1.36, 1.40, 1.44, "
			 "and 88 more |\n");
	assert_int_equal(count_of(&scene.text, "&nbsp;"), 3);
	assert_int_equal(count_of(&scene.text, "&#64;" NEW), 100);
	assert_int_equal(count_of(&scene.text, "before: "), 100);
}

static void test_a_tag_by_another_name(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	struct task task = tasks[0];
	(void)state;
	task.destination.tag = "stable";
	add(&scene, &task, &in_sync);
	write_summary(&scene);
	has(&scene.text, " | v1 \u2192 stable |\n");
}

static void test_a_dry_run(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	scene.tally.dry_run = true;
	add(&scene, &tasks[0], &would);
	add(&scene, &tasks[1], &absent);
	add(&scene, &tasks[2], &in_sync);
	write_summary(&scene);
	has(&scene.text, "### \U0001f50d image-syncer, dry run: 1 new, 1 updated, 1 in sync\n\n"
			 "Both sides were compared, nothing was written. 3 images in 1s.\n");
	has(&scene.text, "#### Would be copied\n");
}

static void test_skipped_images(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	struct outcome kept = updated;
	(void)state;
	kept.status = OUTCOME_SKIPPED;
	add(&scene, &tasks[0], &unfit);
	add(&scene, &tasks[2], &kept);
	write_summary(&scene);
	has(&scene.text, "image-syncer: 2 skipped\n");
	follows(&scene.text, "#### Skipped\n", "| no platform fits | ");
	follows(&scene.text, "#### Skipped\n", "| the tag holds another image | ");
	has_not(&scene.text, "Copied");
}

static void test_no_platform_of_any(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	add(&scene, &tasks[0], &unfit);
	write_summary(&scene);
	has(&scene.text, "### \u274c image-syncer: 1 skipped\n");
	has(&scene.text, "No platform of any image passes the filters: check the inputs "
			 "`platform`, `os` and `arch`");
}

static void test_a_stopped_run(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	const struct tally_image cut = {
		.task = &tasks[1],
		.outcome = {.status = OUTCOME_FAILED,
			    .error_kind = ERROR_CANCELED,
			    .error_text = "stopped by SIGTERM"},
		.unfinished = true,
	};
	(void)state;
	scene.tally.stopped = 15;
	scene.tally.total = 4;
	add(&scene, &tasks[0], &copied);
	tally_add(&scene.tally, scene.arena, &cut);
	write_summary(&scene);
	has(&scene.text,
	    "### \U0001f6d1 image-syncer: stopped by SIGTERM, 1 new, 3 not finished\n");
	has_not(&scene.text, "Failed");
	has_not(&scene.text, "nginx:v2");
}

static void test_a_part_of_a_run(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	scene.tally.shard = "0/4";
	scene.tally.batch = "2 of 9";
	scene.tally.retried = 1;
	add(&scene, &tasks[0], &in_sync);
	write_summary(&scene);
	has(&scene.text, "image-syncer, shard 0/4, batch 2 of 9: 1 in sync\n");
	has(&scene.text, "1 image in 1s; 1 failed at first and was tried again.\n");
}

static void test_failures(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	const struct tally_image whole = {.rule = &rule, .outcome = failed};
	(void)state;
	add(&scene, &tasks[0], &copied);
	add(&scene, &tasks[2], &failed);
	tally_add(&scene.tally, scene.arena, &whole);
	scene.tally.total = 4;
	write_summary(&scene);
	has(&scene.text,
	    "### \u26a0\ufe0f image-syncer: 2 failed, 1 new, 1 not finished\n\n4 images in 1s");
	has(&scene.text, "| Source | Destination | Reason | Rule |\n");
	has(&scene.text, "| [quay.io/a/b:x](https://quay.io/repository/a/b) | reg.io/m/b:x | "
			 "**denied**: quay.io refuses to show a/b | i.yaml:12:1 |\n");
	has(&scene.text, "| gone.io/a | reg.io/m/a | ");
	follows(&scene.text, "#### Failed", "#### Copied");
}

static void test_one_cause(void **state)
{
	static const char cause[] = "reg.io: user name or password is wrong";
	scoped(scene_finish) struct scene scene = scene_new();
	struct outcome bad = failed;
	(void)state;
	bad.error_text = cause;
	bad.error_shared = sizeof(cause) - 1;
	for (int i = 0; i < 400; i++)
		add(&scene, task_of(&scene, i), &bad);
	write_summary(&scene);
	has(&scene.text, "### \u274c image-syncer: 400 failed\n");
	has(&scene.text, "<details><summary><b>400 images</b>: reg.io: user name or password is "
			 "wrong</summary>\n\n| Source | Destination | Rule |\n");
	assert_int_equal(count_of(&scene.text, "password"), 1);
	assert_int_equal(count_of(&scene.text, " | i.yaml:"), 400);
	has_not(&scene.text, "Reason");
}

static void add_pruned(struct scene *scene, const char *tag, enum pruned_status status,
		       const char *text)
{
	const struct pruned pruned = {.name = {"reg.io", "m/nginx", tag, NULL},
				      .status = status,
				      .text = text,
				      .place = "i.yaml:1:30"};
	scene->tally.prune = true;
	assert_true(tally_add_pruned(&scene->tally, scene->arena, &pruned));
}

static void test_pruned_tags(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	add(&scene, &tasks[0], &updated);
	add_pruned(&scene, "v1", PRUNED_REMOVED, NULL);
	add_pruned(&scene, "v2", PRUNED_LEFT, "another tag needs a|b");
	add_pruned(&scene, "v3", PRUNED_REMOVED, NULL);
	write_summary(&scene);
	has(&scene.text, "<details><summary>2 tags removed, 1 left</summary>\n\n"
			 "| | Tag | Why |\n| :--- | :--- | :--- |\n"
			 "| left | reg.io/m/nginx:v2 | another tag needs a&#124;b |\n"
			 "| removed | reg.io/m/nginx:v1 |  |\n"
			 "| removed | reg.io/m/nginx:v3 |  |\n\n</details>\n\n");
	follows(&scene.text, "#### Copied", "2 tags removed");
}

/* What failed is seen without a click, and counts when there was no memory for its record. */
static void test_pruning_that_failed(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	add_pruned(&scene, NULL, PRUNED_FAILED, "reg.io: 500");
	scene.tally.pruned[PRUNED_LEFT] = 2;
	write_summary(&scene);
	has(&scene.text, "<details open><summary>0 tags removed, 2 left, 1 failed</summary>\n");
	has(&scene.text, "| **failed** | reg.io/m/nginx | reg.io: 500 |\n"
			 "\n2 more tags are not listed here.\n");
}

static void test_pruning_of_nothing(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	scene.tally.prune = scene.tally.dry_run = true;
	write_summary(&scene);
	has(&scene.text, "\n\n0 tags would be removed.\n\n");
	has_not(&scene.text, "<details>");
}

static void test_foreign_layers(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	struct outcome windows = copied;
	(void)state;
	windows.blobs_skipped = 2;
	add(&scene, &tasks[0], &windows);
	write_summary(&scene);
	has(&scene.text,
	    ".\n\n2 foreign layers were left out: they may not be distributed (--foreign copy "
	    "includes them)\n\n#### Copied\n");
}

/* Whatever names and texts say, they are neither markup, nor links, nor the end of a block. */
static void test_hostile_text(void **state)
{
	static const char text[] =
		"a|b`c <img src=x> [l](http://x) www.x.org </pre></details>\n# h";
	static const char escaped[] =
		"a&#124;b&#96;c &#60;img src=x&#62; &#91;l&#93;(http&#58;//x) "
		"www&#46;x.org &#60;/pre&#62;&#60;/details&#62;&#92;n&#35; h";
	scoped(scene_finish) struct scene scene = scene_new();
	struct task task = {.source = {"ghcr.io", text, text, NULL},
			    .destination = {"quay.io", text, text, NULL},
			    .rule = &(const struct rule){.source_place = text}};
	struct outcome bad = failed, good = updated;
	(void)state;
	bad.error_text = text;
	good.digest = good.before = text;
	add(&scene, &task, &bad);
	add(&scene, &task, &good);
	add(&scene, &task, &in_sync);
	write_summary(&scene);
	has_not(&scene.text, "<img");
	has_not(&scene.text, "](http");
	has_not(&scene.text, "http:");
	has_not(&scene.text, "www.");
	has_not(&scene.text, "\n# h");
	has(&scene.text, escaped);
	assert_int_equal(count_of(&scene.text, "</pre>"), 1);
	assert_int_equal(count_of(&scene.text, "</details>"), 2);
}

static void test_room_for_changes(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	for (int i = 0; i < IMAGES_MAX; i++)
		add(&scene, task_of(&scene, i), &updated);
	write_summary(&scene);
	has(&scene.text, "image-syncer: 20000 updated\n");
	has(&scene.text, "</pre>\n\n18000 more images are not listed here.\n\n</details>\n");
	assert_true(scene.text.len < STEP_SUMMARY_MAX);
}

static void test_room_for_failures(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	(void)state;
	for (int i = 0; i < IMAGES_MAX; i++)
		add(&scene, task_of(&scene, i), i % 2 ? &failed : &in_sync);
	write_summary(&scene);
	assert_true(scene.text.len < STEP_SUMMARY_MAX);
	assert_true(scene.text.len > STEP_SUMMARY_MAX - 32 * 1024);
	size_t rows = count_of(&scene.text, "**denied**");
	scoped(buf_finish) struct buf rest = {0};
	buf_printf(&rest, "\n%zu more images are not listed here.\n", 10000 - rows);
	has(&scene.text, buf_string(&rest));
	has(&scene.text, "<summary>10000 images in sync</summary>");
	has(&scene.text, "</sub>\n");
}

static void test_a_record_without_memory(void **state)
{
	scoped(scene_finish) struct scene scene = scene_new();
	const struct tally_image lost = {.task = &tasks[0], .outcome = copied},
				 lost_too = {.task = &tasks[1], .outcome = failed};
	(void)state;
	add(&scene, &tasks[2], &copied);
	tally_miss(&scene.tally, &lost);
	tally_miss(&scene.tally, &lost_too);
	write_summary(&scene);
	has(&scene.text, "1 failed, 1 new, 1 copied\n");
	assert_int_equal(count_of(&scene.text, "1 more image is not listed here.\n"), 2);
}

static void test_problems(void **state)
{
	scoped(buf_finish) struct buf errors = {0}, text = {0};
	(void)state;
	for (int i = 0; i < 120; i++)
		buf_printf(&errors, "i.yaml:%d:1: wrong | <b>\n", i);
	step_summary_problems(buf_str(&errors), &text);
	has(&text, "- i.yaml:99:1: wrong &#124; &#60;b&#62;\n- 20 more\n");
	has_not(&text, "i.yaml:100:1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_images),
		cmocka_unit_test(test_one_image),
		cmocka_unit_test(test_a_filtered_image),
		cmocka_unit_test(test_another_tag),
		cmocka_unit_test(test_three_images),
		cmocka_unit_test(test_forty_images),
		cmocka_unit_test(test_four_hundred_images),
		cmocka_unit_test(test_many_changes),
		cmocka_unit_test(test_a_tag_by_another_name),
		cmocka_unit_test(test_a_dry_run),
		cmocka_unit_test(test_skipped_images),
		cmocka_unit_test(test_no_platform_of_any),
		cmocka_unit_test(test_a_stopped_run),
		cmocka_unit_test(test_a_part_of_a_run),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_one_cause),
		cmocka_unit_test(test_pruned_tags),
		cmocka_unit_test(test_pruning_that_failed),
		cmocka_unit_test(test_pruning_of_nothing),
		cmocka_unit_test(test_foreign_layers),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_room_for_changes),
		cmocka_unit_test(test_room_for_failures),
		cmocka_unit_test(test_a_record_without_memory),
		cmocka_unit_test(test_problems),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
