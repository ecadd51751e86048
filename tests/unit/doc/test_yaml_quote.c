/* What is written as a YAML scalar is read back as the same text, as a key and as a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "doc/yaml.h"
#include "doc/yaml_quote.h"

static void quote_is(const char *text, const char *wanted)
{
	scoped(buf_finish) struct buf out = {0};
	yaml_quote(str_of(text), &out);
	assert_string_equal(buf_string(&out), wanted);
}

static void comes_back(struct str text)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf out = {0};
	const struct node *document = NULL;
	struct error error = {0};
	yaml_quote(text, &out);
	buf_add_string(&out, ":\n  - ");
	yaml_quote(text, &out);
	buf_add_char(&out, '\n');
	assert_true(buf_ok(&out));
	if (!yaml_read(arena, buf_str(&out), &document, &error)) {
		print_error("%s: %s", error.text, buf_string(&out));
		fail();
	}
	assert_int_equal(document->count, 1);
	assert_true(str_equal(document->keys[0]->text, text));
	assert_int_equal(document->items[0]->items[0]->kind, NODE_STRING);
	assert_true(str_equal(document->items[0]->items[0]->text, text));
}

static void test_names_stay_plain(void **state)
{
	(void)state;
	quote_is("reg.io:5000/a_b/c-d:v1.0", "reg.io:5000/a_b/c-d:v1.0");
	quote_is("reg.io/a@sha256:00ff", "reg.io/a@sha256:00ff");
}

static void test_what_could_be_misread_is_quoted(void **state)
{
	static const char *const texts[] = {
		"",      "true", "1.0",        "2020-01-01", "a",       "<<",     "~",
		"a/b:",  "a/b ", " a/b",       "-a/b",       "/a/b/",   "@a/b",   "[::1]/a",
		"a/b,c", "a #b", "a/b: c",     "*a/b",       "a/\"b\"", "a/'b'",  "a/\\d",
		"a\nb",  "a\tb", "? a/b",      "{a/b}",      "%a/b",    "a/b|c&", "!a/b",
		"a/$$b", "---",  "a/\xc3\xa9",
	};
	(void)state;
	for (size_t i = 0; i < array_count(texts); i++) {
		scoped(buf_finish) struct buf out = {0};
		yaml_quote(str_of(texts[i]), &out);
		assert_int_equal(out.at[0], '"');
		comes_back(str_of(texts[i]));
	}
}

static void test_every_character_comes_back(void **state)
{
	static const char *const wide[] = {
		"\xc2\x80",
		"\xc2\x85",
		"\xc2\xa0",
		"\xc3\xbf",
		"\xe2\x80\xa8",
		"\xe2\x80\xa9",
		"\xef\xbb\xbf",
		"\xef\xbf\xbe",
		"\xe4\xb8\xad",
		"\xef\xbf\xbd",
		"\xf0\x9f\x98\x80",
		"\xf4\x8f\xbf\xbf",
		"x\xe4\xb8\xad\xc2\x85y",
	};
	(void)state;
	for (int byte = 1; byte < 0x80; byte++) {
		char text[] = {'a', '/', (char)byte, 'b', (char)byte, 0};
		comes_back(str_of(text));
		comes_back(str_of(text + 4));
	}
	for (size_t i = 0; i < array_count(wide); i++)
		comes_back(str_of(wide[i]));
}

static void test_broken_text_is_replaced(void **state)
{
	(void)state;
	quote_is("a\xff"
		 "b\xc3",
		 "\"a\\uFFFDb\\uFFFD\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_stay_plain),
		cmocka_unit_test(test_what_could_be_misread_is_quoted),
		cmocka_unit_test(test_every_character_comes_back),
		cmocka_unit_test(test_broken_text_is_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
