/* What the summary says of images that wait or are held back. */
#include "test_report_fixture.h"

#include "report/summary.h"

static void add(struct tally *tally, struct arena *arena, const struct outcome *outcome,
		struct buf *out)
{
	const struct tally_image image = {.task = &tasks[0], .outcome = *outcome};
	tally_add(tally, arena, &image);
	summary_outcome(&image, out);
	buf_add_char(out, '\n');
}

/* That is no failure; the first to be ready is told, and once what to do where all are new. */
static void test_too_new(void **state)
{
	static const struct outcome late = {
		.status = OUTCOME_SKIPPED, .reason = "too-new", .ready = 1800000000};
	static const struct outcome first = {
		.status = OUTCOME_SKIPPED, .reason = "too-new", .ready = 1700000000};
	static const struct outcome held = {.status = OUTCOME_SKIPPED, .reason = "held"};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf out = {0};
	struct tally tally = {.total = 3};
	(void)state;
	add(&tally, arena, &late, &out);
	has(&out, "because it is too new, ready at 2027-01-15T08:00:00Z\n");
	summary_too_new(&tally, &out);
	has(&out, "\n1 image is too new, ready at 2027-01-15T08:00:00Z\n");
	add(&tally, arena, &first, &out);
	add(&tally, arena, &held, &out);
	has(&out, "because its rule holds it back\n");
	assert_true(tally_clean(&tally) && tally.too_new == 2 && tally.held == 1);
	summary_too_new(&tally, &out);
	has(&out, "\n2 images are too new, the first ready at 2023-11-14T22:13:20Z\n");
	tally.new_state = true;
	summary_too_new(&tally, &out);
	has(&out, "22:13:20Z; the state is new, ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_too_new)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
