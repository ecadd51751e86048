/* A plan as data, as JSON that its reader takes, and as Markdown that nobody can inject into. */
#include "base/secret.h"
#include "config/rules/plan_file.h"
#include "doc/json.h"
#include "report/plan_json.h"
#include "report/plan_markdown.h"
#include "test_report_fixture.h"

#define SHA_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SHA_C "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static const struct survey_blob blobs[] = {{"sha256:1", 1000}, {"sha256:2", 200}};

struct planning {
	struct arena *arena;
	struct survey *survey;
	struct tally tally;
	struct plan_sheet sheet;
	struct buf json, markdown;
};

static void finish(struct planning *planning)
{
	survey_free(&planning->survey);
	buf_finish(&planning->json);
	buf_finish(&planning->markdown);
	arena_free(&planning->arena);
}

static void start(struct planning *planning)
{
	*planning = (struct planning){.arena = arena_new(), .survey = survey_new()};
}

static void add(struct planning *planning, const struct task *task, const struct outcome *outcome)
{
	const struct tally_image image = {.task = task, .outcome = *outcome};
	planning->tally.total++;
	tally_add(&planning->tally, planning->arena, &image);
}

static void make(struct planning *planning, unsigned groups)
{
	tally_list_sort(&planning->tally.list);
	assert_true(plan_sheet_make(planning->arena, &planning->tally, planning->survey, groups,
				    &planning->sheet));
	planning->sheet.program = "image-syncer/1";
	plan_json_write(&planning->sheet, &planning->json);
	plan_markdown_write(&planning->sheet, PLAN_MARKDOWN_COMMENT, &planning->markdown);
	assert_true(buf_ok(&planning->json) && buf_ok(&planning->markdown));
}

static const struct outcome to_copy = {
	.status = OUTCOME_WOULD_COPY, .reason = "missing", .digest = SHA_A};
static const struct outcome to_update = {
	.status = OUTCOME_WOULD_COPY, .reason = "differs", .digest = SHA_B, .before = SHA_C};
static const struct outcome done = {
	.status = OUTCOME_SKIPPED, .reason = "in-sync", .digest = SHA_C};
static const struct outcome refused = {.status = OUTCOME_FAILED,
				       .reason = "immutable",
				       .digest = SHA_A,
				       .error_kind = ERROR_IMMUTABLE,
				       .error_text = "the tag may not change"};

static void survey_all(struct planning *planning)
{
	assert_true(survey_sides(planning->survey, &tasks[0], NULL, SHA_A));
	assert_true(survey_sides(planning->survey, &tasks[1], SHA_C, SHA_B));
	assert_true(survey_sides(planning->survey, &tasks[2], SHA_C, SHA_C));
	assert_true(survey_blobs(planning->survey, &tasks[0], blobs, 1));
	assert_true(survey_blobs(planning->survey, &tasks[1], blobs, 2));
}

/* Blobs count for the first row in the order of the rules, whichever image was looked at first. */
static void test_sheet(void **state)
{
	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		scoped(finish) struct planning planning;
		start(&planning);
		add(&planning, &tasks[turn], turn ? &to_update : &to_copy);
		add(&planning, &tasks[2], &done);
		add(&planning, &tasks[!turn], turn ? &to_copy : &to_update);
		survey_all(&planning);
		make(&planning, 2);
		const struct plan_sheet *sheet = &planning.sheet;
		assert_int_equal(sheet->count, 3);
		assert_int_equal(sheet->bytes, 1200);
		assert_int_equal(sheet->rows[0].bytes, 1000);
		assert_int_equal(sheet->rows[1].bytes, 200);
		assert_string_equal(sheet->rows[1].before, SHA_C);
		assert_string_equal(sheet->rows[1].after, SHA_B);
		assert_null(sheet->rows[0].before);
		assert_int_equal(sheet->totals[PLANNED_COPY], 2);
		assert_int_equal(sheet->totals[PLANNED_NONE], 1);
		assert_int_equal(sheet->groups[0].images + sheet->groups[1].images, 3);
		assert_int_equal(sheet->groups[0].bytes + sheet->groups[1].bytes, 1200);
		assert_true(plan_sheet_changes(sheet));
		scoped(buf_finish) struct buf matrix = {0};
		plan_sheet_matrix(sheet, &matrix);
		has(&matrix, "{\"include\":[{\"shard\":\"0/2\",\"images\":");
	}
}

