/* What an answer that is no success becomes: its kind decides about another try. */
#include "registry/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ERRORS(code, message) "{\"errors\":[{\"code\":\"" code "\",\"message\":\"" message "\"}]}"

struct row {
	int status;
	const char *headers, *body;
	enum error_kind kind;
	const char *text;
	int retry_after;
};

static const struct row rows[] = {
	{401, "", "", ERROR_DENIED, "HTTP 401", -1},
	{403, "", ERRORS("DENIED", "closed to you"), ERROR_DENIED, "HTTP 403 DENIED: closed to you",
	 -1},
	{404, "", ERRORS("NAME_UNKNOWN", ""), ERROR_MISSING, "HTTP 404 NAME_UNKNOWN", -1},
	{400, "", "", ERROR_REJECTED, "HTTP 400", -1},
	{413, "", "", ERROR_REJECTED, "HTTP 413", -1},
	{415, "", "", ERROR_REJECTED, "HTTP 415", -1},
	{405, "", "", ERROR_UNSUPPORTED, "HTTP 405", -1},
	{501, "", "", ERROR_UNSUPPORTED, "HTTP 501", -1},
	/* what passes */
	{408, "", "", ERROR_UNAVAILABLE, "HTTP 408", -1},
	{499, "", "", ERROR_UNAVAILABLE, "HTTP 499", -1},
	{500, "", "", ERROR_UNAVAILABLE, "HTTP 500", -1},
	{502, "", "<html><h1>Bad</h1>\n<p>Gateway</p></html>", ERROR_UNAVAILABLE,
	 "HTTP 502 Bad Gateway", -1},
	{504, "", "", ERROR_UNAVAILABLE, "HTTP 504", -1},
	{522, "", "", ERROR_UNAVAILABLE, "HTTP 522", -1},
	{500, "Content-Type: text/html\n",
	 "<html><title>Oops &amp; sorry</title><style>a{}</style><body>x</body></html>",
	 ERROR_UNAVAILABLE, "HTTP 500 (page \"Oops & sorry\")", -1},
	{425, "", "", ERROR_UNAVAILABLE, "HTTP 425", -1},
	/* what does not */
	{407, "", "", ERROR_CONFIG, "HTTP 407", -1},
	{451, "", "", ERROR_REJECTED, "HTTP 451", -1},
	{431, "", "", ERROR_REJECTED, "HTTP 431", -1},
	{505, "", "", ERROR_UNSUPPORTED, "HTTP 505", -1},
	{508, "", "", ERROR_UNSUPPORTED, "HTTP 508", -1},
	{511, "", "", ERROR_UNSUPPORTED, "HTTP 511", -1},
	{526, "", "", ERROR_UNSUPPORTED, "HTTP 526", -1},
	/* redirects that are not followed */
	{301, "Location: https://reg.test/v2/?signature=x\n", "", ERROR_REJECTED,
	 "HTTP 301 to https://reg.test/v2/", -1},
	{307, "Location: /elsewhere\nContent-Type: text/html\n",
	 "<html><title>Moved</title></html>", ERROR_REJECTED,
	 "HTTP 307 (page \"Moved\") to /elsewhere", -1},
	{302, "", "", ERROR_REJECTED, "HTTP 302", -1},
	/* limits of requests, see test_rate_limit.c */
	{503, "Retry-After: 7\n", "", ERROR_LIMITED, "HTTP 503", 7},
	{403, "Retry-After: 1.16ms\n", ERRORS("DENIED", "secondary rate limit"), ERROR_LIMITED,
	 "HTTP 403 DENIED: secondary rate limit", 1},
	{403, "", ERRORS("DENIED", "quota of requests per minute exceeded"), ERROR_LIMITED,
	 "HTTP 403 DENIED: quota of requests per minute exceeded", -1},
	{403, "", ERRORS("DENIED", "quota exceeded"), ERROR_FULL, "HTTP 403 DENIED: quota exceeded",
	 -1},
	{429, "Retry-After: 2\n", "", ERROR_LIMITED, "HTTP 429", 2},
	{400, "", ERRORS("TOOMANYREQUESTS", "slowly"), ERROR_LIMITED,
	 "HTTP 400 TOOMANYREQUESTS: slowly", -1},
	{429, "Retry-After: -1 soon\n", "", ERROR_LIMITED, "HTTP 429", -1},
	/* relative to the server's own clock, which may be wrong by years */
	{429, "Date: Sun, 06 Nov 1994 08:49:37 GMT\nRetry-After: Sun, 06 Nov 1994 08:49:42 GMT\n",
	 "", ERROR_LIMITED, "HTTP 429", 5},
	/* immutable tags and quotas, as registries tell them */
	{412, "", ERRORS("PRECONDITION", "the tag is immutable"), ERROR_IMMUTABLE,
	 "HTTP 412 PRECONDITION: the tag is immutable", -1},
	{412, "", ERRORS("PRECONDITION", "exceeds the quota"), ERROR_FULL,
	 "HTTP 412 PRECONDITION: exceeds the quota", -1},
	{403, "", ERRORS("DENIED", "adding 9 MiB will exceed the configured upper limit of 5 MiB"),
	 ERROR_FULL,
	 "HTTP 403 DENIED: adding 9 MiB will exceed the configured upper limit of 5 MiB", -1},
	{403, "", ERRORS("DENIED", "access to team/quota-tool denied"), ERROR_DENIED,
	 "HTTP 403 DENIED: access to team/quota-tool denied", -1},
	{404, "", ERRORS("NAME_UNKNOWN", "no such quota"), ERROR_MISSING,
	 "HTTP 404 NAME_UNKNOWN: no such quota", -1},
	{400, "", ERRORS("X", "pre-quota of quotas and Quota: none"), ERROR_FULL,
	 "HTTP 400 X: pre-quota of quotas and Quota: none", -1},
	/* what Google calls a quota comes back within a minute */
	{429, "", ERRORS("TOOMANYREQUESTS", "Quota exceeded for quota metric 'x'"), ERROR_LIMITED,
	 "HTTP 429 TOOMANYREQUESTS: Quota exceeded for quota metric 'x'", -1},
	{429, "", ERRORS("X", "over quota"), ERROR_LIMITED, "HTTP 429 X: over quota", -1},
	{403, "", ERRORS("TOOMANYREQUESTS", "over quota"), ERROR_LIMITED,
	 "HTTP 403 TOOMANYREQUESTS: over quota", -1},
	{400, "", ERRORS("TAG_INVALID", "x"), ERROR_IMMUTABLE, "HTTP 400 TAG_INVALID: x", -1},
	{507, "", "", ERROR_FULL, "HTTP 507", -1},
	/* a server in trouble may say what it wants */
	{500, "", ERRORS("TAG_INVALID", "x"), ERROR_UNAVAILABLE, "HTTP 500 TAG_INVALID: x", -1},
	/* in the bytes of another time */
	{403, "",
	 "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"f\xfcr\tSie\"}],\"x\":\"\\ud800\"}",
	 ERROR_DENIED, "HTTP 403 DENIED: f?r?Sie", -1},
	/* several, and what is no list of errors */
	{400, "", "{\"errors\":[{\"code\":\"A\"},{\"message\":\"b\"}]}", ERROR_REJECTED,
	 "HTTP 400 A; b", -1},
	{400, "", "{\"errors\":{}}", ERROR_REJECTED, "HTTP 400 {\"errors\":{}}", -1},
	{400, "", "\n\n  plain  words\r\nand more", ERROR_REJECTED,
	 "HTTP 400   plain  words and more", -1},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(http_answer_finish) struct http_answer answer = {.status = rows[i].status};
		struct error err = {0};
		buf_add_string(&answer.headers, rows[i].headers);
		buf_add_string(&answer.body, rows[i].body);
		assert_false(answer_error(&answer, &err));
		if (err.kind != rows[i].kind || strcmp(err.text, rows[i].text) != 0 ||
		    err.retry_after != rows[i].retry_after || err.http_status != rows[i].status)
			fail_msg("row %zu: \"%s\", %s, after %d s", i, err.text,
				 error_kind_name(err.kind), err.retry_after);
	}
}

