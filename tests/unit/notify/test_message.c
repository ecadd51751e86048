/* The text of a message, and how it is cut by bytes, characters and units of UTF-16. */
#include "test_report_fixture.h"

#include "base/secret.h"
#include "notify/message.h"
#include "notify/telegram.h"
#include "report/tally.h"

#include <signal.h>

static struct tally tally_of(struct arena *arena, const struct outcome *first)
{
	struct tally tally = {.total = 3, .milliseconds = 1500, .brief = true};
	struct tally_image images[] = {{.task = &tasks[0], .outcome = *first},
				       {.task = &tasks[1], .outcome = {.status = OUTCOME_COPIED}}};
	images[1].outcome.bytes = 12345;
	for (size_t i = 0; i < array_count(images); i++)
		tally_add(&tally, arena, &images[i]);
	return tally;
}

static void check(const struct tally *tally, bool bad, const char *wanted)
{
	scoped(buf_finish) struct buf out = {0};
	message_write(tally, "mirror", bad, &out);
	assert_string_equal(buf_string(&out), wanted);
}

static void test_text(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct outcome denied = {.status = OUTCOME_FAILED,
				       .reason = "denied",
				       .error_kind = ERROR_DENIED,
				       .error_text = "reg.io:\nno hunter2-hunter2 here"};
	(void)state;
	secret_register(STR("hunter2-hunter2"));
	struct tally tally = tally_of(arena, &denied);
	check(&tally, true,
	      "mirror: partial\n"
	      "3 images: 1 copied, 0 in sync, 1 failed, 1 not finished\n"
	      "12.35kB sent in 1.5s\n"
	      "x docker.io/library/nginx:v1 -> reg.io/m/nginx:v1: reg.io:\\nno *** here\n"
	      "+ docker.io/library/nginx:v2 -> reg.io/m/nginx:v2\n");
	tally.stopped = SIGINT;
	tally.total = 2;
	check(&tally, true,
	      "mirror: stopped by SIGINT\n"
	      "2 images: 1 copied, 0 in sync, 1 failed\n"
	      "12.35kB sent in 1.5s\n"
	      "x docker.io/library/nginx:v1 -> reg.io/m/nginx:v1: reg.io:\\nno *** here\n"
	      "+ docker.io/library/nginx:v2 -> reg.io/m/nginx:v2\n");
}

static void test_text_of_a_clean_tally(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct tally tally = {.total = 1, .brief = true};
	struct tally_image image = {.task = &tasks[0],
				    .outcome = {.status = OUTCOME_SKIPPED, .reason = "in-sync"}};
	(void)state;
	tally_add(&tally, arena, &image);
	check(&tally, false,
	      "mirror: success\n1 image: 0 copied, 1 in sync, 0 failed\n0B sent in 0s\n");
	check(&tally, true,
	      "mirror: failure, a file of the report could not be written\n"
	      "1 image: 0 copied, 1 in sync, 0 failed\n0B sent in 0s\n");
}

static void test_measures(void **state)
{
	static const struct {
		const char *text;
		size_t bytes, json, characters, units;
	} rows[] = {
		{"", 0, 0, 0, 0},
		{"abc\n", 4, 5, 4, 4},
		{"a\"b\\c", 5, 7, 5, 5},
		{"\xc3\xa9", 2, 2, 1, 1},                 /* e acute */
		{"\xe9\x95\x9c\xe5\x83\x8f", 6, 6, 2, 2}, /* two Chinese characters */
		{"\xf0\x9f\x90\xb3", 4, 4, 1, 2},         /* a whale */
		{"\xff", 1, 1, 1, 1},                     /* no character at all */
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct str text = str_of(rows[i].text);
		assert_int_equal(message_bytes(text), rows[i].bytes);
		assert_int_equal(message_json(text), rows[i].json);
		assert_int_equal(message_characters(text), rows[i].characters);
		assert_int_equal(message_units(text), rows[i].units);
	}
}

/* The parts of text, each in brackets. */
static void parts_are(const char *text, size_t max, message_measure *measure, const char *wanted)
{
	scoped(buf_finish) struct buf shown = {0};
	struct str rest = str_of(text), part;
	while (message_part(&rest, max, measure, &part))
		buf_printf(&shown, "[%.*s]", STR_ARGS(part));
	assert_string_equal(buf_string(&shown), wanted);
}

