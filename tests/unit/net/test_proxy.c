/* Proxies as they are written, and that no message says what one was. */
#include "base/secret.h"
#include "net/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text, *url, *username, *password;
} good[] = {
	{"http://proxy.test:3128", "http://proxy.test:3128", NULL, NULL},
	{"proxy.test:3128", "http://proxy.test:3128", NULL, NULL},
	{"proxy.test", "http://proxy.test:80", NULL, NULL},
	{"proxy", "http://proxy:80", NULL, NULL},
	{"HTTP://Proxy.Test", "http://Proxy.Test:80", NULL, NULL},
	{"https://proxy.test", "https://proxy.test:443", NULL, NULL},
	{"socks5://proxy.test", "socks5h://proxy.test:1080", NULL, NULL},
	{"socks5h://proxy.test:1", "socks5h://proxy.test:1", NULL, NULL},
	{"http://proxy.test.:3128", "http://proxy.test:3128", NULL, NULL},
	{"http://proxy.test:3128/", "http://proxy.test:3128", NULL, NULL},
	{"http://10.0.0.1:65535", "http://10.0.0.1:65535", NULL, NULL},
	{"http://[fd00::1]:3128", "http://[fd00::1]:3128", NULL, NULL},
	{"http://[::1]", "http://[::1]:80", NULL, NULL},
	{"http://my_proxy-1.test:3128", "http://my_proxy-1.test:3128", NULL, NULL},
	{"http://walker:word@proxy.test:3128", "http://proxy.test:3128", "walker", "word"},
	{"walker:word@proxy.test:3128", "http://proxy.test:3128", "walker", "word"},
	{"http://walker@proxy.test", "http://proxy.test:80", "walker", ""},
	{"http://walker:@proxy.test", "http://proxy.test:80", "walker", ""},
	{"http://:word@proxy.test", "http://proxy.test:80", "", "word"},
	{"http://walker:w:rd@proxy.test", "http://proxy.test:80", "walker", "w:rd"},
	{"http://walker:w@rd@proxy.test", "http://proxy.test:80", "walker", "w@rd"},
	{"http://walker:w%40rd%3A%2f%25@proxy.test", "http://proxy.test:80", "walker", "w@rd:/%"},
	{"http://walker:a%20b@proxy.test", "http://proxy.test:80", "walker", "a b"},
	{"http://w:!$&'()*+,;=~^|\"<>`{}[]@proxy.test", "http://proxy.test:80", "w",
	 "!$&'()*+,;=~^|\"<>`{}[]"},
	{"http://w:\xc3\xa4%C3%A4@[fd00::1]:1", "http://[fd00::1]:1", "w", "\xc3\xa4\xc3\xa4"},
};

static void test_good(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(good); i++) {
		struct proxy proxy;
		struct error err;
		if (!proxy_parse(arena, str_of(good[i].text), &proxy, &err))
			fail_msg("%s: %s", good[i].text, err.text);
		assert_string_equal(proxy.url, good[i].url);
		assert_int_equal(!proxy.username, !good[i].username);
		assert_int_equal(!proxy.password, !good[i].password);
		if (good[i].username) {
			assert_string_equal(proxy.username, good[i].username);
			assert_string_equal(proxy.password, good[i].password);
		}
	}
}

/* With the password in each place where one could think of it. */
#define WORD "Canary7/#?"

