/* The password within a proxy's URL, which must be known as a secret. */
#include "net/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_password(void **state)
{
	static const struct {
		const char *text, *password;
	} rows[] = {
		{"http://walker:word@proxy.test:3128", "word"},
		{"https://walker:word@proxy.test", "word"},
		{"socks5h://walker:word@proxy.test:1080", "word"},
		{"walker:word@proxy.test:3128", "word"},
		{"http://walker:w%40rd%3A@proxy.test:3128/", "w@rd:"},
		{"http://walker@proxy.test:3128", NULL},
		{"http://proxy.test:3128", NULL},
		{"proxy.test", NULL},
		{"", NULL},
		{"http://", NULL},
	};
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		const char *password = url_password(arena, rows[i].text);
		bool same = rows[i].password ? password && !strcmp(password, rows[i].password)
					     : !password;
		if (!same)
			fail_msg("row %zu: %s gives %s", i, rows[i].text,
				 password ? password : "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_password)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