static void test_parts(void **state)
{
	(void)state;
	parts_are("", 5, message_bytes, "");
	parts_are("ab\ncd\n", 5, message_bytes, "[ab\ncd]");
	parts_are("ab\ncd\nef\n", 5, message_bytes, "[ab\ncd][ef]");
	parts_are("ab\ncd\nef", 5, message_bytes, "[ab\ncd][ef]");
	parts_are("abcdefg\nhi", 5, message_bytes, "[abcde][fg\nhi]");
	parts_are("\xf0\x9f\x90\xb3\xf0\x9f\x90\xb3", 3, message_units,
		  "[\xf0\x9f\x90\xb3][\xf0\x9f\x90\xb3]");
	parts_are("\xf0\x9f\x90\xb3z", 1, message_units, "[\xf0\x9f\x90\xb3][z]");
}

static void cut_is(const char *text, size_t max, const char *report, const char *wanted)
{
	scoped(buf_finish) struct buf out = {0};
	message_cut(str_of(text), max, message_bytes, report, &out);
	assert_string_equal(buf_string(&out), wanted);
	assert_true(out.len <= max);
}

static void test_cut(void **state)
{
	static const char text[] = "the first line\nthe second line\nthe third line\n"
				   "the fourth line\nthe fifth line\nthe sixth line\n"
				   "the seventh line\nthe eighth line\n";
	(void)state;
	cut_is(text, sizeof(text), "r.json", text);
	cut_is(text, 75, NULL, "the first line\nthe second line\n... and 6 more lines");
	cut_is(text, 95, "r.json",
	       "the first line\n... and 7 more lines; the report has them: r.json");
}

/* What is left of a part for the reader: without the fence and the escapes. */
static size_t units_shown(const struct buf *part)
{
	struct str text = buf_str(part);
	size_t escapes = 0;
	assert_true(str_starts(text, "```\n") && str_ends(text, "\n```"));
	text = str_from(str_head(text, text.len - 3), 4);
	for (size_t i = 0; i + 1 < text.len; i++) {
		bool escape = text.at[i] == '\\';
		assert_true(text.at[i] != '`');
		escapes += escape;
		i += escape;
	}
	return message_units(text) - escapes;
}

static void test_telegram(void **state)
{
	struct buf parts[TELEGRAM_PARTS_MAX] = {{0}};
	(void)state;
	assert_int_equal(telegram_parts(STR("a `b` \\c\n"), NULL, parts), 1);
	assert_string_equal(buf_string(&parts[0]), "```\na \\`b\\` \\\\c\n```");
	buf_finish(&parts[0]);
}

/* Lines of whales and quotes, of which each unit counts in another way than its bytes. */
static void test_telegram_parts(void **state)
{
	static const size_t lines[] = {55, 56, 110, 111, 300};
	(void)state;
	for (size_t i = 0; i < array_count(lines); i++) {
		struct buf parts[TELEGRAM_PARTS_MAX] = {{0}};
		scoped(buf_finish) struct buf text = {0};
		size_t shown = 0;
		for (size_t line = 0; line < lines[i]; line++) {
			for (size_t at = 0; at < 24; at++)
				buf_add_string(&text, "\xf0\x9f\x90\xb3`");
			buf_add_char(&text, '\n');
		}
		size_t count = telegram_parts(buf_str(&text), "r.json", parts);
		for (size_t part = 0; part < count; part++) {
			assert_in_range(units_shown(&parts[part]), 1, 4096);
			for (size_t at = 0; at < parts[part].len; at++)
				shown += str_starts(str_from(buf_str(&parts[part]), at), "`\n\xf0");
			bool told = strstr(buf_string(&parts[part]), "r.json") != NULL;
			assert_true(told == (lines[i] == 300 && part + 1 == count));
			buf_finish(&parts[part]);
		}
		assert_int_equal(count, lines[i] > 220 ? 4 : (lines[i] + 54) / 55);
		assert_true(shown > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_of_a_clean_tally),
		cmocka_unit_test(test_measures),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_telegram),
		cmocka_unit_test(test_telegram_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