/* Refused by a page instead of an alert, as nginx does. */
static void test_client_certificates(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum error_kind kind;
	} cases[] = {
		{400, "<html><title>400 No required SSL certificate was sent</title></html>",
		 ERROR_TLS},
		{400, "<html><title>400 The SSL certificate error</title></html>", ERROR_TLS},
		{400, "No required SSL certificate was sent", ERROR_TLS},
		{495, "", ERROR_TLS},
		{496, "", ERROR_TLS},
		{400, ERRORS("UNKNOWN", "upstream: SSL certificate problem"), ERROR_REJECTED},
		{400, "<html><title>400 Bad Request</title></html>", ERROR_REJECTED},
		{502, "<html><title>The SSL certificate error</title></html>", ERROR_UNAVAILABLE},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(http_answer_finish) struct http_answer answer = {.status = cases[i].status,
									.host = "reg.test"};
		struct error err = {0};
		buf_add_string(&answer.body, cases[i].body);
		assert_false(answer_error(&answer, &err));
		bool told = strstr(err.text, ": reg.test requires a client certificate");
		if (err.kind != cases[i].kind || told != (cases[i].kind == ERROR_TLS) ||
		    !str_starts(str_of(err.text), "HTTP "))
			fail_msg("case %zu: \"%s\", %s", i, err.text, error_kind_name(err.kind));
	}
}

