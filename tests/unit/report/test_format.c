/* What people read while it runs: sizes, durations, the rate, and each picture of the display. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "report/format.h"
#include "report/frame.h"
#include "report/rate.h"
#include "report/remaining.h"

struct row {
	int64_t value;
	const char *text;
};

static void check(const struct row *rows, size_t count, void (*format)(int64_t, char *))
{
	for (size_t i = 0; i < count; i++) {
		char text[FORMAT_SIZE];
		format(rows[i].value, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_bytes(void **state)
{
	static const struct row rows[] = {
		{0, "0B"},
		{-5, "0B"},
		{650, "650B"},
		{999, "999B"},
		{1000, "1kB"},
		{1485, "1.485kB"},
		{14850, "14.85kB"},
		{45380000, "45.38MB"},
		{45384999, "45.38MB"},
		{123456789, "123.5MB"},
		{2147483648, "2.147GB"},
		{INT64_MAX, "9.223EB"},
	};
	(void)state;
	check(rows, array_count(rows), format_bytes);
}

static void test_rates(void **state)
{
	static const struct row rows[] = {{0, "0B/s"}, {45380000, "45.38MB/s"}, {1, "1B/s"}};
	(void)state;
	check(rows, array_count(rows), format_rate);
	assert_int_equal(format_average(1000, 0), 0);
	assert_int_equal(format_average(1000, 500), 2000);
	assert_true(format_average(INT64_MAX / 2, 1000) > INT64_MAX / 4);
}

static void test_durations(void **state)
{
	static const struct row rows[] = {
		{-1, "0s"},
		{0, "0s"},
		{7, "7ms"},
		{999, "999ms"},
		{1000, "1s"},
		{1234, "1.234s"},
		{1200, "1.2s"},
		{1030, "1.03s"},
		{59999, "59.999s"},
		{60000, "1m0s"},
		{62500, "1m2.5s"},
		{3600000, "1h0m0s"},
		{3723004, "1h2m3.004s"},
		{360000000, "100h0m0s"},
	};
	static const struct row elapsed[] = {
		{-1, "0s"},       {0, "0s"},           {999, "0s"},        {59999, "59s"},
		{62500, "1m02s"}, {3599999, "59m59s"}, {3600000, "1h00m"}, {3723004, "1h02m"},
	};
	(void)state;
	check(rows, array_count(rows), format_duration);
	check(elapsed, array_count(elapsed), format_elapsed);
}

static void test_rate_starts_as_average_and_follows_a_change(void **state)
{
	struct rate rate = {0};
	int64_t now = 5000, bytes = 0, seen = 0;
	(void)state;
	assert_int_equal(rate_update(&rate, now, 0), 0);
	for (int i = 0; i < 50; i++)
		seen = rate_update(&rate, now += 200, bytes += 200000);
	assert_in_range(seen, 999000, 1001000);
	seen = rate_update(&rate, now += 200, bytes);
	assert_in_range(seen, 800000, 999000);
	for (int i = 0; i < 100; i++)
		seen = rate_update(&rate, now += 200, bytes);
	assert_in_range(seen, 0, 5000);
	assert_int_equal(rate_update(&rate, now, bytes + 1000000), seen);
}

static void test_first_rate_is_the_average(void **state)
{
	struct rate rate = {0};
	(void)state;
	rate_update(&rate, 1000, 0);
	assert_int_equal(rate_update(&rate, 1200, 200000), 1000000);
}

static void test_cutting_counts_columns(void **state)
{
	static const struct {
		const char *text;
		unsigned columns;
		const char *cut, *tail;
	} rows[] = {
		{"", 5, "", ""},
		{"hello", 5, "hello", "hello"},
		{"hello!", 5, "he...", "...o!"},
		{"hello!", 2, "..", ".."},
		{"hello!", 0, "", ""},
		{"gr\xc3\xb6\xc3\x9f.", 5, "gr\xc3\xb6\xc3\x9f.", "gr\xc3\xb6\xc3\x9f."},
		{"gr\xc3\xb6\xc3\x9f..", 5, "gr...", "....."},
		{"\xe6\x97\xa5\xe6\x9c\xac", 4, "\xe6\x97\xa5\xe6\x9c\xac",
		 "\xe6\x97\xa5\xe6\x9c\xac"},
		{"\xe6\x97\xa5\xe6\x9c\xac", 3, "...", "..."},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct buf out = {0};
		frame_cut(str_of(rows[i].text), rows[i].columns, &out);
		assert_string_equal(buf_string(&out), rows[i].cut);
		assert_true(frame_width(buf_str(&out)) <= rows[i].columns);
		buf_reset(&out);
		frame_tail(str_of(rows[i].text), rows[i].columns, &out);
		assert_string_equal(buf_string(&out), rows[i].tail);
		assert_true(frame_width(buf_str(&out)) <= rows[i].columns);
		buf_finish(&out);
	}
}

static struct progress_view sample(unsigned transfers)
{
	struct progress_view view = {.bytes = 1234000000, .transfers = transfers};
	for (unsigned i = 0; i < transfers; i++) {
		struct progress_transfer *transfer = &view.transfer[i];
		snprintf(transfer->image, sizeof(transfer->image), "library/nginx:1.%u", i);
		snprintf(transfer->blob, sizeof(transfer->blob), "3f4a1b%u", i);
		snprintf(transfer->to, sizeof(transfer->to), "%u.example.com", i);
		transfer->size = 40000000;
		transfer->done = 10000000 * (int64_t)(i + 1);
	}
	return view;
}

static const struct waits_view no_waits;

/* Seven wait, the first of them for five seconds more. */
static struct waits_view some_waits(void)
{
	struct waits_view waits = {.count = 7, .oldest = {.kind = WAITS_TRY, .until_ms = 104001}};
	snprintf(waits.oldest.text, sizeof(waits.oldest.text), "ghcr.io: HTTP 503 a\033b");
	return waits;
}

