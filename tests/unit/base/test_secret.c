/* What may leave the program as text: no secrets, no control characters, no runner commands. */
#include "base/log.h"
#include "base/secret.h"
#include "base/secret_environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int forget(void **state)
{
	(void)state;
	secret_forget();
	return 0;
}

static void expect_mask(const char *text, const char *masked)
{
	scoped(buf_finish) struct buf out = {0};
	secret_mask(str_of(text), &out);
	assert_string_equal(buf_string(&out), masked);
}

static void test_forms(void **state)
{
	(void)state;
	secret_register(STR("s3cr\"t/pass"));
	expect_mask("nothing here", "nothing here");
	expect_mask("s3cr\"t/pass", "***");
	expect_mask("a s3cr\"t/pass b s3cr\"t/pass", "a *** b ***");
	expect_mask("x=czNjciJ0L3Bhc3M=", "x=***");
	expect_mask("?q=s3cr%22t%2Fpass&r", "?q=***&r");
	expect_mask("{\"a\":\"s3cr\\\"t/pass\"}", "{\"a\":\"***\"}");
	expect_mask("s3cr\"t/pas", "s3cr\"t/pas");
	expect_mask("", "");
}

/* What servers make of a password when they repeat it; all there is to it is in test_spelling.c. */
static void test_spelt(void **state)
{
	(void)state;
	secret_register(STR("Pa&ss<w>\"o'r/d +"));
	expect_mask("<b>Pa&amp;ss&lt;w&gt;&quot;o&#39;r/d +</b>", "<b>***</b>");
	expect_mask("\"Pa\\u0026ss\\u003cw\\u003e\\\"o'r/d +\"", "\"***\"");
	expect_mask("?p=Pa%26ss%3cw%3e%22o%27r%2fd+%2b&q", "?p=***&q");
	expect_mask("?p=Pa%2526ss%253Cw%253E%2522o%2527r%252Fd%2520%252B&q", "?p=***&q");
	expect_mask("Pa&amp;ss&lt;w&gt;", "Pa&amp;ss&lt;w&gt;");
	/* Its base64 as well. */
	expect_mask("UGEmc3M8dz4ibydyL2QgKw==", "***");
	expect_mask("UGEmc3M8dz4ibydyL2QgKw%3D%3d", "***");
	secret_register_passing(STR("a=1&b=2/3"));
	expect_mask("https://x/y?a=1&amp;b=2%2f3", "https://x/y?***");
}

static void expect_whole(const char *text, const char *whole)
{
	scoped(buf_finish) struct buf out = {0};
	buf_add_str(&out, str_head(str_of(text), secret_whole(str_of(text))));
	assert_string_equal(buf_string(&out), whole);
}

/* A text that was cut at its end has no part of a secret there. */
static void test_cut(void **state)
{
	(void)state;
	expect_whole("some text", "some text");
	secret_register(STR("s3cr&t/pass"));
	secret_register(STR("s3cr"));
	expect_whole("", "");
	expect_whole("some text", "some text");
	expect_whole("it was s3cr&t/pass", "it was s3cr&t/pass");
	expect_whole("it was s3cr&t/pas", "it was ");
	expect_whole("it was s3cr", "it was ");
	expect_whole("it was s3c", "it was ");
	expect_whole("it was s", "it was ");
	expect_whole("it was s3cr&amp;t%2Fpa", "it was ");
	expect_whole("it was s3cr&amp;t%2", "it was ");
	expect_whole("it was s3cr&am", "it was ");
	expect_whole("s3cr&t/pass, s3cr&t", "s3cr&t/pass, ");
	expect_whole("s3cr!", "s3cr!");
	expect_whole("as", "a");
}

static void test_short(void **state)
{
	(void)state;
	secret_register(STR("abc"));
	secret_register((struct str){0});
	expect_mask("abcabc", "abcabc");
	secret_register(STR("abcd"));
	expect_mask("abcabcd", "abc***");
}

/* The longer secret wins, whatever the order of registration. */
static void test_nested(void **state)
{
	(void)state;
	secret_register(STR("inner"));
	secret_register(STR("an inner secret"));
	expect_mask("an inner secret, inner", "***, ***");
	secret_forget();
	secret_register(STR("an inner secret"));
	secret_register(STR("inner"));
	expect_mask("an inner secret, inner", "***, ***");
}

