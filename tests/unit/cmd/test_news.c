/* What messages tell of hooks: each failure once, what was copied, all of it outliving its run. */
#include "cmd/news.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct outcome copied = {
	.status = OUTCOME_COPIED, .reason = "missing", .bytes = 5, .digest = "sha256:aa"};
static const struct outcome in_sync = {.status = OUTCOME_SKIPPED, .reason = "in-sync"};
static const struct outcome refused = {
	.status = OUTCOME_FAILED, .error_kind = ERROR_DENIED, .error_text = "the door is shut"};

/* A run, whose memory is gone when it is over. */
struct finished {
	struct arena *arena;
	struct tally tally;
};

static struct finished begin(void)
{
	struct finished run = {.arena = arena_new(), .tally = {.started = 1000}};
	run.tally.requests_source = 3;
	run.tally.requests_target = 4;
	run.tally.milliseconds = 10;
	return run;
}

/* An image "src.test/NAME:TAG" -> "dst.test/NAME:TAG"; tag NULL: the rule as a whole. */
static void add(struct finished *run, const char *name, const char *tag,
		const struct outcome *outcome)
{
	struct arena *arena = run->arena;
	struct rule *rule = arena_new_of(arena, struct rule);
	struct task *task = arena_new_of(arena, struct task);
	const char *text = arena_string(arena, name);
	*rule = (struct rule){.source = arena_printf(arena, "src.test/%s", name),
			      .destination = arena_printf(arena, "dst.test/%s", name),
			      .source_place = arena_string(arena, "images.yaml:3:1")};
	if (tag)
		*task = (struct task){.source = {.host = arena_string(arena, "src.test"),
						 .repository = text,
						 .tag = arena_string(arena, tag)},
				      .destination = {.host = arena_string(arena, "dst.test"),
						      .repository = text,
						      .tag = arena_string(arena, tag)},
				      .rule = rule};
	struct outcome own = *outcome;
	if (own.error_text)
		own.error_text = arena_string(arena, own.error_text);
	const struct tally_image image = {
		.task = tag ? task : NULL, .rule = tag ? NULL : rule, .outcome = own};
	tally_add(&run->tally, arena, &image);
}

static void end(struct news *news, struct finished *run)
{
	news_add(news, &run->tally);
	arena_free(&run->arena);
}

/* Images of the message as "STATUS SOURCE DESTINATION WHY". */
static void expect_news(const struct news *news, const char *expected)
{
	scoped(buf_finish) struct buf text = {0};
	struct tally_walk walk = tally_list_walk(&news->tally.list);
	while (tally_list_next(&walk)) {
		buf_printf(&text, "%s ", tally_status(&walk.image));
		tally_source(&walk.image, &text);
		buf_add_char(&text, ' ');
		tally_destination(&walk.image, &text);
		if (walk.image.outcome.error_text)
			buf_printf(&text, " %s", walk.image.outcome.error_text);
		assert_string_equal(tally_place(&walk.image), "images.yaml:3:1");
		buf_add_char(&text, '\n');
	}
	assert_string_equal(buf_string(&text), expected);
}

static void deliver(struct news *news)
{
	scoped(news_finish) struct news cut = {.arena = NULL};
	static const struct session session = {.pool = NULL};
	static const struct notify_list nobody = {.count = 0};
	if (tally_done(&news->tally))
		news_cut(news, &cut);
	news_send(&cut, &session, &nobody);
	expect_news(news, "");
	assert_int_equal(tally_done(&news->tally), 0);
}

#define FAILED(image) "failed src.test/" image " dst.test/" image " the door is shut\n"
#define COPIED(image) "copied src.test/" image " dst.test/" image "\n"

static void test_several_runs(void **state)
{
	scoped(news_finish) struct news news = {.arena = NULL};
	struct finished run = begin();
	(void)state;
	assert_false(news_are_due(&news));
	add(&run, "a", "1", &copied);
	add(&run, "b", "1", &in_sync);
	add(&run, "c", "1", &refused);
	end(&news, &run);
	run = begin();
	run.tally.started = 2000;
	add(&run, "a", "2", &copied);
	add(&run, "c", "1", &refused);
	add(&run, "d", NULL, &refused);
	end(&news, &run);
	expect_news(&news, COPIED("a:1") FAILED("c:1") COPIED("a:2") FAILED("d"));
	assert_int_equal(news.tally.copied, 2);
	assert_int_equal(news.tally.failed, 2);
	assert_int_equal(news.tally.bytes, 10);
	assert_int_equal(news.tally.started, 1000);
	assert_int_equal(news.tally.requests_source, 6);
	assert_int_equal(news.tally.requests_target, 8);
	assert_int_equal(news.tally.milliseconds, 20);
	assert_true(news_are_due(&news));
	deliver(&news);
}

/* Once for each time that it begins to fail. */
static void test_failures_once(void **state)
{
	scoped(news_finish) struct news news = {.arena = NULL};
	static const struct {
		const struct outcome *outcome;
		const char *news;
	} steps[] = {
		{&refused, FAILED("a:1")},
		{&refused, ""},
		{&refused, ""},
		{&in_sync, ""},
		{&refused, FAILED("a:1")},
		{&copied, COPIED("a:1")},
		{&copied, COPIED("a:1")},
		{&refused, FAILED("a:1")},
	};
	(void)state;
	for (size_t i = 0; i < array_count(steps); i++) {
		struct finished run = begin();
		add(&run, "a", "1", steps[i].outcome);
		end(&news, &run);
		expect_news(&news, steps[i].news);
		deliver(&news);
	}
}

/* Nothing new is no message, whatever a run has cost; and there is one in some minutes. */
static void test_when(void **state)
{
	scoped(news_finish) struct news news = {.arena = NULL};
	struct finished run = begin();
	(void)state;
	add(&run, "a", "1", &in_sync);
	end(&news, &run);
	assert_false(news_are_due(&news));
	deliver(&news);
	assert_int_equal(news.sent_ms, 0);
	run = begin();
	add(&run, "a", "1", &copied);
	end(&news, &run);
	assert_true(news_are_due(&news));
	deliver(&news);
	assert_true(news.sent_ms > 0);
	run = begin();
	add(&run, "a", "2", &copied);
	end(&news, &run);
	assert_false(news_are_due(&news));
	news.sent_ms -= NEWS_MS;
	assert_true(news_are_due(&news));
}

/* What is remembered has an end: then failures are told once more. */
static void test_many_failures(void **state)
{
	enum { MANY = 10002 };
	scoped(news_finish) struct news news = {.arena = NULL};
	char tag[16];
	(void)state;
	for (int round = 0; round < 2; round++) {
		struct finished run = begin();
		for (int i = 0; i < MANY; i++) {
			snprintf(tag, sizeof(tag), "t%d", i);
			add(&run, "a", tag, &refused);
		}
		end(&news, &run);
		assert_true(news.tally.failed > 0);
		if (!round)
			assert_int_equal(news.tally.failed, MANY);
		assert_in_range(news.failing.count, 1, MANY);
		deliver(&news);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_several_runs),
		cmocka_unit_test(test_failures_once),
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_many_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
