/* What an answer says, and whether it says a certain word. */
#include "registry/wording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_json(void **state)
{
	static const struct {
		const char *body, *words; /* NULL: none */
	} rows[] = {
		{"{\"errors\":[{\"code\":\"A\",\"message\":\"b\"}]}", "A: b"},
		{"{\"errors\":[{\"code\":\"A\"},{\"message\":\"b\"},{}]}", "A; b"},
		{"{\"errors\":[{\"code\":\"A\",\"detail\":\"d\"}]}", "A: d"},
		{"{\"errors\":[{\"code\":\"A\",\"message\":\"\",\"detail\":{\"x\":1}}]}", "A"},
		{"{\"message\":\"limit\",\"documentation_url\":\"u\"}", "limit"},
		{"{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}",
		 "invalid_grant: expired"},
		{"{\"error\":{\"code\":403,\"message\":\"no\",\"status\":\"DENIED\"}}",
		 "DENIED: no"},
		{"{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}",
		 "ThrottlingException: Rate exceeded"},
		{"{\"details\":\"x\"}", "x"},
		{"{\"errors\":{}}", NULL},
		{"{\"errors\":[]}", NULL},
		{"[\"message\"]", NULL},
		{"{}", NULL},
		{"message", NULL},
		{"", NULL},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(buf_finish) struct buf words = {0};
		bool found = wording_of_json(str_of(rows[i].body), &words);
		const char *wanted = rows[i].words ? rows[i].words : "";
		if (found != (rows[i].words != NULL) || strcmp(buf_string(&words), wanted) != 0)
			fail_msg("%s: %s", rows[i].body, buf_string(&words));
	}
}

static void test_words(void **state)
{
	static const struct {
		const char *text, *word;
		bool has;
	} rows[] = {
		{"over quota", "quota", true},
		{"Quota: none", "quota", true},
		{"quotas", "quota", false},
		{"team/quota", "quota", false},
		{"quota-tool", "quota", false},
		{"quota/tool", "quota", false},
		{"my_quota", "quota", false},
		{"\"quota\"", "quota", true},
		{"quota-tool has no quota", "quota", true},
		{"ThrottlingException", "throttl*", true},
		{"throttled", "throttl*", true},
		{"throttl", "throttl*", true},
		{"throttled-app", "throttl*", false},
		{"unthrottled", "throttl*", false},
		{"RATE_LIMIT_EXCEEDED", "rate_limit*", true},
		{"a rate limit.", "rate limit*", true},
		{"", "x", false},
		{"x", "xy", false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		if (wording_has(str_of(rows[i].text), rows[i].word) != rows[i].has)
			fail_msg("\"%s\" in \"%s\"", rows[i].word, rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_json),
					   cmocka_unit_test(test_words)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
