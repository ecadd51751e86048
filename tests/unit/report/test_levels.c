/* The report in imgsync's words: its lines, by level, sorted, and harmless for a terminal. */
#include "test_report_fixture.h"

#include "base/arena.h"
#include "report/levels.h"

#define RULER "========================================\n"

static const struct outcome was_copied = {.status = OUTCOME_COPIED, .reason = "missing"};
static const struct outcome was_in_sync = {.status = OUTCOME_SKIPPED, .reason = "in-sync"};
static const struct outcome was_failed = {.status = OUTCOME_FAILED,
					  .reason = "missing",
					  .error_kind = ERROR_MISSING,
					  .error_text = "quay.io/a/b:x: not \x1b[31mfound"};

/* The report behind the banner. */
static const char *report(struct arena *arena, const struct tally *tally, int level)
{
	scoped(buf_finish) struct buf out = {0};
	levels_write(tally, &(struct levels){level, "kubeadm"}, &out);
	assert_true(buf_ok(&out));
	const char *rest = strstr(buf_string(&out), RULER);
	assert_non_null(rest);
	return arena_string(arena, rest);
}

static void add(struct tally *tally, struct arena *arena, const struct task *task,
		const struct outcome *outcome)
{
	tally_add(tally, arena, &(struct tally_image){.task = task, .outcome = *outcome});
}

static void test_levels(void **state)
{
	static const char counts[] = RULER ">> Sync Repo: kubeadm\n>> Sync Total: 3\n"
					   ">> Sync Failed: 1\n>> Sync Success: 2\n"
					   ">> Manifests CacheHit: 1\n";
	static const char bad[] =
		RULER "Sync failed images:\nquay.io/a/b:x: quay.io/a/b:x: not \\x1b[31mfound\n";
	static const char good[] = RULER "Sync success images:\n"
					 "docker.io/library/nginx:v1: hit cache\n"
					 "docker.io/library/nginx:v2: not hit cache\n";
	scoped(arena_free) struct arena *arena = arena_new();
	struct tally tally = {0};
	char wanted[1024];
	(void)state;
	add(&tally, arena, &tasks[1], &was_copied);
	add(&tally, arena, &tasks[2], &was_failed);
	add(&tally, arena, &tasks[0], &was_in_sync);
	tally.total = 3;
	for (int level = -1; level <= 4; level++) {
		snprintf(wanted, sizeof(wanted), "%s%s%s", counts, level >= 2 ? bad : "",
			 level >= 3 ? good : "");
		assert_string_equal(report(arena, &tally, level), wanted);
	}
}

/* What was never begun is neither; a batch says which one it is. */
static void test_more_lines(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct tally tally = {.batch = "2 of 9", .stopped = 15};
	(void)state;
	add(&tally, arena, &tasks[1], &was_copied);
	tally.total = 5;
	assert_string_equal(report(arena, &tally, 1),
			    RULER ">> Sync Repo: kubeadm\n>> Batch: 2 of 9\n>> Sync Total: 5\n"
				  ">> Sync Failed: 0\n>> Sync Success: 1\n"
				  ">> Manifests CacheHit: 0\n>> Not Attempted: 4\n");
}

static void test_nothing(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct tally tally = {0};
	(void)state;
	assert_string_equal(report(arena, &tally, 3),
			    RULER ">> Sync Repo: kubeadm\n>> Sync Total: 0\n>> Sync Failed: 0\n"
				  ">> Sync Success: 0\n>> Manifests CacheHit: 0\n" RULER
				  "Sync failed images:\n" RULER "Sync success images:\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_more_lines),
		cmocka_unit_test(test_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