static const char *const bad[] = {
	"",
	"http://",
	"http:///",
	"http://u:Canary7@127.0.0.1:1/ ",
	" http://u:Canary7@127.0.0.1:1",
	"http://u:Canary7@127.0.0.1:1\r",
	"http://u:Can ary7@127.0.0.1:1",
	"http://u:Canary7\x01@127.0.0.1:1",
	"http://u:Canary7\x7f@127.0.0.1:1",
	"http://u:Canary7@127.0.0.1:99999",
	"http://u:Canary7@127.0.0.1:0",
	"http://u:Canary7@127.0.0.1:-1",
	"http://u:Canary7@127.0.0.1:",
	"http://u:Canary7@127.0.0.1:Canary7",
	"http://u:Canary7",
	"http://u:Canary7#x@127.0.0.1:1",
	"http://u:Canary7?x@127.0.0.1:1",
	"http://u:Canary7/x@127.0.0.1:1",
	"http://u:Canary7\\x@127.0.0.1:1",
	"http://u:x@127.0.0.1:1/Canary7",
	"http://u:x@127.0.0.1:1?Canary7",
	"http://u:x@127.0.0.1:1#Canary7",
	"http://u:Canary7@",
	"http://u:Canary7@/",
	"http://u:Canary7@:3128",
	"http://u:Canary7@.",
	"http://u:Canary7@.test",
	"http://u:Canary7@a..test",
	"http://u:Canary7@pro%78y",
	"http://u:Canary7@pr\xc3\xb6xy",
	"http://u:Canary7@::1:3128",
	"http://u:Canary7@[::1",
	"http://u:Canary7@::1]:3128",
	"http://u:Canary7@[::1]x:3128",
	"http://u:Canary7@[fe80::1%25eth0]:3128",
	"http://u:Canary7@[Canary7]:3128",
	"http://u:Canary7%@127.0.0.1:1",
	"http://u:Canary7%4@127.0.0.1:1",
	"http://u:Canary7%zz@127.0.0.1:1",
	"http://u:Canary7%00@127.0.0.1:1",
	"http://u:Canary7%0a@127.0.0.1:1",
	"http://Canary7%7F:x@127.0.0.1:1",
	"https://u:Canary7@127.0.0.1:3129",
	"HTTPS://u:Canary7@[::1]:3129",
	"ftp://u:Canary7@127.0.0.1:1",
	"socks4://u:Canary7@127.0.0.1:1",
	"Canary7://127.0.0.1:1",
	"://u:Canary7@127.0.0.1:1",
	"http:/u:Canary7@127.0.0.1:1",
	"http:\\\\u:Canary7@127.0.0.1:1",
	"file:///Canary7",
};

static void test_bad(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(bad); i++) {
		struct proxy proxy;
		struct error err;
		if (proxy_parse(arena, str_of(bad[i]), &proxy, &err))
			fail_msg("%s: read as %s", bad[i], proxy.url);
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (strstr(err.text, "Canary") || strstr(err.text, "127.0.0"))
			fail_msg("%s: %s", bad[i], err.text);
	}
}

/* Whatever is wrong with it, the password is known as a secret. */
static void test_hidden(void **state)
{
	static const char *const hidden[] = {
		"http://u:" WORD "@h:1", "http://u:" WORD "@h:99999/ ",
		"u:" WORD "@h",          "ftp://u:" WORD "@",
		"http://u:" WORD "@x@h", /* with more than the word */
		"u:" WORD "://x@h",      "://u:" WORD "@h",
		"ht tp://u:" WORD "@h",  "http://token-0123456789-abcdefgh@h",
	};
	(void)state;
	for (size_t i = 0; i < array_count(hidden); i++) {
		scoped(buf_finish) struct buf masked = {0};
		secret_register_userinfo(str_of(hidden[i]));
		secret_mask(str_of(hidden[i]), &masked);
		if (strstr(buf_string(&masked), "Canary") || strstr(buf_string(&masked), "token"))
			fail_msg("%s: %s", hidden[i], buf_string(&masked));
		secret_forget();
	}
}

static void test_choice(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct proxy http = {.url = "http://a:1"}, https = {.url = "http://b:1"};
	struct proxies proxies = {.http = &http, .https = &https};
	struct url url;
	struct error err;
	(void)state;
	assert_true(no_proxy_parse(arena, STR("direct.test,port.test:8443"), &proxies.except));
	static const struct {
		const char *url;
		int proxy; /* 0: none, 1: http, 2: https */
	} rows[] = {
		{"https://reg.test/", 2},       {"http://reg.test/", 1},
		{"https://direct.test/", 0},    {"http://a.direct.test:5000/", 0},
		{"https://port.test/", 2},      {"https://port.test:8443/", 0},
		{"https://127.0.0.1:5000/", 0}, {"http://localhost:5000/", 0},
		{"https://[::1]:5000/", 0},
	};
	for (size_t i = 0; i < array_count(rows); i++) {
		assert_true(url_parse(arena, rows[i].url, &url, &err));
		const struct proxy *wanted = rows[i].proxy == 2   ? &https
					     : rows[i].proxy == 1 ? &http
								  : NULL;
		if (proxy_for(&proxies, &url) != wanted)
			fail_msg("%s", rows[i].url);
	}
	proxies.https = NULL;
	assert_true(url_parse(arena, "https://reg.test/", &url, &err));
	assert_null(proxy_for(&proxies, &url));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_choice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
