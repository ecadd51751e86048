/* The closing list of what has changed. */
#include "test_report_fixture.h"

#include "report/changes.h"

#define OLD "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NEW "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static const struct outcome outcomes[] = {
	{.status = OUTCOME_COPIED, .reason = "missing", .digest = NEW},
	{.status = OUTCOME_COPIED, .reason = "differs", .digest = NEW, .before = OLD},
	{.status = OUTCOME_COPIED,
	 .reason = "differs",
	 .digest = "sha256:x",
	 .before = OLD,
	 .after = NEW},
	{.status = OUTCOME_COPIED,
	 .reason = "differs",
	 .digest = NEW,
	 .before = OLD,
	 .tag = "v1-fed"},
	{.status = OUTCOME_COPIED, .reason = "companions", .digest = NEW, .companions = 1},
	{.status = OUTCOME_COPIED, .reason = "forced", .digest = NEW},
	{.status = OUTCOME_SKIPPED, .reason = "in-sync", .digest = NEW},
	{.status = OUTCOME_SKIPPED, .reason = "differs", .digest = NEW, .before = OLD},
	{.status = OUTCOME_FAILED, .error_kind = ERROR_DENIED, .digest = NEW, .before = OLD},
};

static void list(struct tally *tally, const struct outcome *given, size_t count,
		 struct arena *arena, const struct changes_view *view, struct buf *out)
{
	for (size_t i = 0; i < count; i++)
		tally_add(tally, arena,
			  &(struct tally_image){.task = &tasks[0], .outcome = given[i]});
	changes_write(tally, view, out);
}

static void test_changes(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf whole = {0};
	struct tally tally = {0}, again = {0};
	(void)state;
	list(&tally, outcomes, array_count(outcomes), arena, &(struct changes_view){.columns = 80},
	     &text);
	assert_string_equal(buf_string(&text),
			    "changed images:\n"
			    "  + reg.io/m/nginx:v1  new fedcba987654\n"
			    "  + reg.io/m/nginx:v1  0123456789ab -> fedcba987654\n"
			    "  + reg.io/m/nginx:v1  0123456789ab -> fedcba987654\n"
			    "  + reg.io/m/nginx:v1  new tag v1-fed fedcba987654\n"
			    "  + reg.io/m/nginx:v1  1 referrer added\n"
			    "  + reg.io/m/nginx:v1  pushed again fedcba987654\n");
	list(&again, outcomes, 2, arena, &(struct changes_view){0}, &whole);
	assert_string_equal(buf_string(&whole), "changed images:\n"
						"  + reg.io/m/nginx:v1  new " NEW "\n"
						"  + reg.io/m/nginx:v1  " OLD " -> " NEW "\n");
}

/* Nothing is cut on a narrow terminal. */
static void test_a_narrow_terminal(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	struct tally tally = {.dry_run = true};
	(void)state;
	list(&tally, &outcomes[1], 1, arena, &(struct changes_view){.columns = 50}, &text);
	assert_string_equal(buf_string(&text), "images that would change:\n"
					       "  + reg.io/m/nginx:v1\n"
					       "      0123456789ab -> fedcba987654\n");
	tally = (struct tally){0};
	buf_reset(&text);
	list(&tally, &outcomes[1], 1, arena, &(struct changes_view){.columns = 51}, &text);
	has(&text, "nginx:v1  0123456789ab");
}

static void test_many(void **state)
{
	static const struct {
		const char *report, *end;
	} rows[] = {
		{NULL, "\n  and 2 more (--report FILE lists all)\n"},
		{"out/r\033.json", "\n  and 2 more, which are in out/r\\x1b.json\n"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(buf_finish) struct buf text = {0};
		struct tally tally = {0};
		size_t lines = 0;
		for (size_t n = 0; n < CHANGES_LISTED + 2; n++)
			tally_add(&tally, arena,
				  &(struct tally_image){.task = &tasks[0], .outcome = copied});
		changes_write(&tally, &(struct changes_view){.report = rows[i].report}, &text);
		has(&text, rows[i].end);
		for (const char *at = buf_string(&text); (at = strchr(at, '\n')); at++)
			lines++;
		assert_int_equal(lines, CHANGES_LISTED + 2);
	}
}

static void test_nothing(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	struct tally tally = {0};
	(void)state;
	list(&tally, &outcomes[6], 3, arena, &(struct changes_view){0}, &text);
	assert_string_equal(buf_string(&text), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_a_narrow_terminal),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
