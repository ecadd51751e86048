/* Targets of messages: what options and files can say, about mistakes, and what is masked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/secret.h"
#include "config/notify/notify_fields.h"
#include "config/notify/notify_options.h"
#include "doc/yaml.h"

#define SLACK "https://hooks.test/services/T0/B0/not-a-real-key-of-slack"
#define TOKEN "12345:not_a-real-token"

static const char *variable(void *ctx, const char *name)
{
	(void)ctx;
	if (strcmp(name, "SLACK") == 0)
		return SLACK ",on=never";
	return strcmp(name, "TOKEN") == 0 ? TOKEN : NULL;
}

static const struct expand_lookup lookup = {.get = variable};

static void show(const struct notify_list *list, struct buf *out)
{
	static const char *const when[] = {"", " failure", " change", " always"};
	for (size_t i = 0; i < list->count; i++) {
		const struct notify_target *target = &list->items[i];
		buf_printf(out, "%s %s%s%s%s%s%s%s%s%s\n", notify_target_names[target->kind],
			   target->url.text, when[target->when],
			   target->required ? " required" : "", target->secret ? " secret=" : "",
			   target->secret ? target->secret : "", target->chat ? " chat=" : "",
			   target->chat ? target->chat : "", target->title ? " title=" : "",
			   target->title ? target->title : "");
	}
}

static void option_is(const char *text, const char *targets, const char *errors,
		      const char *warnings)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf shown = {0};
	struct notify_list list = {0};
	const struct notify_words words = {.subject = "--notify", .exposed = "seen"};
	notify_options_parse(arena, str_of(text), &words, &lookup, &list, &problems);
	show(&list, &shown);
	assert_string_equal(buf_string(&shown), targets);
	assert_string_equal(buf_string(&problems.errors), errors);
	assert_string_equal(buf_string(&problems.warnings), warnings);
}

static void test_options(void **state)
{
	(void)state;
	option_is("webhook=https://x.test/a,b?c=d", "webhook https://x.test/a,b?c=d\n", "", "");
	option_is("webhook=https://x.test/,on=change,required=true,secret=${TOKEN}",
		  "webhook https://x.test/ change required secret=" TOKEN "\n", "", "");
	option_is("telegram=$TOKEN,chat=-100,title=a, b",
		  "telegram https://api.telegram.org/bot" TOKEN "/sendMessage chat=-100 "
		  "title=a, b\n",
		  "", "");
	option_is("telegram=${TOKEN},api=https://t.test:8443/,chat=@me",
		  "telegram https://t.test:8443/bot" TOKEN "/sendMessage chat=@me\n", "", "");
	/* What a variable holds is not taken apart. */
	option_is("slack=${SLACK}", "slack " SLACK ",on=never\n", "", "");
	option_is("heartbeat=http://x.test/", "heartbeat http://x.test/\n", "", "");
	option_is("wecom=https://x.test/", "wecom https://x.test/\n", "", "--notify wecom: seen\n");
	option_is("webhook=https://x.test/,secret=abcd", "webhook https://x.test/ secret=abcd\n",
		  "", "--notify webhook: seen\n");
}

#define EXPECTED                                                                                   \
	"--notify: expected KIND=VALUE, perhaps with ,chat= ,api= ,secret= ,title= ,on= or "       \
	",required= after it; KIND is telegram, slack, dingtalk, feishu, wecom, webhook or "       \
	"heartbeat\n"