static void test_picture(void **state)
{
	struct progress_view view = sample(2);
	struct waits_view waits = some_waits();
	struct frame frame = {
		.images = {.done = 12, .total = 340, .copied = 3, .in_sync = 8, .failed = 1},
		.rate = 45380000,
		.elapsed_ms = 62000,
		.now_ms = 100000,
		.now = &view,
		.waits = &no_waits,
		.columns = 80,
		.rows = 24,
	};
	struct frame_text text = {0};
	(void)state;
	frame_draw(&frame, &text);
	assert_string_equal(
		buf_string(&text.lines),
		"images 12/340   3 copied   8 in sync   1 failed   1.234GB   45.38MB/s   1m02s\n"
		"  library/nginx:1.0 3f4a1b0  [####------------]   25%  10MB/40MB\n"
		"  library/nginx:1.1 3f4a1b1  [########--------]   50%  20MB/40MB\n");
	assert_int_equal(text.count, 3);
	assert_int_equal(text.width[1], 64);
	buf_finish(&text.lines);
	frame.waits = &waits;
	text = (struct frame_text){0};
	frame_draw(&frame, &text);
	assert_int_equal(text.count, 4);
	assert_non_null(strstr(buf_string(&text.lines),
			       "1m02s\n  trying again in 5 s: ghcr.io: HTTP 503 a\\x1bb (and 6 "
			       "more)\n  library"));
	buf_finish(&text.lines);
}

/* Totals go on in further lines, the bars' labels lose what matters least. */
static void test_narrower_terminals(void **state)
{
	static const struct {
		unsigned columns, rows;
		bool several;
		const char *totals, *label;
	} rows[] = {
		{120, 24, false,
		 "images 12/340   3 copied   8 in sync   1 failed   1.234GB of at least 1.264GB   "
		 "1MB/s   1m02s   over 30s left\n",
		 "  library/nginx:1.0 3f4a1b0  ["},
		{120, 24, true, "images 12/340   ",
		 "  library/nginx:1.0 -> 0.example.com 3f4a1b0  ["},
		{80, 24, true,
		 "images 12/340   3 copied   8 in sync   1 failed\n"
		 "1.234GB of at least 1.264GB   1MB/s   1m02s   over 30s left\n",
		 "  nginx:1.0 -> 0.example.com         ["},
		{40, 24, true,
		 "images 12/340   3 copied   8 in sync\n1 failed   1.234GB of at least 1.264GB\n"
		 "1MB/s   1m02s   over 30s left\n",
		 "  nginx:1.0       25%"},
		{35, 24, false, "images 12/340   ", "  ...x:1.0   25%"},
		{60, 8, false, "images 12/340   3 copied   8 in sync   1 failed   1.234GB...\n",
		 "  "},
	};
	struct progress_view view = sample(1);
	(void)state;
	view.left = 30000000;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct frame frame = {
			.images =
				{.done = 12, .total = 340, .copied = 3, .in_sync = 8, .failed = 1},
			.rate = 1000000,
			.elapsed_ms = 62000,
			.now = &view,
			.waits = &no_waits,
			.columns = rows[i].columns,
			.rows = rows[i].rows,
		};
		struct frame_text text = {0};
		view.several = rows[i].several;
		frame_draw(&frame, &text);
		const char *lines = buf_string(&text.lines);
		if (strncmp(lines, rows[i].totals, strlen(rows[i].totals)) != 0 ||
		    !strstr(lines, rows[i].label)) {
			print_error("%u columns: %s", rows[i].columns, lines);
			fail();
		}
		buf_finish(&text.lines);
	}
}

