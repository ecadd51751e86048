/*
 * A blob that is read over several connections where that is faster. Time passes as bytes come:
 * each connection brings the same, or all together do.
 */
#include "copy/ranges.h"

#include "base/scoped.h"
#include "copy/pieces.h"

#include "test_parts_store.h"

#include <sched.h>

enum { MIB = 1024 * 1024, SIZE = 72 * MIB + 4321 };

struct course {
	struct parts_store parts;
	struct ranges_budget budget;
	struct ranges ranges;
	int64_t offset;
	bool many; /* the blob was read in pieces */
};

static void start(struct course *course, int64_t size)
{
	*course = (struct course){.offset = 0};
	parts_start(&course->parts, size);
}

static void finish(struct course *course)
{
	ranges_close(&course->ranges);
	assert_null(course->ranges.pieces);
	assert_int_equal(course->budget.under_way, 0);
	parts_finish(&course->parts);
}

static void open_ranges(struct course *course, int64_t offset, bool fresh)
{
	struct error err;
	course->offset = offset;
	ranges_prepare(&course->ranges, &course->parts.store, &course->parts.blob, offset, fresh,
		       &course->budget);
	assert_true(ranges_open(&course->ranges, &err));
}

/*
 * While a trial is on, time passes only as its connection brings as much as the download does, or
 * will bring no more: a thread that gets no processor is not a slow line.
 */
static void await_trial(const struct course *course)
{
	const struct ranges *ranges = &course->ranges;
	struct pieces_view view = {0};
	while (ranges->phase == RANGES_TRIAL && !view.failed &&
	       (!view.received || (view.received < ranges->length &&
				   view.received < ranges->offset - ranges->begun))) {
		pieces_look(ranges->pieces, &view);
		sched_yield();
	}
}

/* Reads up to end. What is done with the bytes takes no time. */
static bool read_to(struct course *course, int64_t end, struct error *err)
{
	static char bytes[128 * 1024];
	struct reader *reader = &course->ranges.reader;
	size_t got = 1;
	while (got && course->offset < end) {
		await_trial(course);
		if (!reader->read(reader, bytes, sizeof(bytes), &got, err))
			return false;
		parts_hold(&course->parts, true);
		parts_assert(&course->parts, course->offset, bytes, got);
		parts_hold(&course->parts, false);
		course->offset += (int64_t)got;
		course->many |= course->ranges.phase == RANGES_MANY;
	}
	return true;
}

static void read_all(struct course *course)
{
	struct error err;
	assert_true(read_to(course, INT64_MAX, &err));
	assert_int_equal(course->offset, course->parts.blob.size);
	assert_true(ranges_end(&course->ranges, &err));
}

static void test_a_slow_source(void **state)
{
	struct course course;
	(void)state;
	start(&course, SIZE);
	open_ranges(&course, 0, false);
	read_all(&course);
	assert_true(course.many);
	assert_true(course.parts.most >= 2 && course.parts.most <= LADDER_MOST + 1);
	finish(&course);
}

/* A line that is full: trials, and nothing more. */
static void test_a_line_that_is_full(void **state)
{
	struct course course;
	(void)state;
	start(&course, 3 * SIZE);
	atomic_store(&course.parts.full, true);
	open_ranges(&course, 0, false);
	read_all(&course);
	assert_false(course.many);
	assert_true(course.parts.parts <= 3);
	assert_int_equal(course.parts.rest, 1);
	finish(&course);
}

/* The line becomes full only after the trial: one connection goes on. */
static void test_a_trial_that_was_wrong(void **state)
{
	struct course course;
	struct error err;
	(void)state;
	start(&course, 2 * SIZE);
	open_ranges(&course, 0, false);
	while (course.ranges.phase != RANGES_JOINING && course.offset < SIZE)
		assert_true(read_to(&course, course.offset + 1, &err));
	atomic_store(&course.parts.full, true);
	read_all(&course);
	assert_true(course.many);
	assert_true(course.parts.rest >= 2);
	finish(&course);
}