static void test_basic(void **state)
{
	(void)state;
	secret_register_basic(STR("robot"), STR("hunter22"));
	expect_mask("Authorization: Basic cm9ib3Q6aHVudGVyMjI=", "Authorization: Basic ***");
	expect_mask("robot hunter22", "robot ***");
}

/* Long secrets anywhere in a text, short ones only when they are all of it. */
static void test_inside(void **state)
{
	(void)state;
	assert_false(secret_inside(STR("open-sesame")));
	secret_register(STR("open-sesame"));
	secret_register(STR("word"));
	assert_true(secret_inside(STR("open-sesame")));
	assert_true(secret_inside(STR("r.io/open-sesame:v1")));
	assert_true(secret_inside(STR("r.io/x:b3Blbi1zZXNhbWU")));
	assert_true(secret_inside(STR("word")));
	assert_false(secret_inside(STR("words")));
	assert_false(secret_inside(STR("a/word")));
	assert_false(secret_inside(STR("open-sesam")));
	assert_false(secret_inside(STR("wor")));
	assert_false(secret_inside((struct str){0}));
	secret_forget();
	assert_false(secret_inside(STR("open-sesame")));
}

static void test_forget(void **state)
{
	(void)state;
	secret_register(STR("password"));
	secret_forget();
	expect_mask("password", "password");
	secret_register(STR("password"));
	expect_mask("password", "***");
}

/* Tokens come and go by the thousands: the newest are masked, and so is the first password. */
static void test_many(void **state)
{
	(void)state;
	secret_register(STR("first password"));
	for (unsigned i = 0; i < 5000; i++) {
		scoped(buf_finish) struct buf token = {0};
		buf_printf(&token, "token-%05u", i);
		secret_register(buf_str(&token));
	}
	expect_mask("first password", "***");
	expect_mask("token-04999 token-04998 token-04000", "*** *** ***");
}

static size_t forms;

static void count_form(struct str form, bool passing)
{
	(void)form;
	forms += !passing;
}

/* A server gets new tokens for years. A password that was added in between stays masked. */
static void test_tokens(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6000; i++) {
		scoped(buf_finish) struct buf token = {0};
		buf_printf(&token, "eyJhbGciOiJSUzI1NiJ9.%05u", i);
		secret_register_token(buf_str(&token));
		if (i == 1000)
			secret_register_basic(STR("user"), STR("a later password"));
		/* One that is given out again and again is as good as new. */
		if (i % 100 == 0)
			secret_register_login(STR("AWS"), STR("the same each time"));
	}
	expect_mask("a later password", "***");
	expect_mask("the same each time", "***");
	expect_mask("eyJhbGciOiJSUzI1NiJ9.05999 eyJhbGciOiJSUzI1NiJ9.05500", "*** ***");
	expect_mask("eyJhbGciOiJSUzI1NiJ9.00000", "eyJhbGciOiJSUzI1NiJ9.00000");
	expect_mask("ey eyJ x", "ey eyJ x");
}

static void test_long_tokens(void **state)
{
	char *token = calloc(1, 100000);
	(void)state;
	assert_non_null(token);
	for (unsigned i = 0; i < 30; i++) {
		memset(token, 'a' + (int)i % 26, 100000);
		secret_register_token((struct str){token, 100000});
	}
	scoped(buf_finish) struct buf out = {0};
	secret_mask((struct str){token, 100000}, &out);
	assert_string_equal(buf_string(&out), "***");
	buf_reset(&out);
	memset(token, 'f', 100000);
	secret_mask((struct str){token, 100000}, &out);
	assert_int_equal(out.len, 100000);
	free(token);
}

/* Files are read again and again: what is known is not added once more. */
static void test_again(void **state)
{
	(void)state;
	secret_watch(count_form);
	for (int i = 0; i < 1000; i++) {
		secret_register_basic(STR("somebody"), STR("said again and again"));
		secret_register_token(STR("given again and again"));
		if (i == 0)
			forms = 0;
	}
	secret_watch(NULL);
	assert_int_equal(forms, 0);
	/* A token that is in the configuration as well is a password. */
	secret_register(STR("given again and again"));
	for (unsigned i = 0; i < 5000; i++) {
		scoped(buf_finish) struct buf token = {0};
		buf_printf(&token, "another-%05u", i);
		secret_register_token(buf_str(&token));
	}
	expect_mask("given again and again", "***");
}

