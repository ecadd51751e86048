/* What a credential helper answers; how it is run is tested end to end. */
#include "registry/helper.h"

#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_answers(void **state)
{
	static const struct {
		const char *text;
		const char *username, *secret; /* NULL: not an answer to use */
		bool identity;
	} rows[] = {
		{"{\"ServerURL\":\"r\",\"Username\":\"u\",\"Secret\":\"word\"}\n", "u", "word",
		 false},
		{"{\"Username\":\"<token>\",\"Secret\":\"word\"}", "<token>", "word", true},
		{"{\"Username\":\"u\",\"Secret\":\"word\",\"More\":{}}", "u", "word", false},
		{"{\"Username\":\"u\",\"Secret\":\"a:b\\n\\u0001\"}", "u", "a:b\n\001", false},
		{"{\"Username\":\"\",\"Secret\":\"word\"}", NULL, NULL, false},
		{"{\"Username\":\"u\",\"Secret\":\"\"}", NULL, NULL, false},
		{"{\"username\":\"u\",\"secret\":\"word\"}", NULL, NULL, false},
		{"{\"Username\":\"u\",\"Secret\":5}", NULL, NULL, false},
		{"{\"Username\":\"u\",\"Secret\":\"word\"} x", NULL, NULL, false},
		{"[]", NULL, NULL, false},
		{"", NULL, NULL, false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(login_finish) struct login login = {0};
		struct error err = {0};
		bool ok = helper_parse(str_of(rows[i].text), &login, &err);
		if (ok != (rows[i].username != NULL))
			fail_msg("row %zu: %s", i, rows[i].text);
		if (!ok) {
			assert_null(strstr(err.text, "word"));
			continue;
		}
		assert_string_equal(buf_string(&login.username), rows[i].username);
		assert_string_equal(buf_string(&login.secret), rows[i].secret);
		assert_int_equal(login.identity, rows[i].identity);
	}
}

static void test_names(void **state)
{
	static const char *const names[] = {"", "a/b", "../x", "a b", "$(x)", "-\n", "x;y"};
	(void)state;
	for (size_t i = 0; i < array_count(names); i++) {
		scoped(login_finish) struct login login = {0};
		struct error err = {0};
		assert_false(helper_get(names[i], "reg.io", &login, &err));
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_non_null(strstr(err.text, "not the name of a credential helper"));
	}
}

static void test_missing(void **state)
{
	scoped(login_finish) struct login login = {0};
	struct error err = {0};
	(void)state;
	setenv("PATH", "/nonexistent::", 1);
	assert_false(helper_get("no-such-one", "reg.io", &login, &err));
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "docker-credential-no-such-one"));
	assert_non_null(strstr(err.text, "reg.io"));
	unsetenv("PATH");
	assert_false(helper_get("no-such-one", "reg.io", &login, &err));
	assert_int_equal(err.kind, ERROR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
