/*
 * Variables in credentials, form by form: A=1, AB=2, EMPTY is set but empty, the rest is unset.
 * NULL stands for an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/secret.h"
#include "config/expand.h"

struct row {
	const char *text;
	const char *credential;
	const char *destination;
};

static const struct row rows[] = {
	{"", "", ""},
	{"plain/text:v1", "plain/text:v1", "plain/text:v1"},
	{"$A", "1", "1"},
	{"${A}", "1", "1"},
	{"x$A/y", "x1/y", "x1/y"},
	{"$AB", "2", "2"},
	{"${AB}c", "2c", "2c"},
	{"${A}${AB}", "12", "12"},
	{"$A$AB", "12", "12"},
	{"$A.B", "1.B", "1.B"},
	{"$", "$", "$"},
	{"a$", "a$", "a$"},
	{"$ A", "$ A", "$ A"},
	{"$(A)", "$(A)", "$(A)"},
	{"$\xc3\xa9", "$\xc3\xa9", "$\xc3\xa9"},
	{"%A%", "%A%", "%A%"},
	{"$NOPE", NULL, NULL},
	{"${NOPE}", NULL, NULL},
	{"${NOPE}z", NULL, NULL},
	{"z${NOPE}", NULL, NULL},
	{"$EMPTY", NULL, NULL},
	{"${EMPTY}", NULL, NULL},
	{"a${EMPTY}", NULL, NULL},
	{"robot$x", "robot$x", NULL},
	{"robot$EMPTY", "robot$EMPTY", NULL},
	{"p@ss$word", "p@ss$word", NULL},
	{"a$b$c", "a$b$c", NULL},
	{"a$b$A", "a$b1", NULL},
	{"$oauthtoken", "$oauthtoken", NULL},
	{"$$", "$", "$"},
	{"$$A", "$A", "$A"},
	{"$$$A", "$1", "$1"},
	{"$${NOPE}", "${NOPE}", "${NOPE}"},
	{"a$$b", "a$b", "a$b"},
	{"\\$A", "\\1", "\\1"},
	{"$1abc", "$1abc", NULL},
	{"$-x", "$-x", NULL},
	{"$*", "$*", NULL},
	{"$#", "$#", NULL},
	{"$@", "$@", NULL},
	{"$!", "$!", NULL},
	{"$?", "$?", NULL},
	{"${}", NULL, NULL},
	{"${", NULL, NULL},
	{"${A", NULL, NULL},
	{"${ A}", NULL, NULL},
	{"${A-B}", NULL, NULL},
	{"${A:-d}", NULL, NULL},
	{"${1A}", NULL, NULL},
	{"$A_", NULL, NULL},
};

static const char *variable(void *ctx, const char *name)
{
	(*(int *)ctx)++;
	if (strcmp(name, "A") == 0)
		return "1";
	if (strcmp(name, "AB") == 0)
		return "2";
	return strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

static void check(const char *text, enum expand_mode mode, const char *expected)
{
	scoped(arena_free) struct arena *arena = arena_new();
	int calls = 0;
	const struct expand_lookup lookup = {variable, &calls, NULL};
	struct error err = {0};
	const char *out = NULL;
	bool good = expand_text(arena, str_of(text), mode, &lookup, &out, &err);
	const char *found = good ? out : "an error";
	if (!expected && !good)
		assert_int_equal(err.kind, ERROR_CONFIG);
	else if (!expected || strcmp(found, expected) != 0)
		fail_msg("%s in mode %d: got %s (%s), expected %s", text, (int)mode, found,
			 err.text, expected ? expected : "an error");
}

static void test_credential(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		check(rows[i].text, EXPAND_CREDENTIAL, rows[i].credential);
}

static void test_destination(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		check(rows[i].text, EXPAND_DESTINATION, rows[i].destination);
}

static const char *always(void *ctx, const char *name)
{
	(void)name;
	return ctx;
}

/* Values are not expanded again, and NGC's user name is an ordinary variable when it is set. */
static void test_values(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	char value[] = "$A${B}$$";
	const struct expand_lookup lookup = {always, value, NULL};
	struct error err = {0};
	const char *out = NULL;
	assert_true(
		expand_text(arena, STR("<$oauthtoken>"), EXPAND_CREDENTIAL, &lookup, &out, &err));
	assert_string_equal(out, "<$A${B}$$>");
	assert_true(expand_text(arena, STR("$oauthtoken"), EXPAND_CREDENTIAL, &lookup, &out, &err));
	assert_string_equal(out, "$A${B}$$");
}