/* What is written is what is read. */
static void test_read_again(void **state)
{
	scoped(finish) struct planning planning;
	scoped(problem_finish) struct problems problems = {0};
	struct document document = {.name = "plan.json", .json = true};
	struct rules rules;
	struct plan_file plan;
	struct error err = {0};
	const struct tally_image whole = {.rule = &rule, .outcome = failed};
	(void)state;
	start(&planning);
	add(&planning, &tasks[0], &to_copy);
	add(&planning, &tasks[1], &to_update);
	add(&planning, &tasks[2], &refused);
	planning.tally.total++;
	tally_add(&planning.tally, planning.arena, &whole);
	survey_all(&planning);
	make(&planning, 3);
	if (!json_read_file(planning.arena, buf_str(&planning.json), &document.root, &err))
		fail_msg("%s", err.text);
	plan_file_read(planning.arena, &document, CHANGE_SKIP, &rules, &plan, &problems);
	assert_string_equal(buf_string(&problems.errors), "");
	assert_int_equal(rules.count, 3);
	assert_int_equal(plan.shards, 3);
	assert_int_equal(plan.failure_count, 1);
	assert_string_equal(plan.failures[0].rule.source, "gone.io/a");
	for (size_t i = 0; i < 3; i++) {
		const struct plan_row *row = &planning.sheet.rows[i + (i == 2)];
		const struct rule *made = &rules.items[i];
		assert_int_equal(made->planned->action, row->action);
		assert_string_equal(made->planned->reason, row->reason);
		assert_int_equal(made->planned->bytes, row->bytes);
		assert_int_equal(made->planned->shard, row->shard);
		assert_int_equal(made->planned->moved, CHANGE_SKIP);
		assert_int_equal(rule_terms(made)->on_change, CHANGE_OVERWRITE);
		assert_string_equal(made->destination, row->destination);
		assert_true(str_ends(str_of(made->source), row->digest));
	}
	assert_string_equal(rules.items[2].planned->message, "the tag may not change");
}

/* Foreign text stays text, and a secret stays a secret. */
static void test_markdown(void **state)
{
	static const struct rule hostile_rule = {.source = "x", .source_place = "i.yaml:1:1"};
	static const struct outcome hostile = {
		.status = OUTCOME_FAILED,
		.reason = "denied",
		.error_kind = ERROR_DENIED,
		.error_text = "a | b\n</details><script> @admin [x](https://evil.io) ![i](y) "
			      "`code` *b* _i_ #12 www.evil.io password-word ##[add-mask]x"};
	const struct task task = {.source = {"docker.io", "a/b", "v_1_", NULL},
				  .destination = {"reg.io", "m/a__b", "v1", NULL},
				  .rule = &hostile_rule};
	scoped(finish) struct planning planning;
	(void)state;
	secret_register(STR("password-word"));
	start(&planning);
	add(&planning, &task, &hostile);
	make(&planning, 0);
	has(&planning.markdown, "a &#124; b");
	has(&planning.markdown, "https&#58;//evil.io");
	has(&planning.markdown, "www&#46;evil");
	has_not(&planning.markdown, "<script");
	has_not(&planning.markdown, "</details>");
	has_not(&planning.markdown, "@admin");
	has_not(&planning.markdown, "](");
	has_not(&planning.markdown, "`");
	has_not(&planning.markdown, "password-word");
	has_not(&planning.json, "password-word");
	has_not(&planning.json, "##[");
	secret_forget();
}

/* A long table ends where the room does, and says how much there is more. */
static void test_room(void **state)
{
	scoped(finish) struct planning planning;
	(void)state;
	start(&planning);
	for (int i = 0; i < 2000; i++)
		add(&planning, &tasks[0], &to_copy);
	make(&planning, 0);
	assert_true(planning.markdown.len < PLAN_MARKDOWN_COMMENT);
	has(&planning.markdown, " more: the plan has them all.");
	has(&planning.markdown, "2000 of 2000 images to copy");
	has(&planning.markdown, "</details>");
}

static void test_nothing(void **state)
{
	scoped(finish) struct planning planning;
	(void)state;
	start(&planning);
	make(&planning, 4);
	has(&planning.markdown, "nothing to copy");
	has(&planning.json, "\"images\": []");
	assert_int_equal(planning.sheet.group_count, 0);
	assert_false(plan_sheet_changes(&planning.sheet));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sheet),    cmocka_unit_test(test_read_again),
		cmocka_unit_test(test_markdown), cmocka_unit_test(test_room),
		cmocka_unit_test(test_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
