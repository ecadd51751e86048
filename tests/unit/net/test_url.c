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
	{"https://r.example.com/", "https://r.example.com./x", URL_WITH_AUTH, URL_WITH_AUTH,
	 URL_WITH_AUTH, URL_WITH_AUTH},
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
	{"https://r.example.com/", "https://gitlab.example.com:8443/x", URL_DENY, URL_DENY,
	 URL_ANONYMOUS, URL_WITH_AUTH},
	{"https://r.example.com/", "https://www.example.com/x", URL_DENY, URL_DENY, URL_ANONYMOUS,
	 URL_ANONYMOUS},
	{"https://victim.azurecr.io/", "https://auth.azurecr.io/x", URL_DENY, URL_DENY,
	 URL_ANONYMOUS, URL_ANONYMOUS},
	{"https://a.co.uk/", "https://auth.co.uk/x", URL_DENY, URL_DENY, URL_ANONYMOUS,
	 URL_ANONYMOUS},
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
	/* one final dot is another way to write the same host */
	{"https://r.test/", "https://CDN.test./x?y=1.", "https://cdn.test/x?y=1.", "cdn.test",
	 "443"},
	{"https://r.test/", "//localhost.:5000/x", "https://localhost:5000/x", "localhost", "5000"},
	{"https://r.test/", "https://localhost%2e/x", "https://localhost/x", "localhost", "443"},
	/* an address has one way to be written */
	{"https://r.test/", "http://127.0.0.1./", "http://127.0.0.1/", "127.0.0.1", "80"},
	{"https://r.test/", "http://0x7f.1/", "http://127.0.0.1/", "127.0.0.1", "80"},
	{"https://r.test/", "http://0177.0.0.1/", "http://127.0.0.1/", "127.0.0.1", "80"},
	{"https://r.test/", "http://2130706433/", "http://127.0.0.1/", "127.0.0.1", "80"},
	{"https://r.test/", "http://127.1/", "http://127.0.0.1/", "127.0.0.1", "80"},
	{"https://r.test/", "http://2130706433./", "http://127.0.0.1/", "127.0.0.1", "80"},
	{"https://r.test/", "http://0x7f000001./", "http://127.0.0.1/", "127.0.0.1", "80"},
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
		"http://2%2e0", /* the address 2.0.0.0 when it is read again */
		"http://2%2e0?x=%3D",
		"https:/4%333333333", /* a number, likewise */
		"https://localhost../",
		"https://a..b/",
		"https://.a/",
		"https://./",
		"https://1.2.3.4.5/", /* the end of a number makes it an address to some */
		"https://127.0.0.09/",
		"https://a.0x7f/",
		"https://256.1.1.1/",
		"https://b\xc3\xbc"
		"cher.test/", /* beyond ASCII: another name to some */
		"https://\xef\xbd\x8c"
		"ocalhost/",
		"https://127\xe3\x80\x82"
		"0.0.1/",
		"https://a%00b/",
		"https://a%2fb/",
		"https://a~b/",
		"https://a;b/",
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

/* Paths with and without anything for a parser: it makes no difference. */
static void test_at(void **state)
{
	static const char *const origins[] = {"https://r.test/", "http://localhost:5000/",
					      "http://[::1]:5000/", "https://R.test.:443/"};
	static const char *const paths[] = {
		"/v2/",
		"/v2/a/b_c/manifests/v1.0-rc.1",
		"/v2/a/manifests/sha256:0123",
		"/v2/a/tags/list?n=1000",
		"/v2/a/tags/list?n=1000&last=v1.0",
		"/v2/a/blobs/uploads/?mount=sha256:01&from=b/c",
		"/v2/../x",
		"/v2/./x",
		"/v2/a/..",
		"/.hidden",
		"/v2/a//b",
		"//other.test/v2/",
		"///v2/",
		"/",
		"/v2/a%2Fb",
		"/v2/a%2e%2e/b",
		"/v2/a?x=%3D",
		"/v2/a?x=a+b",
		"/v2/a?x=../y",
		"/v2/a?b?c",
		"/v2/a=b&c:d",
		"/v2/~a",
		"/v2/a@b",
		"/v2/a:80",
		"v2/",
		"?n=1",
		"",
		"https://other.test/",
	};
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err;
	(void)state;
	for (size_t i = 0; i < array_count(origins) * array_count(paths); i++) {
		const char *path = paths[i / array_count(origins)];
		struct url origin, wanted, url;
		assert_true(url_parse(arena, origins[i % array_count(origins)], &origin, &err));
		assert_true(url_resolve(arena, &origin, path, &wanted, &err));
		assert_true(url_at(arena, &origin, path, &url, &err));
		assert_string_equal(url.text, wanted.text);
		assert_string_equal(url.scheme, wanted.scheme);
		assert_string_equal(url.host, wanted.host);
		assert_string_equal(url.port, wanted.port);
	}
}

/* Below a path of its own a server has no paths of ours; what is asked for is what is refused. */
static void test_at_refused(void **state)
{
	static const char *const paths[] = {"/v2/a#b", "/v2/a b", "/v2/a\\b", "/v2/a\n",
					    "//u@other.test/"};
	scoped(arena_free) struct arena *arena = arena_new();
	struct url origin, url, below;
	struct error err;
	(void)state;
	assert_true(url_parse(arena, "https://r.test/", &origin, &err));
	for (size_t i = 0; i < array_count(paths); i++) {
		assert_false(url_at(arena, &origin, paths[i], &url, &err));
		assert_int_equal(err.kind, ERROR_REFUSED);
	}
	assert_true(url_parse(arena, "https://r.test/below?x=1", &below, &err));
	assert_true(url_at(arena, &below, "/v2/", &url, &err));
	assert_string_equal(url.text, "https://r.test/v2/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),   cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_refused),    cmocka_unit_test(test_at),
		cmocka_unit_test(test_at_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
