/* Every shape of a limit of requests is one; a disk that is full, or a closed door, is none. */
#include "net/rate_limit.h"
#include "registry/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ERRORS(code, message) "{\"errors\":[{\"code\":\"" code "\",\"message\":\"" message "\"}]}"
#define GITHUB                                                                                     \
	"You have exceeded a secondary rate limit. Please wait a few minutes before you try again"

/* Sun, 06 Nov 1994 08:49:37 GMT */
enum { NOW = 784111777 };

static const struct {
	int status;
	const char *headers, *body;
	bool met;
	int wait;
} rows[] = {
	/* the status alone */
	{429, "", "", true, -1},
	{420, "", "", true, -1},
	{509, "", "", true, -1},
	{529, "", "", true, -1},
	{429, "Retry-After: 3\n", "", true, 3},
	{429, "retry-after: 1.16ms\n", "", true, 1},
	{429, "Retry-After: 2m30s\n", "", true, 150},
	{429, "Retry-After: Sun, 06 Nov 1994 08:49:47 GMT\n", "", true, 10},
	{429, "Date: Sun, 06 Nov 1994 08:49:42 GMT\nRetry-After: Sun, 06 Nov 1994 08:49:47 GMT\n",
	 "", true, 5},
	{429, "Retry-After: soon\n", "", true, -1},
	/* GitHub */
	{403, "", "{\"message\":\"" GITHUB "\",\"documentation_url\":\"x\"}", true, -1},
	{403, "", ERRORS("DENIED", "permission_denied: Error from intermediary: " GITHUB), true,
	 -1},
	{403, "Retry-After: 60\n", "", true, 60},
	{403, "", "You have triggered an abuse detection mechanism.", true, -1},
	{403, "", ERRORS("DENIED", "retry-after: 880.092\xc2\xb5s, allowed: 44000/minute"), true,
	 -1},
	{403, "x-ratelimit-remaining: 0\nx-ratelimit-reset: 784111807\n", "", true, 30},
	{403, "x-ratelimit-remaining: 12\nx-ratelimit-reset: 784111807\n", "", false, -1},
	{403, "Content-Type: text/html\n",
	 "<html><head><title>Whoa there!</title><style>x{}</style></head><body>You have exceeded a "
	 "secondary<br>rate limit.</body></html>",
	 true, -1},
	/* Amazon */
	{400, "", ERRORS("TOOMANYREQUESTS", "Rate exceeded"), true, -1},
	{400, "", "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}", true, -1},
	{400, "x-amzn-ErrorType: ThrottlingException:\n", "{}", true, -1},
	{503, "",
	 "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Please reduce your request "
	 "rate.</Message></Error>",
	 true, -1},
	/* Google */
	{403, "",
	 ERRORS("DENIED", "Quota exceeded for quota metric 'Requests' and limit 'Requests per "
			  "project per user per minute'"),
	 true, -1},
	{403, "", "{\"error\":{\"code\":403,\"message\":\"rateLimitExceeded\"}}", true, -1},
	/* others */
	{403, "", ERRORS("TOO_MANY_REQUESTS", "x"), true, -1},
	{403, "", ERRORS("RATE_LIMIT_EXCEEDED", ""), true, -1},
	{403, "", "Too Many Requests", true, -1},
	{403, "", "request was throttled", true, -1},
	{403, "", "You have been rate-limited", true, -1},
	{500, "", ERRORS("UNKNOWN", "toomanyrequests: you have reached your pull rate limit"), true,
	 -1},
	{503, "Retry-After: 7\n", "", true, 7},
	/* headers at zero */
	{403, "RateLimit-Remaining: 0;w=60\nRateLimit-Reset: 17\n", "", true, 17},
	{403, "RateLimit: limit=100, remaining=0, reset=50\n", "", true, 50},
	{403, "RateLimit: \"default\";r=0;t=5\n", "", true, 5},
	{403, "RateLimit: \"a\";r=9;t=5\n", "", false, -1},
	{429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 784111807000\n", "", true, 30},
	{429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1m30s\n", "", true, 90},
	{429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 784111700\n", "", true, -1},
	{429, "X-Retry-After: 784111787\n", "", true, 10},
	{429, "X-RateLimit-Reset: 784111807\n", "", true, -1},
	/* no limit of requests */
	{403, "", "", false, -1},
	{403, "", ERRORS("DENIED", "requested access to the resource is denied"), false, -1},
	{403, "", ERRORS("DENIED", "quota exceeded"), false, -1},
	{403, "", ERRORS("DENIED", "quota exceeded for project x: 5 GiB of 5 GiB used"), false, -1},
	{412, "", ERRORS("PRECONDITION", "will exceed the configured upper limit"), false, -1},
	{403, "", ERRORS("DENIED", "access to team/throttled denied"), false, -1},
	{403, "", ERRORS("DENIED", "throttle-tool is not yours"), false, -1},
	{403, "", ERRORS("DENIED", "access to team/rate-limit denied"), false, -1},
	{403, "Content-Type: text/html\n", "<html><script>throttle(2)</script>Forbidden</html>",
	 false, -1},
	{400, "", ERRORS("MANIFEST_INVALID", "x"), false, -1},
	{400, "ratelimit-remaining: 0;w=21600\n", ERRORS("MANIFEST_INVALID", "x"), false, -1},
	{401, "", ERRORS("UNAUTHORIZED", "rate limit"), false, -1},
	{404, "ratelimit-remaining: 0\nratelimit-reset: 5\n", ERRORS("NAME_UNKNOWN", "throttled"),
	 false, -1},
	{503, "", "", false, -1},
	{502, "", "", false, -1},
	{200, "ratelimit-remaining: 0;w=21600\n", "throttled", false, -1},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(http_answer_finish) struct http_answer answer = {.status = rows[i].status};
		buf_add_string(&answer.headers, rows[i].headers);
		buf_add_string(&answer.body, rows[i].body);
		bool met = answer_limited(&answer);
		int wait = met ? rate_limit_wait(&answer, NOW) : -1;
		if (met != rows[i].met || wait != rows[i].wait)
			fail_msg("row %zu (%d %s%s): %s, %d s", i, rows[i].status, rows[i].headers,
				 rows[i].body, met ? "met" : "not met", wait);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