static void test_what_stays_one(void **state)
{
	static const struct {
		int64_t size, offset;
		bool fresh, alone, budget, foreign, counts;
	} rows[] = {
		{.size = 64 * MIB - 1, .budget = true},
		{.size = SIZE, .offset = SIZE - 64 * MIB + 1, .budget = true},
		{.size = SIZE, .fresh = true, .budget = true},
		{.size = SIZE, .budget = false},
		{.size = SIZE, .budget = true, .foreign = true},
		{.size = SIZE, .budget = true, .counts = true},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct course course;
		struct error err;
		start(&course, rows[i].size);
		course.offset = rows[i].offset;
		course.parts.blob.nondistributable = rows[i].foreign;
		course.parts.parallel = !rows[i].counts;
		ranges_prepare(&course.ranges, &course.parts.store, &course.parts.blob,
			       rows[i].offset, rows[i].fresh,
			       rows[i].budget ? &course.budget : NULL);
		assert_true(ranges_open(&course.ranges, &err));
		read_all(&course);
		assert_int_equal(course.parts.parts, 0);
		assert_int_equal(course.parts.most, 1);
		finish(&course);
	}
}

/* Two blobs at a time; the third one stays a single download until there is a place. */
static void test_the_budget(void **state)
{
	struct course course;
	(void)state;
	for (unsigned taken = 1; taken < 3; taken++) {
		start(&course, SIZE);
		course.budget.under_way = taken;
		open_ranges(&course, 0, false);
		read_all(&course);
		assert_int_equal(course.many, taken < 2);
		assert_int_equal(course.budget.under_way, taken);
		course.budget.under_way = 0;
		finish(&course);
	}
}

/* Three large blobs are three connections: none of them tries another one. */
static void test_others(void **state)
{
	struct course course;
	(void)state;
	for (unsigned others = 1; others < 4; others++) {
		start(&course, SIZE);
		course.budget.reading = others;
		open_ranges(&course, 0, false);
		read_all(&course);
		assert_int_equal(course.many, others < 2);
		finish(&course);
		assert_int_equal(course.budget.reading, others);
	}
}

/* In the trial, and later: the blob comes, and what is of no use is not asked again. */
static void test_faults(void **state)
{
	static const enum parts_fault faults[] = {PARTS_WHOLE,  PARTS_OTHER,  PARTS_NO_USE,
						  PARTS_DENIED, PARTS_BROKEN, PARTS_LONGER};
	static const unsigned afters[] = {0, 1, 6};
	(void)state;
	for (size_t i = 0; i < array_count(faults); i++)
		for (size_t j = 0; j < array_count(afters); j++) {
			struct course course;
			start(&course, SIZE);
			course.parts.fault = faults[i];
			course.parts.after = afters[j];
			open_ranges(&course, 0, false);
			read_all(&course);
			/* A byte too many may show only after the trial was judged. */
			if (!afters[j])
				assert_true(course.parts.rest == 1 ||
					    (faults[i] == PARTS_LONGER && course.parts.rest == 2));
			assert_true(course.parts.parts <= afters[j] + 3 * 3 * LADDER_MOST);
			finish(&course);
		}
}

static void test_a_piece_that_breaks_off_once(void **state)
{
	struct course course;
	(void)state;
	start(&course, SIZE);
	course.parts.fault = PARTS_ONCE;
	course.parts.after = 4;
	open_ranges(&course, 0, false);
	read_all(&course);
	assert_true(course.many);
	finish(&course);
}

/* Wherever its reader stops: nothing is left over. */
static void test_closed_early(void **state)
{
	static const int ends[] = {0, 1, 13, 14, 15, 16, 20, 40, 100};
	(void)state;
	for (size_t i = 0; i < array_count(ends); i++) {
		struct course course;
		struct error err;
		start(&course, SIZE);
		open_ranges(&course, 0, false);
		assert_true(read_to(&course, (int64_t)ends[i] * MIB, &err));
		finish(&course);
	}
	struct ranges zeroed = {0};
	ranges_close(&zeroed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_slow_source),
		cmocka_unit_test(test_a_line_that_is_full),
		cmocka_unit_test(test_a_trial_that_was_wrong),
		cmocka_unit_test(test_what_stays_one),
		cmocka_unit_test(test_the_budget),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_a_piece_that_breaks_off_once),
		cmocka_unit_test(test_closed_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
