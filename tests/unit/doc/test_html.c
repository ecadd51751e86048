/* Pages where JSON was wanted: recognised, and reduced to what people can read. */
#include "doc/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *type, *body;
	bool page;
	const char *title, *text;
} rows[] = {
	{"text/html; charset=utf-8", "", true, "", ""},
	{"application/xhtml+xml", "x", true, "", "x"},
	{"TEXT/HTML", "{}", true, "", "{}"},
	{"",
	 "<html><head><TITLE lang=en> Sign\n in </TITLE></head><body>Log&nbsp;in<br>here</body>",
	 true, "Sign in", "Sign in Log in here"},
	{"", "\xef\xbb\xbf\r\n <!DOCTYPE HTML>\n<p>a&lt;b &amp; c&copy;</p>", true, "",
	 "\xef\xbb\xbf a<b & c&copy;"},
	{"application/json", "<!-- x --><html>a<script>if (a<b) f('</p>')</script>b", true, "",
	 "a b"},
	{"", "<html><style>p > a {}</style><title>502 Bad Gateway</title>", true, "502 Bad Gateway",
	 "502 Bad Gateway"},
	{"", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", false, "",
	 "AccessDenied"},
	{"text/plain", "not <html>", false, "", "not"},
	{"application/json", "{\"a\":\"<html>\"}", false, "", "{\"a\":\" \"}"},
	{"", "<html><title>open", true, "open", "open"},
	{"", "<html><title", true, "", ""},
	{"", "<html><script>never closed", true, "", ""},
	{"", "<html", true, "", ""},
	{"", "", false, "", ""},
	{"", "&", false, "", "&"},
	{"", "&amp", false, "", "&amp"},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(buf_finish) struct buf title = {0};
		scoped(buf_finish) struct buf text = {0};
		size_t len = strlen(rows[i].body);
		/* The copy ends where its memory does. */
		char *body = malloc(len ? len : 1);
		assert_non_null(body);
		memcpy(body, rows[i].body, len);
		bool page = html_is_page(str_of(rows[i].type), (struct str){body, len});
		html_title((struct str){body, len}, &title);
		html_text((struct str){body, len}, &text);
		free(body);
		if (page != rows[i].page || strcmp(buf_string(&title), rows[i].title) != 0 ||
		    strcmp(buf_string(&text), rows[i].text) != 0)
			fail_msg("row %zu: %d, title \"%s\", text \"%s\"", i, page,
				 buf_string(&title), buf_string(&text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
