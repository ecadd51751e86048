/*
 * What a runner reads: our commands survive it, everybody else's do not come to be. The reader here
 * follows the runner's own rules for both forms of a command.
 */
#include "base/log.h"
#include "base/secret.h"
#include "base/workflow.h"
#include "config/problem.h"
#include "report/annotation.h"
#include "report/step_summary.h"
#include "test_report_fixture.h"

static const char *const commands[] = {
	"set-output",     "save-state", "add-mask", "add-matcher",
	"remove-matcher", "debug",      "notice",   "warning",
	"error",          "group",      "endgroup", "echo",
	"stop-commands",  "set-env",    "add-path", "internal-set-repo-path",
};

/* White space and line ends of all kinds, and what may stand before a command. */
static const char *const before[] = {
	"",
	" ",
	"\t",
	"\n",
	"\r",
	"\r\n ",
	"\v",
	"\f",
	"a\n",
	"a\r",
	"\xc2\x85",
	"\xc2\xa0",
	"\xe2\x80\x83",
	"\xe2\x80\xa8",
	"\xe3\x80\x80",
	"\xef\xbb\xbf",
	"\x1b[0m",
	"\xff",
	"text ",
};

/* Is there a line in text that a runner takes for a command? Everything above ASCII is blank. */
static bool commanding(struct str text)
{
	bool fresh = true;
	for (; text.len; text = str_from(text, 1)) {
		unsigned char c = (unsigned char)text.at[0];
		if (str_starts(text, "##[") || (fresh && str_starts(text, "::")))
			return true;
		bool blank = c == '\n' || c == '\r' || c == ' ' || (c >= 9 && c <= 13) || c >= 0x80;
		fresh = c == '\n' || c == '\r' || (fresh && blank);
	}
	return false;
}

static void expect_inert(const struct buf *text, const char *attack)
{
	if (commanding(buf_str(text)))
		fail_msg("%s became %s", attack, buf_string(text));
}

/* Our own command is the whole line: what stands behind its head must not begin another. */
static void expect_one(const struct buf *text, const char *attack)
{
	struct str line = buf_str(text);
	assert_true(str_starts(line, "::error "));
	assert_int_equal(str_find(line, '\n'), line.len);
	assert_int_equal(str_find(line, '\r'), line.len);
	if (commanding(str_from(line, 2)))
		fail_msg("%s became %s", attack, buf_string(text));
}

static void summarize(const char *attack, struct buf *out)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct tally tally = {0};
	struct outcome outcome = failed;
	struct task task = tasks[0];
	outcome.error_text = attack;
	task.source.tag = attack;
	struct tally_image image = {.task = &task, .outcome = outcome};
	tally_add(&tally, arena, &image);
	step_summary_write(&tally, "image-syncer/1", attack, out);
}

static void log_to(const char *attack, struct buf *out)
{
	struct capture capture = capture_start(STDERR_FILENO);
	log_error("%s", attack);
	capture_stop(&capture, out);
}

static void attack_with(const char *attack)
{
	scoped(buf_finish) struct buf clean = {0}, logged = {0}, told = {0}, placed = {0},
				      summary = {0}, line = {0};
	scoped(problem_finish) struct problems problems = {0};
	log_clean(str_of(attack), 0, &clean);
	expect_inert(&clean, attack);
	log_to(attack, &logged);
	expect_inert(&logged, attack);
	problem_add(&problems, NULL, "%s", attack);
	expect_inert(&problems.errors, attack);
	annotation_text("error", str_of(attack), &told);
	expect_one(&told, attack);
	buf_printf(&line, "%s:1:1: %s", attack, attack);
	annotation_problem("error", buf_str(&line), "/", &placed);
	expect_one(&placed, attack);
	summarize(attack, &summary);
	expect_inert(&summary, attack);
}

static void test_attacks(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(commands); i++) {
		for (size_t j = 0; j < array_count(before); j++) {
			char attack[128];
			snprintf(attack, sizeof(attack), "%s::%s a=b::c", before[j], commands[i]);
			attack_with(attack);
			snprintf(attack, sizeof(attack), "%s##[%s a=b;]c", before[j], commands[i]);
			attack_with(attack);
		}
	}
}

static void test_escapes(void **state)
{
	scoped(buf_finish) struct buf data = {0}, property = {0};
	(void)state;
	workflow_data(STR("a%b\r\nc:d,e"), &data);
	assert_string_equal(buf_string(&data), "a%25b%0D%0Ac:d,e");
	workflow_property(STR("a%b\r\nc:d,e"), &property);
	assert_string_equal(buf_string(&property), "a%25b%0D%0Ac%3Ad%2Ce");
}

static void masks_of(void (*act)(void), struct buf *out)
{
	struct capture capture = capture_start(STDERR_FILENO);
	workflow_mask_secrets();
	act();
	secret_watch(NULL);
	capture_stop(&capture, out);
	secret_forget();
}

static void one_password(void)
{
	secret_register_basic(STR("robot"), STR("p?ss>word~~"));
	secret_register_basic(STR("robot"), STR("p?ss>word~~"));
	secret_register(STR("abc"));
	secret_register((struct str){0});
}

static void many_lines(void)
{
	secret_register(STR("{\n\"key\": \"12345678\"\r\n}\n"));
}

static void passing(void)
{
	scoped(buf_finish) struct buf masked = {0};
	secret_register_passing(STR("first-signature"));
	for (int i = 0; i < SECRET_PASSING - 1; i++)
		secret_register_passing(STR("other-signature"));
	secret_mask(STR("?first-signature"), &masked);
	secret_register_passing(STR("other-signature"));
	secret_mask(STR("?first-signature"), &masked);
	assert_string_equal(buf_string(&masked), "?***?first-signature");
}

static void test_masks(void **state)
{
	scoped(buf_finish) struct buf one = {0}, lines = {0}, last = {0};
	(void)state;
	masks_of(one_password, &one);
	assert_string_equal(buf_string(&one), "::add-mask::p?ss>word~~\n"
					      "::add-mask::cD9zcz53b3Jkfn4=\n"
					      "::add-mask::cD9zcz53b3Jkfn4\n"
					      "::add-mask::p%253Fss%253Eword~~\n"
					      "::add-mask::cm9ib3Q6cD9zcz53b3Jkfn4=\n"
					      "::add-mask::cm9ib3Q6cD9zcz53b3Jkfn4\n");
	masks_of(many_lines, &lines);
	has(&lines, "::add-mask::\"key\": \"12345678\"\n");
	has_not(&lines, "::add-mask::{");
	has_not(&lines, "::add-mask::}");
	has_not(&lines, "::add-mask::\n");
	masks_of(passing, &last);
	has(&last, "::add-mask::first-signature\n");
}

static void test_colour_ends_with_its_line(void **state)
{
	scoped(buf_finish) struct buf coloured = {0}, plain = {0};
	(void)state;
	log_colour(true);
	log_to("one", &coloured);
	log_colour(false);
	log_to("one", &plain);
	assert_true(str_starts(buf_str(&coloured), "\033[31mtime="));
	assert_true(str_ends(buf_str(&coloured), "\"\033[0m\n"));
	has_not(&plain, "\033");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_colour_ends_with_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