static void test_codes(void **state)
{
	scoped(http_answer_finish) struct http_answer answer = {.status = 400};
	(void)state;
	assert_false(answer_has_code(&answer, "A"));
	buf_add_string(&answer.body, "{\"errors\":[{\"code\":\"A\"},{\"code\":\"B\"}]}");
	assert_true(answer_has_code(&answer, "A") && answer_has_code(&answer, "B"));
	assert_false(answer_has_code(&answer, "a") || answer_has_code(&answer, ""));
}

static void test_json(void **state)
{
	static const struct {
		const char *headers, *body, *text; /* NULL: it is read */
	} cases[] = {
		{"", "{\"tags\":[]}", NULL},
		{"Content-Type: text/plain\n", " [1]", NULL},
		{"Content-Type: text/html\n", "<html><title>Sign in</title></html>",
		 "reg.test sent a page \"Sign in\" where a list was expected (HTTP 200): is this "
		 "the registry's address and port, or does a proxy or a login form answer?"},
		{"", "\n<!doctype html>",
		 "reg.test sent a page where a list was expected (HTTP 200): is this the "
		 "registry's address and port, or does a proxy or a login form answer?"},
		{"", "{\"a\":",
		 "a list was expected, but reg.test sent broken JSON (1:6: "
		 "the document ends where a value is expected)"},
		{"", "Moved.", "a list was expected, but reg.test sent no JSON: \"Moved.\""},
		{"", "", "a list was expected, but reg.test sent no JSON"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(http_answer_finish) struct http_answer answer = {.status = 200,
									.host = "reg.test"};
		scoped(arena_free) struct arena *arena = arena_new();
		const struct node *root = NULL;
		struct error err = {0};
		buf_add_string(&answer.headers, cases[i].headers);
		buf_add_string(&answer.body, cases[i].body);
		bool ok = answer_json(arena, &answer, "a list", &root, &err);
		if (ok != !cases[i].text || (!ok && strcmp(err.text, cases[i].text) != 0))
			fail_msg("row %zu: %s", i, err.text);
		assert_true(ok || err.kind == ERROR_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows), cmocka_unit_test(test_client_certificates),
		cmocka_unit_test(test_codes), cmocka_unit_test(test_json)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
