/*
 * Reports of many images: how they are kept, put in order, and written piece by piece to a file
 * that is replaced by a whole document or not at all.
 */
#include "test_report_fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/file.h"
#include "doc/json.h"
#include "report/report_json.h"

#define HASH "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"

#define TAIL "0112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"

enum { MANY = 3500, ROOM = 100 * 1024 };

static char folder[] = "/tmp/report-large-XXXXXX";
static char path[sizeof(folder) + 16];
static struct task many[MANY];
static char tags[MANY][8];

static int prepare(void **state)
{
	static const struct rule written = {.source_place = "i.yaml:3:1"};
	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(tags[i], sizeof(tags[i]), "v%zu", i);
		many[i] = (struct task){.source = {"from.test", "team/app", tags[i], NULL},
					.destination = {"to.test", "team/app", tags[i], NULL},
					.rule = &written};
	}
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/report.json", folder);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

/* Reports all images in sync, the last ones first; with room for so many bytes in any file. */
static bool write_report(rlim_t room, struct error *err)
{
	static const struct outcome done = {.status = OUTCOME_SKIPPED,
					    .reason = "in-sync",
					    .digest = "sha256:" HASH,
					    .milliseconds = 1234};
	struct rlimit before, limit;
	scoped(buf_finish) struct buf ignored = {0};
	struct progress *progress = progress_new();
	struct capture capture = capture_start(STDERR_FILENO);
	struct report *report = report_new(&(struct report_options){.json_path = path}, progress);
	report_plan(report, MANY);
	for (size_t i = MANY; i-- > 0;)
		report_outcome(report, &many[i], &done);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = room;
	setrlimit(RLIMIT_FSIZE, &limit);
	bool written = report_finish(report, 0, err);
	setrlimit(RLIMIT_FSIZE, &before);
	report_free(&report);
	progress_free(&progress);
	capture_stop(&capture, &ignored);
	return written;
}

static size_t files(void)
{
	size_t count = 0;
	DIR *open = opendir(folder);
	assert_non_null(open);
	for (struct dirent *entry; (entry = readdir(open));)
		count += entry->d_name[0] != '.';
	closedir(open);
	return count;
}

static void test_all_images_in_their_order(void **state)
{
	scoped(buf_finish) struct buf text = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *document = NULL;
	struct error err;
	(void)state;
	assert_true(write_report(RLIM_INFINITY, &err));
	assert_true(file_read(path, &text, &err));
	assert_true(json_read(arena, buf_str(&text), &document, &err));
	const struct node *images = node_get(document, "images");
	assert_int_equal(images->count, MANY);
	for (size_t i = 0; i < MANY; i++) {
		scoped(buf_finish) struct buf name = {0};
		const struct node *image = images->items[i];
		reference_print(&many[i].destination, &name);
		assert_true(str_is(node_get(image, "destination")->text, buf_string(&name)));
		assert_true(str_is(node_get(image, "digest")->text, "sha256:" HASH));
		assert_true(str_is(node_get(image, "seconds")->text, "1.234"));
	}
}

/* The disk is full in the middle of it. */
static void test_half_a_report_replaces_nothing(void **state)
{
	scoped(buf_finish) struct buf text = {0};
	struct error err = {0};
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_true(file_write(path, STR("old"), &err));
	assert_false(write_report(ROOM, &err));
	assert_int_equal(err.kind, ERROR_IO);
	has(&(struct buf){.at = err.text, .len = strlen(err.text)}, path);
	assert_true(file_read(path, &text, &err));
	assert_string_equal(buf_string(&text), "old");
	assert_int_equal(files(), 1);
}

struct taken {
	size_t pieces, longest, total;
	size_t enough; /* this piece is not taken */
};

static bool take(void *ctx, struct str piece, struct error *err)
{
	struct taken *taken = ctx;
	taken->pieces++;
	taken->total += piece.len;
	if (taken->longest < piece.len)
		taken->longest = piece.len;
	return taken->pieces != taken->enough || error_set(err, ERROR_IO, "enough");
}

/* However many images, the document is never in memory as a whole. */
static void test_pieces(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct tally tally = {0};
	struct taken all = {0}, some = {.enough = 2};
	struct error err;
	(void)state;
	for (size_t i = 0; i < MANY; i++)
		tally_add(&tally, arena,
			  &(struct tally_image){.task = &many[i], .outcome = failed});
	assert_true(report_json_write(&tally, take, &all, &err));
	assert_true(all.total > 1024 * 1024 && all.longest < 128 * 1024);
	assert_false(report_json_write(&tally, take, &some, &err));
	assert_int_equal(some.pieces, some.enough);
	assert_string_equal(err.text, "enough");
}

static void same_text(const char *a, const char *b)
{
	assert_true(!a == !b);
	if (a)
		assert_string_equal(a, b);
}

