/* Which images get a line: the words of --progress, and what holds without it. */
#include "test_report_fixture.h"

#include "report/lines.h"

static void test_names_of_lines(void **state)
{
	enum lines lines = LINES_UNSAID;
	(void)state;
	assert_true(lines_named("all", &lines) && lines == LINES_ALL);
	assert_true(lines_named("changes", &lines) && lines == LINES_CHANGES);
	assert_true(lines_named("none", &lines) && lines == LINES_NONE);
	assert_false(lines_named("", &lines) || lines_named("None", &lines));
	assert_int_equal(lines_of_log(LINES_UNSAID, true), LINES_ALL);
	assert_int_equal(lines_of_log(LINES_UNSAID, false), LINES_CHANGES);
	assert_int_equal(lines_of_log(LINES_NONE, true), LINES_NONE);
}

static void test_images(void **state)
{
	static const struct outcome also_skipped = {.status = OUTCOME_SKIPPED, .reason = "differs"};
	static const struct {
		const struct outcome *outcome;
		bool all, changes, none;
	} rows[] = {
		{&copied, true, true, false},       {&would, true, true, false},
		{&in_sync, true, false, false},     {&unfit, true, true, false},
		{&also_skipped, true, true, false}, {&failed, true, true, true},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		const struct tally_image image = {.outcome = *rows[i].outcome};
		assert_int_equal(lines_show(LINES_ALL, &image), rows[i].all);
		assert_int_equal(lines_show(LINES_CHANGES, &image), rows[i].changes);
		assert_int_equal(lines_show(LINES_UNSAID, &image), rows[i].changes);
		assert_int_equal(lines_show(LINES_NONE, &image), rows[i].none);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_of_lines),
		cmocka_unit_test(test_images),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