static void test_remaining(void **state)
{
	static const struct {
		struct progress_view now;
		size_t done, total;
		int64_t rate;
		const char *bytes, *time;
	} rows[] = {
		{{.bytes = 5000}, 0, 0, 1000, "5kB", ""},
		{{.bytes = 5000, .left = 7000}, 1, 4, 1000, "5kB of at least 12kB", "over 7s left"},
		{{.bytes = 5000, .left = 7000, .sized = 2},
		 1,
		 4,
		 1000,
		 "5kB of at least 12kB",
		 "over 7s left"},
		{{.bytes = 5000, .left = 7000, .sized = 3}, 1, 4, 1000, "5kB of 12kB", "7s left"},
		{{.bytes = 5000, .left = 7000, .sized = 3}, 1, 4, 0, "5kB of 12kB", ""},
		{{.bytes = 5000, .left = 7000, .sized = 3}, 1, 4, 7001, "5kB of 12kB", ""},
		{{.bytes = 5000, .left = 700000000, .sized = 3}, 1, 4, 1, "5kB of 700MB", ""},
		{{.bytes = INT64_MAX - 1, .left = INT64_MAX},
		 1,
		 4,
		 1,
		 "9.223EB of at least 9.223EB",
		 ""},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		const struct remaining remaining = {&rows[i].now, rows[i].done, rows[i].total};
		struct buf bytes = {0}, left = {0};
		remaining_bytes(&remaining, &bytes);
		remaining_time(&remaining, rows[i].rate, &left);
		assert_string_equal(buf_string(&bytes), rows[i].bytes);
		assert_string_equal(buf_string(&left), rows[i].time);
		buf_finish(&bytes);
		buf_finish(&left);
	}
}

static void test_no_line_is_wider_than_the_terminal(void **state)
{
	struct progress_view view = sample(PROGRESS_TRANSFERS);
	(void)state;
	struct waits_view waits = some_waits();
	memset(view.transfer[1].image, 'x', sizeof(view.transfer[1].image) - 1);
	view.transfer[2].size = 0;
	view.transfer[3].done = INT64_MAX;
	for (unsigned columns = 1; columns < 200; columns++) {
		view.several = columns % 2;
		struct frame frame = {.images = {.total = 3, .failed = 1},
				      .now = &view,
				      .waits = &waits,
				      .columns = columns,
				      .rows = 24};
		struct frame_text text = {0};
		struct str rest, line;
		frame_draw(&frame, &text);
		assert_in_range(text.count, FRAME_LINES - 2, FRAME_LINES);
		rest = buf_str(&text.lines);
		for (unsigned i = 0; i < text.count && str_cut(&rest, '\n', &line); i++) {
			assert_true(frame_width(line) <= columns);
			assert_int_equal(text.width[i], frame_width(line));
		}
		assert_int_equal(rest.len, 0);
		buf_finish(&text.lines);
	}
}

static void test_block_fits_a_low_terminal(void **state)
{
	struct progress_view view = sample(12);
	(void)state;
	for (unsigned rows = 1; rows < 30; rows++) {
		const struct waits_view waits = {.count = rows % 2};
		struct frame frame = {.now = &view, .waits = &waits, .columns = 80, .rows = rows};
		struct frame_text text = {0};
		frame_draw(&frame, &text);
		assert_true(text.count <= (rows > 6 ? rows - 3 : 3));
		assert_non_null(strstr(buf_string(&text.lines), "more transfers\n"));
		buf_finish(&text.lines);
	}
}

static void test_labels_are_made_harmless(void **state)
{
	struct progress_view view = sample(1);
	struct frame frame = {.now = &view, .waits = &no_waits};
	struct frame_text text = {0};
	(void)state;
	snprintf(view.transfer[0].image, sizeof(view.transfer[0].image), "a\033[2Jb\nc");
	frame_draw(&frame, &text);
	assert_null(strchr(buf_string(&text.lines), '\033'));
	assert_non_null(strstr(buf_string(&text.lines), "  a\\x1b[2Jb\\nc 3f4a1b0  ["));
	buf_finish(&text.lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_rate_starts_as_average_and_follows_a_change),
		cmocka_unit_test(test_first_rate_is_the_average),
		cmocka_unit_test(test_cutting_counts_columns),
		cmocka_unit_test(test_picture),
		cmocka_unit_test(test_narrower_terminals),
		cmocka_unit_test(test_remaining),
		cmocka_unit_test(test_no_line_is_wider_than_the_terminal),
		cmocka_unit_test(test_block_fits_a_low_terminal),
		cmocka_unit_test(test_labels_are_made_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