static void same_outcome(const struct outcome *a, const struct outcome *b)
{
	struct outcome left = *a, right = *b;
	same_text(a->reason, b->reason);
	same_text(a->digest, b->digest);
	same_text(a->before, b->before);
	same_text(a->after, b->after);
	same_text(a->tag, b->tag);
	same_text(a->warning, b->warning);
	same_text(a->error_text, b->error_text);
	left.reason = left.digest = left.before = left.after = left.tag = left.warning =
		left.error_text = NULL;
	right.reason = right.digest = right.before = right.after = right.tag = right.warning =
		right.error_text = NULL;
	assert_memory_equal(&left, &right, sizeof(left));
}

/* Nothing of an outcome is lost, in whichever form it is kept. */
static void test_outcomes_are_kept(void **state)
{
	static const struct outcome outcomes[] = {
		{.status = OUTCOME_SKIPPED, .reason = "in-sync", .digest = "sha256:" HASH},
		{.status = OUTCOME_COPIED, .digest = "sha256:" HASH, .milliseconds = UINT32_MAX},
		{.status = OUTCOME_COPIED, .digest = "sha256:" HASH, .milliseconds = 1LL << 32},
		{.status = OUTCOME_WOULD_COPY, .reason = "differs", .digest = "sha512:" HASH HASH},
		{.status = OUTCOME_SKIPPED, .digest = "sha256:aa"},
		{.status = OUTCOME_SKIPPED, .digest = "sha256:" HASH "0"},
		{.status = OUTCOME_SKIPPED, .digest = "sha256:F" TAIL},
		{.status = OUTCOME_SKIPPED, .digest = "sha256:" HASH, .tag = "v1-old"},
		{.status = OUTCOME_COPIED, .digest = "sha256:" HASH, .before = "sha256:aa"},
		{.status = OUTCOME_COPIED, .digest = "sha256:" HASH, .after = "sha256:aa"},
		{.status = OUTCOME_SKIPPED, .digest = "sha256:" HASH, .warning = "odd"},
		{.status = OUTCOME_SKIPPED, .digest = "sha256:" HASH, .bytes = 1},
		{.status = OUTCOME_SKIPPED, .digest = "sha256:" HASH, .blobs_present = 1},
		{.status = OUTCOME_COPIED, .digest = "sha256:" HASH, .blobs_skipped = 1},
		{.status = OUTCOME_SKIPPED, .digest = "sha256:" HASH, .companions = 1},
		{.status = OUTCOME_SKIPPED, .digest = "sha256:" HASH, .platforms = 1},
		{.status = OUTCOME_COPIED, .digest = "sha256:" HASH, .source_moved = true},
		{.status = OUTCOME_SKIPPED},
		{.status = OUTCOME_FAILED,
		 .digest = "sha256:" HASH,
		 .error_kind = ERROR_DENIED,
		 .error_text = "no"},
	};
	scoped(arena_free) struct arena *arena = arena_new();
	struct tally_list list = {0};
	size_t at = 0;
	(void)state;
	for (size_t i = 0; i < array_count(outcomes); i++)
		assert_true(tally_list_add(
			&list, arena,
			&(struct tally_image){.task = &many[i], .outcome = outcomes[i]}));
	for (struct tally_walk walk = tally_list_walk(&list); tally_list_next(&walk); at++) {
		assert_ptr_equal(walk.image.task, &many[at]);
		same_outcome(&walk.image.outcome, &outcomes[at]);
	}
	assert_int_equal(at, array_count(outcomes));
}

static void add(struct tally_list *list, struct arena *arena, const struct tally_image *image)
{
	assert_true(tally_list_add(list, arena, image));
}

/* Tasks in order, then the rule that was added afterwards. */
static void expect_order(const struct tally_list *list, size_t tasks_before)
{
	struct tally_walk walk = tally_list_walk(list);
	const struct task *last = NULL;
	for (size_t i = 0; i < tasks_before; i++, last = walk.image.task)
		assert_true(tally_list_next(&walk) && walk.image.task > last);
	assert_true(tally_list_next(&walk) && walk.image.rule == &rule);
	assert_false(tally_list_next(&walk));
	assert_int_equal(list->count, tasks_before + 1);
}

static void test_order(void **state)
{
	static const size_t orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}};
	(void)state;
	for (size_t i = 0; i < 4 * 5; i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		const size_t *order = orders[i / 5], count = i % 5;
		struct tally_list list = {0};
		for (size_t k = 0; k < count; k++)
			add(&list, arena, &(struct tally_image){.task = &many[order[k]]});
		tally_list_sort(&list);
		add(&list, arena, &(struct tally_image){.rule = &rule});
		expect_order(&list, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_images_in_their_order),
		cmocka_unit_test(test_half_a_report_replaces_nothing),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_outcomes_are_kept),
		cmocka_unit_test(test_order),
	};
	return cmocka_run_group_tests(tests, prepare, clean_up);
}
