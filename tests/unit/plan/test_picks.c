/* What the lists of hold and release name. */
#include "plan/picks.h"

#include "config/rules/cooldown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DA "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DB "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static bool named(const struct picks *picks, const char *tag, const char *digest)
{
	const struct reference source = {"r.io", "a", tag, NULL};
	struct error err;
	bool found;
	if (!picks_name(picks, &source, digest, &found, &err))
		fail_msg("%s", err.text);
	return found;
}

static void test_names(void **state)
{
	static const struct {
		const char *text, *tag, *digest;
		bool named;
	} rows[] = {
		{"v1", "v1", DA, true},      {"v1", "v10", DA, false},
		{"v1", NULL, DA, false},     {"v2,v1", "v1", DA, true},
		{"/^v1/", "v10", DA, true},  {"/^v1/", "v2", DA, false},
		{"/^v1/", NULL, DA, false},  {"/a/,/v{1,2}/", "v", DA, true},
		{DA, "v1", DA, true},        {DA, NULL, DA, true},
		{DA, "v1", DB, false},       {"v1@" DA, "v1", DA, true},
		{"v1@" DA, "v1", DB, false}, {"v1@" DA, "v2", DA, false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		const struct placed text = {.text = rows[i].text};
		const struct picks picks = {.items = &text, .count = 1};
		if (named(&picks, rows[i].tag, rows[i].digest) != rows[i].named)
			fail_msg("row %zu: %s", i, rows[i].text);
	}
	assert_false(named(NULL, "v1", DA));
}

/* Those of a rule and those of the options, in whatever order they are joined. */
static void test_lists_add_up(void **state)
{
	static const struct placed texts[] = {{.text = "v1"}, {.text = "v2"}};
	struct picks own = {.items = &texts[0], .count = 1};
	struct picks general = {.items = &texts[1], .count = 1, .option = true};
	(void)state;
	assert_null(cooldown_join(NULL, NULL));
	assert_ptr_equal(cooldown_join(NULL, &general), &general);
	assert_ptr_equal(cooldown_join(&general, &general), &general);
	for (int i = 0; i < 2; i++)
		assert_ptr_equal(cooldown_join(&own, &general), &own);
	assert_true(named(&own, "v1", DA) && named(&own, "v2", DA));
	assert_false(named(&general, "v1", DA) || named(&own, "v3", DA));
}

static void test_mistakes(void **state)
{
	static const struct placed texts[] = {
		{"v1", "a.yaml:1:1"}, {"/(/", "a.yaml:2:2"}, {"a b", "a.yaml:3:3"}};
	const struct picks picks = {.items = texts, .count = 3};
	const struct picks option = {.items = &texts[2], .count = 1, .option = true};
	const struct reference source = {"r.io", "a", NULL, NULL};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	(void)state;
	assert_true(picks_check(arena, &picks, "hold", &source, &problems));
	assert_int_equal(problems.error_count, 2);
	assert_non_null(strstr(buf_string(&problems.errors), "a.yaml:2:2: hold: "));
	assert_non_null(strstr(buf_string(&problems.errors), "a.yaml:3:3: hold: "));
	assert_true(picks_check(arena, &option, "hold", &source, &problems));
	assert_non_null(strstr(buf_string(&problems.errors), "--hold: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
					   cmocka_unit_test(test_lists_add_up),
					   cmocka_unit_test(test_mistakes)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
