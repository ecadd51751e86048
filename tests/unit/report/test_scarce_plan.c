/* Memory that runs out while a plan is made, written and read, and while reports are joined. */
#include "test_scarce_fixture.h"

#include "config/rules/plan_file.h"
#include "doc/json.h"
#include "report/merge.h"
#include "report/plan_json.h"
#include "report/plan_markdown.h"

#define SHA_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct creation_settings creation = {.wanted = true, .scan = true};
static const struct rule rule = {.source = "a.io/x",
				 .destination = "b.io/x",
				 .source_place = "i.yaml:1:1",
				 .terms = &(const struct terms){.on_change = CHANGE_FAIL,
								.foreign = FOREIGN_COPY,
								.creation.repository = &creation}};
static const struct task tasks[] = {
	{{"a.io", "x", "v1", NULL}, {"b.io", "x", "v1", NULL}, &rule},
	{{"a.io", "y", "v1", NULL}, {"b.io", "y", "v1", NULL}, &rule},
	{{"a.io", "z", "v1", NULL}, {"b.io", "z", "v1", NULL}, &rule},
};
static const struct outcome outcomes[] = {
	{.status = OUTCOME_WOULD_COPY, .reason = "missing", .digest = SHA_A, .companions = 2},
	{.status = OUTCOME_FAILED,
	 .reason = "immutable",
	 .digest = SHA_A,
	 .error_kind = ERROR_IMMUTABLE,
	 .error_text = "no"},
	{.status = OUTCOME_FAILED, .error_kind = ERROR_DENIED, .error_text = "who are you?"},
};
static const struct survey_blob blobs[] = {{SHA_A, 10}, {SHA_B, 20}};

static void show(const struct rules *rules, const struct plan_file *plan, struct buf *out)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *read = &rules->items[i];
		buf_printf(out, "%s > %s %s %s %u %lld %d\n", read->source, read->destination,
			   planned_name(read->planned->action), read->planned->reason,
			   read->planned->shard, (long long)read->planned->bytes,
			   (int)rule_terms(read)->on_change);
	}
	for (size_t i = 0; i < plan->failure_count; i++)
		buf_printf(out, "%s: %s\n", plan->failures[i].rule.source,
			   plan->failures[i].message);
}

static bool read_again(struct arena *arena, struct str text, struct buf *out)
{
	scoped(problem_finish) struct problems problems = {0};
	struct document document = {.name = "plan.json", .json = true};
	struct rules rules;
	struct plan_file plan;
	struct error err = {0};
	if (!json_read_file(arena, text, &document.root, &err))
		return out_of_memory(&err);
	plan_file_read(arena, &document, CHANGE_UNSAID, &rules, &plan, &problems);
	if (problems.error_count || !buf_ok(&problems.errors))
		return false;
	bool before = counting;
	counting = false;
	show(&rules, &plan, out);
	counting = before;
	return true;
}

static bool survey_all(struct survey *survey)
{
	return survey_sides(survey, &tasks[0], NULL, SHA_A) &&
	       survey_sides(survey, &tasks[1], SHA_B, SHA_A) &&
	       survey_blobs(survey, &tasks[0], blobs, array_count(blobs));
}

static bool make(struct arena *arena, struct survey *survey, struct buf *out)
{
	scoped(buf_finish) struct buf json = {0};
	scoped(buf_finish) struct buf markdown = {0};
	struct tally tally = {.total = 3};
	struct plan_sheet sheet;
	for (size_t i = 0; i < array_count(tasks); i++)
		tally_add(&tally, arena,
			  &(struct tally_image){.task = &tasks[i], .outcome = outcomes[i]});
	if (tally.unlisted || !survey_all(survey) ||
	    !plan_sheet_make(arena, &tally, survey, 2, &sheet))
		return false;
	sheet.program = "image-syncer";
	plan_json_write(&sheet, &json);
	plan_markdown_write(&sheet, PLAN_MARKDOWN_COMMENT, &markdown);
	if (!buf_ok(&json) || !buf_ok(&markdown) || !read_again(arena, buf_str(&json), out))
		return false;
	counting = false;
	buf_add_str(out, buf_str(&json));
	buf_add_str(out, buf_str(&markdown));
	return true;
}

static bool plan(struct arena *arena, struct buf *out)
{
	struct survey *survey = survey_new();
	bool made_it = survey && make(arena, survey, out);
	survey_free(&survey);
	return made_it;
}

#define PART(index, name)                                                                          \
	"{\"version\":1,\"result\":\"success\",\"dry_run\":false,\"shard\":\"" index               \
	"/3\",\"started\":\"2026-01-01T00:00:00Z\",\"seconds\":1.5,\"total\":1,\"copied\":1,"      \
	"\"skipped\":0,\"failed\":0,\"bytes\":7,\"blobs\":{\"copied\":1,\"mounted\":0,"            \
	"\"present\":0,\"skipped\":0},\"companions\":0,\"requests\":{\"source\":1,"                \
	"\"destination\":2},\"images\":[{\"source\":\"a\",\"destination\":\"" name                 \
	"\",\"status\":\"copied\"}]}"

static bool merge(struct arena *arena, struct buf *out)
{
	struct merge_part parts[] = {{.name = "two.json", .text = STR(PART("2", "b"))},
				     {.name = "one.json", .text = STR(PART("0", "a"))}};
	scoped(buf_finish) struct buf text = {0};
	struct merging merging;
	struct error err = {0};
	for (size_t i = 0; i < array_count(parts); i++)
		if (!json_read_file(arena, parts[i].text, &parts[i].root, &err))
			return out_of_memory(&err);
	if (!merge_read(parts, array_count(parts), &merging, &err))
		return out_of_memory(&err);
	merge_write(&merging, &text);
	if (!buf_ok(&text))
		return false;
	counting = false;
	buf_add_str(out, buf_str(&text));
	return true;
}

static void test_plan(void **state)
{
	(void)state;
	starve(plan);
}

static void test_merge(void **state)
{
	(void)state;
	starve(merge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_merge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
