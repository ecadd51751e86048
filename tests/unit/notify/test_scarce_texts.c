/* Memory that runs out while messages are made: none lacks a part without saying so. */
#include "test_scarce_fixture.h"

#include "notify/dingtalk.h"
#include "notify/feishu.h"
#include "notify/message.h"
#include "notify/telegram.h"
#include "report/tally.h"

static const struct task task = {.source = {"docker.io", "library/nginx", "v1", NULL},
				 .destination = {"reg.io", "m/nginx", "v1", NULL}};

static bool message(struct arena *arena, struct buf *out)
{
	scoped(arena_free) struct arena *own = NULL;
	scoped(buf_finish) struct buf text = {0};
	struct tally tally = {.total = 40, .brief = true};
	struct tally_image image = {.task = &task,
				    .outcome = {.status = OUTCOME_FAILED,
						.reason = "denied",
						.error_text = "no, not even with a login"}};
	counting = false;
	own = arena_new();
	assert_non_null(own);
	for (size_t i = 0; i < tally.total; i++)
		tally_add(&tally, own, &image);
	counting = true;
	(void)arena;
	message_write(&tally, "image-syncer", true, &text);
	counting = false;
	bool whole = buf_ok(&text) && !strstr(buf_string(&text), "(out of memory)");
	if (whole)
		buf_add_str(out, buf_str(&text));
	return whole;
}

static bool cut(struct arena *arena, struct buf *out)
{
	scoped(buf_finish) struct buf text = {0};
	(void)arena;
	message_cut(STR("a line\nanother line\nand a line that is much longer than others\n"), 60,
		    message_bytes, "r.json", &text);
	bool whole = buf_ok(&text);
	counting = false;
	buf_add_str(out, buf_str(&text));
	return whole;
}

static bool parts(struct arena *arena, struct buf *out)
{
	static char text[9000];
	struct buf made_of[TELEGRAM_PARTS_MAX] = {{0}};
	bool whole = true;
	(void)arena;
	memset(text, 'a', sizeof(text));
	size_t count = telegram_parts((struct str){text, sizeof(text)}, "report.json", made_of);
	for (size_t i = 0; i < count; i++)
		whole &= buf_ok(&made_of[i]);
	counting = false;
	for (size_t i = 0; i < count; i++) {
		if (whole)
			buf_add_str(out, buf_str(&made_of[i]));
		buf_finish(&made_of[i]);
	}
	return whole;
}

static bool signatures(struct arena *arena, struct buf *out)
{
	scoped(buf_finish) struct buf text = {0};
	(void)arena;
	dingtalk_sign("a secret", 1577262236757, &text);
	feishu_sign("a secret", 1577262236, &text);
	bool whole = buf_ok(&text);
	counting = false;
	buf_add_str(out, buf_str(&text));
	return whole;
}

static void test_message(void **state)
{
	(void)state;
	starve(message);
}

static void test_cut(void **state)
{
	(void)state;
	starve(cut);
}

static void test_parts(void **state)
{
	(void)state;
	starve(parts);
}

static void test_signatures(void **state)
{
	(void)state;
	starve(signatures);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_message),
					   cmocka_unit_test(test_cut), cmocka_unit_test(test_parts),
					   cmocka_unit_test(test_signatures)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