/* Messages name the variable and nothing else of a text that may be half a password. */
static void test_messages(void **state)
{
	(void)state;
	scoped(arena_free) struct arena *arena = arena_new();
	int calls = 0;
	const struct expand_lookup lookup = {variable, &calls, NULL};
	struct error err = {0};
	const char *out = NULL;
	assert_false(expand_text(arena, STR("private${NOPE}part"), EXPAND_CREDENTIAL, &lookup, &out,
				 &err));
	assert_string_equal(err.text, "environment variable NOPE is not set or empty: set it, or "
				      "write $$ for a $");
	assert_false(expand_text(arena, STR("private${A:-part}"), EXPAND_CREDENTIAL, &lookup, &out,
				 &err));
	assert_null(strstr(err.text, "private"));
	assert_null(strstr(err.text, "part"));
	assert_false(expand_text(arena, STR("x$1y"), EXPAND_DESTINATION, &lookup, &out, &err));
	assert_non_null(strstr(err.text, "$1 is not a variable"));
	assert_int_equal(calls, 1);
}

/* A secret goes into a credential, and into no destination: by its value or by its name. */
static void test_secrets(void **state)
{
	static const struct {
		const char *name, *value;
		bool secret;
	} cases[] = {
		{"WORD", "open-sesame", true},
		{"WORD", "v1-open-sesame", true},
		{"WORD", "b3Blbi1zZXNhbWU=", true}, /* the same in base64 */
		{"WORD", "open-sesam", false},
		{"WORD", "short", true},
		{"WORD", "shorter", false}, /* too short to be more than a part of a word */
		{"WORD", "team", false},
		{"INPUT_GITHUB_TOKEN", "x", true},
		{"GITHUB_TOKEN", "x", true},
		{"TOKEN", "x", true},
		{"my_token", "x", true},
		{"SYNCER_ACCESS_TOKEN", "", true},
		{"REGISTRY_PASSWORD", "x", true},
		{"REGISTRY_PASS", "x", true},
		{"INPUT_AUTH", "x", true},
		{"GH_PAT", "x", true},
		{"REGISTRY_API_KEY", "x", true},
		{"AWS_SECRET_ACCESS_KEY", "x", true},
		{"CACHE_KEY", "x", false},
		{"DISPATCH", "x", false},
		{"TOKENS", "x", false},
		{"PASSAGE", "x", false},
		{"COMPASS", "x", false},
		{"BUILD_NUMBER", "12", false},
	};
	(void)state;
	secret_register(STR("open-sesame"));
	secret_register(STR("short"));
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		const struct expand_lookup lookup = {always, (void *)(uintptr_t)cases[i].value,
						     NULL};
		struct error err = {0};
		const char *out = NULL;
		struct str text = str_of(arena_printf(arena, "r.io/a:${%s}", cases[i].name));
		assert_true(!*cases[i].value ||
			    expand_text(arena, text, EXPAND_CREDENTIAL, &lookup, &out, &err));
		bool good = expand_text(arena, text, EXPAND_DESTINATION, &lookup, &out, &err);
		if (good == cases[i].secret)
			fail_msg("%s=%s", cases[i].name, cases[i].value);
		if (good)
			continue;
		assert_non_null(strstr(err.text, cases[i].name));
		assert_null(strstr(err.text, "sesam"));
	}
	secret_forget();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credential), cmocka_unit_test(test_destination),
		cmocka_unit_test(test_values),     cmocka_unit_test(test_messages),
		cmocka_unit_test(test_secrets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