static const struct {
	const char *text;
	size_t limit;
	const char *clean;
} rows[] = {
	{"plain text: 100%", 0, "plain text: 100%"},
	{"", 0, ""},
	{"a\nb\rc\td", 0, "a\\nb\\x0dc\\x09d"},
	{"\x1b[31mred\x7f", 0, "\\x1b[31mred\\x7f"},
	{"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", 0, "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
	/* C1, broken, overlong, surrogate and too large UTF-8 */
	{"\xc2\x9b"
	 "31m",
	 0, "\\xc2\\x9b31m"},
	{"\xc3", 0, "\\xc3"},
	{"\xff\xfe", 0, "\\xff\\xfe"},
	{"\xc0\xaf", 0, "\\xc0\\xaf"},
	{"\xe0\x80\xaf", 0, "\\xe0\\x80\\xaf"},
	{"\xed\xa0\x80", 0, "\\xed\\xa0\\x80"},
	{"\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80"},
	{"\xe2\x82", 0, "\\xe2\\x82"},
	{"\xe2\x82"
	 "a",
	 0,
	 "\\xe2\\x82"
	 "a"},
	/* text that reads otherwise than it is */
	{"a\xe2\x80\xae"
	 "b",
	 0, "a\\u{202e}b"},
	{"a\xe2\x81\xa6"
	 "b\xe2\x80\x8b",
	 0, "a\\u{2066}b\\u{200b}"},
	{"\xef\xbb\xbf", 0, "\\u{feff}"},
	/* commands to a runner: at the start after white space, and the old form anywhere */
	{"::error::x", 0, "\\::error::x"},
	{"  \t::error::x", 0, "\\  \\x09::error::x"},
	{"\xc2\xa0::error::x", 0, "\\\xc2\xa0::error::x"},
	{"\xe3\x80\x80 ::error::x", 0, "\\\xe3\x80\x80 ::error::x"},
	{"a ::error::x", 0, "a ::error::x"},
	{":error", 0, ":error"},
	{"##[error]x", 0, "##\\[error]x"},
	{"a ##[error]x", 0, "a ##\\[error]x"},
	{"###[error]x", 0, "###\\[error]x"},
	{"##[##[", 0, "##\\[##\\["},
	{"## [", 0, "## ["},
	{"a\n::error::x", 0, "a\\n::error::x"},
	/* the limit */
	{"abcdef", 6, "abcdef"},
	{"abcdefg", 6, "abcdef..."},
	{"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 4, "\xe2\x82\xac\xe2\x82\xac..."},
};

static void test_clean(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(buf_finish) struct buf out = {0};
		log_clean(str_of(rows[i].text), rows[i].limit, &out);
		if (strcmp(buf_string(&out), rows[i].clean) != 0)
			fail_msg("row %zu: %s", i, buf_string(&out));
	}
}

static void test_clean_nul(void **state)
{
	scoped(buf_finish) struct buf out = {0};
	(void)state;
	log_clean(STR("a\0b"), 0, &out);
	assert_string_equal(buf_string(&out), "a\\x00b");
}

static void test_clean_masks(void **state)
{
	scoped(buf_finish) struct buf out = {0};
	(void)state;
	secret_register(STR("pass\nword"));
	log_clean(STR("it is pass\nword, cut here"), 14, &out);
	assert_string_equal(buf_string(&out), "it is ***, cut...");
}

/* Whatever the bytes, what comes out is one line of printable UTF-8. */
static void test_clean_anything(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		const char bytes[] = {(char)(i >> 8), (char)(i & 255), 'x'};
		scoped(buf_finish) struct buf out = {0};
		log_clean((struct str){bytes, 3}, 0, &out);
		assert_true(out.len >= 3);
		for (size_t j = 0; j < out.len; j++)
			assert_true((unsigned char)out.at[j] >= 0x20 && out.at[j] != 0x7f);
		assert_int_equal(out.at[out.len - 1], 'x');
	}
}