static void test_mistakes(void **state)
{
	(void)state;
	option_is("slack", "", EXPECTED, "");
	option_is(SLACK "?x=y", "", EXPECTED, "");
	option_is("slak=${SLACK}", "", "--notify: unknown name \"slak\": did you mean slack?\n",
		  "");
	option_is("slack=${SLACK},on=change,on=always", "", "--notify: on is given twice\n", "");
	option_is("on=change", "",
		  "--notify: a target needs one of telegram, slack, dingtalk, feishu, wecom, "
		  "webhook and heartbeat\n",
		  "");
	option_is("slack=${SLACK},wecom=${SLACK}", "",
		  "--notify: slack and another kind are in one target: make them two\n", "");
	option_is("slack=${NONE}", "",
		  "--notify slack: environment variable NONE is not set or empty: set it, or write "
		  "$$ for a $\n",
		  "");
	option_is("slack=", "",
		  "--notify slack: slack= is empty: give it a value, or leave it out\n", "");
	option_is("webhook=${SLACK},secret=", "",
		  "--notify webhook: secret= is empty: give it a value, or leave it out\n", "");
	option_is("slack=${TOKEN}", "",
		  "--notify slack: expected an address that begins with https://, as ${NAME} or "
		  "file:PATH\n",
		  "");
	option_is("slack=${SLACK},on=never", "",
		  "--notify slack: on: expected failure, change or always\n", "");
	option_is("slack=${SLACK},secret=${TOKEN}", "",
		  "--notify slack: it takes no secret: remove it\n", "");
	option_is("heartbeat=https://x.test/,on=always", "",
		  "--notify heartbeat: it takes no on: remove it\n", "");
	option_is("webhook=https://x.test/,required=1", "",
		  "--notify webhook: required: expected true or false\n", "");
	option_is("telegram=${SLACK},chat=1", "",
		  "--notify telegram: the token is not that of a bot: it has a number, a colon, "
		  "and letters and digits\n",
		  "");
	option_is("telegram=${TOKEN},chat=me", "",
		  "--notify telegram: chat must say where to write, as in -1001234567890 or "
		  "@channel\n",
		  "");
	option_is("telegram=${TOKEN}", "",
		  "--notify telegram: chat must say where to write, as in -1001234567890 or "
		  "@channel\n",
		  "");
	option_is("webhook=https://u:p@x.test/", "",
		  "--notify webhook: URL with user name or fragment refused\n", "");
	option_is("wecom=file:/nowhere/at/all", "",
		  "--notify wecom: cannot open /nowhere/at/all: No such file or directory\n", "");
	option_is("wecom=file:/dev/null", "", "--notify wecom: the file is empty\n", "");
}

static void test_files(void **state)
{
	char path[] = "/tmp/image-syncer-notify-XXXXXX", text[100];
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0 && write(fd, "https://x.test/k\r\n\n", 19) == 19);
	close(fd);
	snprintf(text, sizeof(text), "wecom=file:%s,title=t", path);
	option_is(text, "wecom https://x.test/k title=t\n", "", "");
	unlink(path);
}

static void test_hidden(void **state)
{
	scoped(buf_finish) struct buf masked = {0};
	(void)state;
	option_is("wecom=https://x.test/cgi-bin/webhook/send?key=0123456789abcdef-0123",
		  "wecom https://x.test/cgi-bin/webhook/send?key=0123456789abcdef-0123\n", "",
		  "--notify wecom: seen\n");
	secret_mask(STR("https://x.test/cgi-bin/webhook/send?key=0123456789abcdef-0123 "
			"0123456789abcdef-0123 x.test"),
		    &masked);
	assert_string_equal(buf_string(&masked), "https://x.test/*** *** x.test");
}

/* --- files of rules ------------------------------------------------------------------------ */

static void file_is(const char *text, unsigned mode, const char *targets, const char *rest,
		    const char *messages)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf shown = {0};
	scoped(buf_finish) struct buf keys = {0};
	struct document document = {.name = "f", .mode = mode};
	struct notify_list list = {0};
	struct error err = {0};
	if (!yaml_read(arena, str_of(text), &document.root, &err))
		fail_msg("%s: %s", text, err.text);
	notify_fields_take(arena, &document, &lookup, &list, &problems);
	show(&list, &shown);
	for (size_t i = 0; document.root->kind == NODE_MAP && i < document.root->count; i++)
		buf_printf(&keys, "%.*s ", STR_ARGS(document.root->keys[i]->text));
	assert_string_equal(buf_string(&shown), targets);
	assert_string_equal(buf_string(&keys), rest);
	buf_add_str(&problems.errors, buf_str(&problems.warnings));
	assert_string_equal(buf_string(&problems.errors), messages);
}

