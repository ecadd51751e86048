/* Who may receive a request, and with credentials; and how what a server names becomes a URL. */
#include "net/url.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *registry, *url;
	enum url_verdict api, upload, redirect, token;
} verdicts[] = {
	/* the registry itself */
	{"https://r.example.com/", "https://r.example.com/v2/a/blobs/uploads/1", URL_WITH_AUTH,
	 URL_WITH_AUTH, URL_WITH_AUTH, URL_WITH_AUTH},
	{"https://r.example.com/", "https://R.Example.com:443/x", URL_WITH_AUTH, URL_WITH_AUTH,
	 URL_WITH_AUTH, URL_WITH_AUTH},
	{"http://r.example.com/", "http://r.example.com:80/x", URL_WITH_AUTH, URL_WITH_AUTH,
	 URL_WITH_AUTH, URL_WITH_AUTH},
	/* another port, another scheme */
	{"https://r.example.com/", "https://r.example.com:8443/x", URL_DENY, URL_DENY,
	 URL_ANONYMOUS, URL_WITH_AUTH},
	{"https://r.example.com/", "http://r.example.com/x", URL_DENY, URL_DENY, URL_DENY,
	 URL_DENY},
	{"http://r.example.com/", "https://r.example.com/x", URL_DENY, URL_DENY, URL_ANONYMOUS,
	 URL_WITH_AUTH},
	{"https://r.example.com/", "http://cdn.test/x", URL_DENY, URL_DENY, URL_DENY, URL_DENY},
	/* another host: a sibling, the parent, a stranger, one that only looks alike */
	{"https://r.example.com/", "https://auth.example.com/x", URL_DENY, URL_DENY, URL_ANONYMOUS,
	 URL_WITH_AUTH},
	{"https://r.example.com/", "https://example.com/x", URL_DENY, URL_DENY, URL_ANONYMOUS,
	 URL_WITH_AUTH},
	{"https://r.example.com/", "https://cdn.test/x", URL_DENY, URL_DENY, URL_ANONYMOUS,
	 URL_ANONYMOUS},
	{"https://example.com/", "https://auth.com/x", URL_DENY, URL_DENY, URL_ANONYMOUS,
	 URL_ANONYMOUS},
	{"https://r.example.com/", "https://r.example.com.test/x", URL_DENY, URL_DENY,
	 URL_ANONYMOUS, URL_ANONYMOUS},
	{"https://10.0.0.1/", "https://11.0.0.1/x", URL_DENY, URL_DENY, URL_ANONYMOUS,
	 URL_ANONYMOUS},
	{"http://127.0.0.1:5000/", "http://127.0.0.1:5001/x", URL_DENY, URL_DENY, URL_ANONYMOUS,
	 URL_WITH_AUTH},
};

static void test_verdicts(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(verdicts); i++) {
		struct url registry;
		struct url url;
		struct error err;
		assert_true(url_parse(arena, verdicts[i].registry, &registry, &err));
		assert_true(url_parse(arena, verdicts[i].url, &url, &err));
		if (url_may_send(&registry, &url, URL_API) != verdicts[i].api)
			fail_msg("api: %s", verdicts[i].url);
		if (url_may_send(&registry, &url, URL_UPLOAD) != verdicts[i].upload)
			fail_msg("upload: %s", verdicts[i].url);
		if (url_may_send(&registry, &url, URL_REDIRECT) != verdicts[i].redirect)
			fail_msg("redirect: %s", verdicts[i].url);
		if (url_may_send(&registry, &url, URL_TOKEN) != verdicts[i].token)
			fail_msg("token: %s", verdicts[i].url);
	}
}

static const struct {
	const char *base, *text, *whole, *host, *port;
} resolved[] = {
	{"https://r.test/v2/a/blobs/uploads/", "/v2/a/blobs/uploads/1?s=2",
	 "https://r.test/v2/a/blobs/uploads/1?s=2", "r.test", "443"},
	{"https://r.test/v2/a/blobs/uploads/", "1?s=a%2Fb",
	 "https://r.test/v2/a/blobs/uploads/1?s=a%2Fb", "r.test", "443"},
	{"https://r.test/v2/a/tags/list?n=1", "?n=2", "https://r.test/v2/a/tags/list?n=2", "r.test",
	 "443"},
	{"https://r.test/v2/a/b", "../c", "https://r.test/v2/c", "r.test", "443"},
	{"https://r.test/v2/", "//other.test/x", "https://other.test/x", "other.test", "443"},
	{"https://r.test/v2/", "http://Other.TEST:81/x", "http://other.test:81/x", "other.test",
	 "81"},
	{"http://[::1]:5000/", "/v2/", "http://[::1]:5000/v2/", "[::1]", "5000"},
};

static void test_resolve(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(resolved); i++) {
		struct url base;
		struct url url;
		struct error err;
		assert_true(url_parse(arena, resolved[i].base, &base, &err));
		if (!url_resolve(arena, &base, resolved[i].text, &url, &err))
			fail_msg("%s: %s", resolved[i].text, err.text);
		assert_string_equal(url.host, resolved[i].host);
		assert_string_equal(url.port, resolved[i].port);
		if (!str_equal_nocase(str_of(url.text), str_of(resolved[i].whole)))
			fail_msg("%s: %s", resolved[i].text, url.text);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"ftp://r.test/x",
		"file:///etc/passwd",
		"https://user@r.test/",
		"https://u:p@r.test/",
		"https://r.test/#part",
		"https://r.test/a b",
		"https://r.test\\@x/",
		"https://r.test/\r\nX:1",
		"https://r.test/\x7f",
		"https://r.test:x/",
		"https://",
		"//u@other.test/",
		"https://r.test:99999",
		"http://2%2e0",       /* the address 2.0.0.0 when it is read again */
		"https:/4%333333333", /* a number, likewise */
	};
	scoped(arena_free) struct arena *arena = arena_new();
	struct url base;
	struct error err;
	(void)state;
	assert_true(url_parse(arena, "https://r.test/v2/", &base, &err));
	for (size_t i = 0; i < array_count(texts); i++) {
		struct url url;
		if (url_resolve(arena, &base, texts[i], &url, &err))
			fail_msg("%s: %s", texts[i], url.text);
		assert_int_equal(err.kind, ERROR_REFUSED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