static void test_log_line(void **state)
{
	char line[256] = "";
	FILE *stream = tmpfile();
	(void)state;
	secret_register(STR("password"));
	log_open(stream, LOG_INFO);
	log_debug("not wanted");
	log_info("say \"%s\"\n", "password");
	log_open(NULL, LOG_INFO);
	rewind(stream);
	assert_non_null(fgets(line, sizeof(line), stream));
	assert_int_equal(strncmp(line, "time=\"", 6), 0);
	assert_string_equal(strstr(line, " level="), " level=info msg=\"say \\\"***\\\"\\n\"\n");
	assert_null(fgets(line, sizeof(line), stream));
	fclose(stream);
}

/* In place, where the kernel shows it to others: the pointer of getenv() is the proof. */
extern char **environ;

static void test_environment(void **state)
{
	(void)state;
	setenv("T_WHOLE", "word-1234", 1);
	setenv("T_PART", "longer-part", 1);
	setenv("T_SHORT", "wor", 1);
	setenv("T_OTHER", "something", 1);
	const char *whole = getenv("T_WHOLE");
	secret_register(STR("word-1234"));
	secret_register(STR("a-longer-part-of-it"));
	secret_environment_leave();
	for (size_t i = 0; i < strlen("word-1234"); i++)
		assert_int_equal(whole[i], 0);
	assert_string_equal(getenv("T_WHOLE"), "");
	assert_string_equal(getenv("T_PART"), "");
	assert_string_equal(getenv("T_SHORT"), "wor");
	assert_string_equal(getenv("T_OTHER"), "something");
}

/* By what they hold and by what they are called. */
static void test_environment_of_a_job(void **state)
{
	static char held[] = "T_URL=https://robot:word-1234@reg.io/";
	static char input[] = "INPUT_IMAGES=a: b";
	static char both[] = "INPUT_DRY-RUN=true";
	static char runtime[] = "ACTIONS_RUNTIME_TOKEN=anything";
	static char shell[] = "PGPASSWORD=anything";
	static char key[] = "deploy_key=anything";
	static char proxy[] = "https_proxy=http://robot:word-1234@proxy:3128";
	static char folder[] = "PWD=/srv/keys";
	static char monkey[] = "MONKEY=banana";
	char *variables[] = {held, input, both, runtime, shell, key, proxy, folder, monkey, NULL};
	char **before = environ;
	(void)state;
	secret_register(STR("word-1234"));
	environ = variables;
	secret_environment_leave();
	assert_string_equal(held, "T_URL=");
	assert_string_equal(input, "INPUT_IMAGES=");
	assert_string_equal(both, "INPUT_DRY-RUN=");
	assert_string_equal(runtime, "ACTIONS_RUNTIME_TOKEN=");
	assert_string_equal(shell, "PGPASSWORD=");
	assert_string_equal(key, "deploy_key=");
	assert_string_equal(folder, "PWD=/srv/keys");
	assert_string_equal(monkey, "MONKEY=banana");
	assert_string_equal(proxy, "https_proxy=");
	for (size_t i = sizeof("https_proxy="); i < sizeof(proxy); i++)
		assert_int_equal(proxy[i], 0);
	environ = before;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_forms, forget),
		cmocka_unit_test_teardown(test_spelt, forget),
		cmocka_unit_test_teardown(test_cut, forget),
		cmocka_unit_test_teardown(test_short, forget),
		cmocka_unit_test_teardown(test_nested, forget),
		cmocka_unit_test_teardown(test_basic, forget),
		cmocka_unit_test_teardown(test_inside, forget),
		cmocka_unit_test_teardown(test_forget, forget),
		cmocka_unit_test_teardown(test_many, forget),
		cmocka_unit_test_teardown(test_tokens, forget),
		cmocka_unit_test_teardown(test_long_tokens, forget),
		cmocka_unit_test_teardown(test_again, forget),
		cmocka_unit_test_teardown(test_environment, forget),
		cmocka_unit_test_teardown(test_environment_of_a_job, forget),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_clean_nul),
		cmocka_unit_test_teardown(test_clean_masks, forget),
		cmocka_unit_test(test_clean_anything),
		cmocka_unit_test_teardown(test_log_line, forget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
