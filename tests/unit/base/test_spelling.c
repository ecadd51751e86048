/* Passwords as servers repeat them. */
#include "base/buf.h"
#include "base/spelling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *plain, const char *text)
{
	if (!text)
		fail_msg("no text for %s", plain);
	size_t len = 0;
	scoped(buf_finish) struct buf longer = {0};
	if (spelling_compare(str_of(plain), str_of(text), &len) != SPELLING_WHOLE)
		fail_msg("%s is not found in %s", plain, text);
	assert_int_equal(len, strlen(text));
	buf_printf(&longer, "%s, and more", text);
	if (spelling_compare(str_of(plain), buf_str(&longer), &len) != SPELLING_WHOLE)
		fail_msg("%s is not found in %s", plain, buf_string(&longer));
	assert_int_equal(len, strlen(text));
}

static const struct {
	const char *plain, *text;
} spelt[] = {
	{"plain", "plain"},
	/* HTML and XML */
	{"a&b<c>d\"e'f", "a&amp;b&lt;c&gt;d&quot;e&#39;f"},
	{"a&b<c>d\"e'f", "a&#38;b&#60;c&#62;d&#34;e&apos;f"},
	{"a&b<c>d\"e'f", "a&#038;b&#0060;c&#00062;d&#034;e&#039;f"},
	{"a&b<c>d\"e'f", "a&#x26;b&#x3c;c&#x3E;d&#X22;e&#x0027;f"},
	{"a&b<c", "a&AMP;b&LTc"},
	{"a&b", "a&ampb"},
	{"a&b", "a&#38b"},
	{"a&b", "a&#x26;b"},
	{"p@ss/w=rd+1", "p&commat;ss&sol;w&equals;rd&plus;1"},
	{"p\xc3\xa4ss\xc3\x9f", "p&auml;ss&szlig;"},
	{"p\xc3\xa4ss\xc3\x9f", "p&#228;ss&#xdf;"},
	{"\xe2\x82\xac"
	 "5",
	 "&#8364;5"},
	{"\xf0\x9f\x98\x80", "&#128512;"},
	/* JSON, JavaScript, Go, C, shells */
	{"a&b<c>d", "a\\u0026b\\u003cc\\u003Ed"},
	{"a\"b\\c/d", "a\\\"b\\\\c\\/d"},
	{"a\"b\\c/d", "a\\u0022b\\u005Cc\\u002fd"},
	{"line\nline\ttab", "line\\nline\\ttab"},
	{"p\xc3\xa4ss", "p\\u00e4ss"},
	{"p\xc3\xa4ss", "p\\xc3\\xa4ss"},
	{"p\xc3\xa4ss", "p\\303\\244ss"},
	{"\xf0\x9f\x98\x80", "\\ud83d\\ude00"},
	{"a&b", "a\\u{26}b"},
	{"a&b", "a\\x26b"},
	{"a&b", "a\\046b"},
	{"a&b", "a\\U00000026b"},
	{"a'b$c", "a\\'b\\$c"},
	/* URLs and forms */
	{"p@ss/w&rd", "p%40ss%2Fw%26rd"},
	{"p@ss/w&rd", "p%40ss%2fw%26rd"},
	{"p@ss/w&rd", "p%40ss/w&rd"},
	{"two words", "two+words"},
	{"two words", "two%20words"},
	{"a+b", "a%2Bb"},
	{"a+b", "a+b"},
	{"p\xc3\xa4ss", "p%C3%A4ss"},
	{"p\xc3\xa4ss", "p%u00e4ss"},
	{"all", "%61%6c%6C"},
	/* twice and three times */
	{"a&b", "a%2526b"},
	{"a&b", "a&amp;amp;b"},
	{"a&b", "a&amp;#38;b"},
	{"a&b", "a%26amp%3Bb"},
	{"a&b", "a\\\\u0026b"},
	{"a\"b", "a\\\\\\\"b"},
	{"a&b", "a\\u0026amp;b"},
	{"a&b", "a%252526b"},
	{"a&b", "a%25%32%36b"},
	{"two words", "two%2Bwords"},
	/* what looks like an escape and is none */
	{"100%sure", "100%sure"},
	{"a%26b", "a%26b"},
	{"a%26b", "a%2526b"},
	{"a&amp;b", "a&amp;b"},
	{"a&amp;b", "a&amp;amp;b"},
	{"C:\\new\\table", "C:\\new\\table"},
	{"C:\\new\\table", "C:\\\\new\\\\table"},
	{"\\\\\\\\", "\\\\\\\\"},
	{"%%%%", "%%%%"},
	{"%%%%", "%25%25%25%25"},
	{"&&&&", "&&&&"},
	{"&&&&", "&amp;&amp;&&amp;"},
};