static void test_file(void **state)
{
	(void)state;
	file_is("a: b\nnotify:\n  - slack: ${SLACK}\n    on: change\n  - webhook: https://x.test/\n"
		"    required: true\n  - telegram=${TOKEN},chat=5\nc: d\n",
		0644,
		"slack " SLACK ",on=never change\nwebhook https://x.test/ required\n"
		"telegram https://api.telegram.org/bot" TOKEN "/sendMessage chat=5\n",
		"a c ", "");
	file_is("notify: {telegram: $TOKEN, chat: -100}\n", 0600,
		"telegram https://api.telegram.org/bot" TOKEN "/sendMessage chat=-100\n", "", "");
	file_is("a: b\n", 0600, "", "a ", "");
	file_is("- a\n", 0600, "", "", "");
}

/* What could be a destination is a rule for docker.io/library/notify. */
static void test_sources_called_notify(void **state)
{
	(void)state;
	file_is("notify: b.io/x\n", 0600, "", "notify ", "");
	file_is("notify: [b.io/x, c.io/x]\n", 0600, "", "notify ", "");
	file_is("notify: {to: b.io/x, tags: v1}\n", 0600, "", "notify ", "");
	file_is("notify:\n", 0600, "", "notify ", "");
	file_is("notify: b.io/x\nnotify: {slack: $SLACK}\n", 0600, "slack " SLACK ",on=never\n",
		"notify ", "");
}

static void test_mistakes_in_a_file(void **state)
{
	(void)state;
	file_is("notify:\n  - slak: ${SLACK}\n", 0600, "", "",
		"f:2:5: notify: unknown field \"slak\": did you mean slack (the address of an "
		"incoming webhook)?\nf:2:5: notify: a target needs one of telegram, slack, "
		"dingtalk, feishu, wecom, webhook and heartbeat\n");
	file_is("notify:\n  - slack: ${SLACK}\n    on: never\n", 0600, "", "",
		"f:3:9: notify slack: on: expected failure, change or always\n");
	file_is("notify:\n  - slack: ${SLACK}\n    required: maybe\n", 0600,
		"slack " SLACK ",on=never\n", "",
		"f:3:15: notify: required is a string: write true or false, without quotes\n");
	file_is("notify:\n  - slack: [a]\n", 0600, "", "",
		"f:2:12: notify: slack is a list: it must be a string\n");
	file_is("notify:\n  - {slack: $SLACK}\n  - [a]\n", 0600, "slack " SLACK ",on=never\n", "",
		"f:3:5: notify: a target is a list: write a mapping as in \"slack: "
		"${SLACK_WEBHOOK}\"\n");
	file_is("notify:\n  - slack: https://x.test/\n", 0640, "slack https://x.test/\n", "",
		"f:2:5: notify slack: a secret is written here, and other users can read this "
		"file: write ${NAME} or file:PATH\n");
	file_is("notify:\n  - slack: https://x.test/\n", 0600, "slack https://x.test/\n", "", "");
	file_is("notify:\n  - slack: http://x.test/\n", 0600, "slack http://x.test/\n", "",
		"f:2:5: notify slack: http sends the address, which is a password, unencrypted: "
		"use https\n");
}

/* --- all of them --------------------------------------------------------------------------- */

static void test_defaults(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf shown = {0};
	struct notify_list list = {0};
	struct options options = {.notify_on = "change", .notify_required = true};
	(void)state;
	options.notify = (struct option_list){
		.items = {"webhook=https://x.test/", "webhook=https://y.test/,on=always"},
		.count = 2,
		.preset = true};
	notify_options_read(arena, &options, &lookup, &list, &problems);
	show(&list, &shown);
	assert_string_equal(buf_string(&shown), "webhook https://x.test/ change required\n"
						"webhook https://y.test/ always required\n");
	options = (struct options){.notify_on = "sometimes"};
	notify_options_read(arena, &options, &lookup, &list, &problems);
	assert_string_equal(buf_string(&problems.errors),
			    "--notify-on sometimes: expected failure, change or always\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_sources_called_notify),
		cmocka_unit_test(test_mistakes_in_a_file),
		cmocka_unit_test(test_defaults),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	secret_forget();
	return failed;
}