static void test_spelt(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(spelt); i++)
		check(spelt[i].plain, spelt[i].text);
}

static void test_other(void **state)
{
	static const char *const others[][2] = {
		{"abcd", "abce"},        {"abcd", "bcd"},     {"a&b", "a&lt;b"},
		{"a&b", "a%27b"},        {"a b", "a-b"},      {"a&b", "a&b&"},
		{"a&b", "a&#x110026;b"}, {"a&b", "a\\u002b"}, {"abcd", "ABCD"},
	};
	size_t len;
	(void)state;
	for (size_t i = 0; i < array_count(others); i++) {
		enum spelling found =
			spelling_compare(str_of(others[i][0]), str_of(others[i][1]), &len);
		if (found == SPELLING_WHOLE && len == strlen(others[i][1]))
			fail_msg("%s is found in %s", others[i][0], others[i][1]);
	}
}

/* A beginning of any length is known as one, and a single byte is enough. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(spelt); i++) {
		struct str plain = str_of(spelt[i].plain), text = str_of(spelt[i].text);
		if (strchr("%&\\", spelt[i].plain[0]))
			continue;
		for (size_t len = 0; len < text.len; len++) {
			size_t whole;
			struct str head = str_head(text, text.len - 1 - len);
			enum spelling found = spelling_compare(plain, head, &whole);
			size_t first;
			bool begun = spelling_compare(str_head(plain, 1), head, &first) ==
				     SPELLING_WHOLE;
			if (begun && found == SPELLING_NONE)
				fail_msg("%s cut to %.*s", spelt[i].text, STR_ARGS(head));
		}
	}
}

/* Every character in every way, next to each other. */
static void test_mixed(void **state)
{
	static const char *const ways[] = {"%c",     "%%%02x",   "%%%02X",    "&#%d;",
					   "&#x%x;", "&#%04d;",  "\\u%04x",   "\\x%02X",
					   "\\%03o", "%%25%02x", "&amp;#%d;", "\\\\u%04X"};
	static const char letters[] = "aZ0 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
	(void)state;
	unsigned seed = 1;
	for (int round = 0; round < 3000; round++) {
		scoped(buf_finish) struct buf plain = {0}, text = {0};
		size_t len = 4 + (unsigned)round % 12;
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			char c = letters[(seed >> 16) % (sizeof(letters) - 1)];
			seed = seed * 1103515245 + 12345;
			/* A letter as it is may turn what is before it into another escape. */
			size_t way = (seed >> 16) % array_count(ways);
			char one[32];
			_Pragma("GCC diagnostic push")
				_Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
					snprintf(one, sizeof(one), ways[way], c);
			_Pragma("GCC diagnostic pop") buf_add_char(&plain, c);
			buf_add_string(&text, one);
		}
		size_t found = 0;
		if (spelling_compare(buf_str(&plain), buf_str(&text), &found) != SPELLING_WHOLE)
			fail_msg("%s in %s", buf_string(&plain), buf_string(&text));
		assert_true(found == text.len || found == text.len - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spelt),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_mixed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
