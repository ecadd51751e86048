/* WWW-Authenticate: what is understood, what is passed over, and which challenge wins. */
#include "registry/challenge.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOTHING "none"

/* shown: scheme, then realm, service, scope and error where given, each in brackets. */
static const struct {
	const char *value;
	const char *shown;
} rows[] = {
	{"Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:a/b:pull,push\"",
	 "bearer [https://a/t] [s] [repository:a/b:pull,push] []"},
	{"Basic realm=\"r\"", "basic [r] [] [] []"},
	{"Basic", "basic [] [] [] []"},
	{"basic", "basic [] [] [] []"},
	{"BEARER REALM=\"u\", Service=s", "bearer [u] [s] [] []"},
	{"Bearer realm=\"u\",error=\"insufficient_scope\",scope=\"x\"",
	 "bearer [u] [] [x] [insufficient_scope]"},
	{"  Bearer   realm = \"u\" , service = \"s\" ", "bearer [u] [s] [] []"},
	{"Bearer\trealm=\"u\"\t,\tservice=s", "bearer [u] [s] [] []"},
	{",, Bearer realm=\"u\",,service=s,", "bearer [u] [s] [] []"},
	/* quoted strings */
	{"Bearer realm=\"a\\\"b\\\\c\",service=\"x,y=z, Basic q\"",
	 "bearer [a\"b\\c] [x,y=z, Basic q] [] []"},
	{"Bearer realm=\"u\",service=\"\"", "bearer [u] [] [] []"},
	{"Bearer realm=\"u\",x=\"realm=evil\"", "bearer [u] [] [] []"},
	{"Bearer realm=\"u\",realm=\"v\"", "bearer [u] [] [] []"},
	/* as some registries send it */
	{"Bearer realm=https://a/t?x=1,service=s", "bearer [https://a/t?x=1] [s] [] []"},
	{"Bearer realm=\"u\" service=\"s\"", "bearer [u] [s] [] []"},
	{"Bearer realm=\"u\"error=\"e\"", "bearer [u] [] [] [e]"},
	{"Bearer z0=1,A9=2,realm=\"u\"", "bearer [u] [] [] []"},
	{"Bearer realm=/token", "bearer [/token] [] [] []"},
	/* several in one value */
	{"Basic realm=\"r\", Bearer realm=\"u\",service=\"s\"", "bearer [u] [s] [] []"},
	{"Bearer realm=\"u\", Basic realm=\"r\"", "bearer [u] [] [] []"},
	{"Bearer realm=\"u\", Bearer realm=\"v\"", "bearer [u] [] [] []"},
	{"Basic realm=\"r\", Basic realm=\"q\"", "basic [r] [] [] []"},
	{"Negotiate, Basic realm=\"r\"", "basic [r] [] [] []"},
	{"Negotiate YII+/ab==, Basic realm=\"r\"", "basic [r] [] [] []"},
	{"NTLM TlRMTVNTUAAB=, Bearer realm=\"u\"", "bearer [u] [] [] []"},
	{"Basic, Bearer realm=\"u\"", "bearer [u] [] [] []"},
	{"Digest realm=\"d\", qop=\"auth\", nonce=\"n\", Basic realm=\"r\"", "basic [r] [] [] []"},
	{"Digest realm=\"d\"", NOTHING},
	{"Negotiate Basic", NOTHING},
	{"Negotiate abc/Basic", NOTHING},
	{"BearerX realm=\"d\"", NOTHING},
	/* unusable ones do not stand in the way */
	{"Bearer", NOTHING},
	{"Bearer realm=\"\"", NOTHING},
	{"Bearer realm=", NOTHING},
	{"Bearer service=\"s\", Basic realm=\"r\"", "basic [r] [] [] []"},
	{"Bearer realm=\"u", NOTHING},
	{"Basic realm=\"r\", Bearer realm=\"u\",service=\"s", "basic [r] [] [] []"},
	{"Bearer realm=\"u\\", NOTHING},
	{"Bearer realm=\"u\\\"", NOTHING},
	{"Bearer realm=\"u\x01\", Basic realm=\"r\"", "basic [r] [] [] []"},
	{"Bearer realm=\"u\", service=\"a\r\nX: y\"", NOTHING},
	{"Bearer realm=\"u\", \"stray, Basic\", Basic realm=\"r\"", "basic [r] [] [] []"},
	{"Bearer realm=\"u\", @, Basic realm=\"r\"", "basic [r] [] [] []"},
	{"realm=\"u\"", NOTHING},
	{"=", NOTHING},
	{"\"", NOTHING},
	{"\"\"", NOTHING},
	{" , ", NOTHING},
	{"", NOTHING},
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void show(const struct challenge *challenge, struct buf *out)
{
	static const char *const names[] = {NOTHING, "basic", "bearer"};
	buf_add_string(out, names[challenge->scheme]);
	if (challenge->scheme != CHALLENGE_NONE)
		buf_printf(out, " [%s] [%s] [%s] [%s]", or_empty(challenge->realm),
			   or_empty(challenge->service), or_empty(challenge->scope),
			   or_empty(challenge->error));
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(buf_finish) struct buf out = {0};
		struct challenge best = {0};
		assert_true(challenge_parse(arena, str_of(rows[i].value), &best));
		show(&best, &out);
		if (strcmp(buf_string(&out), rows[i].shown) != 0)
			fail_msg("%s: %s", rows[i].value, buf_string(&out));
	}
}

/*
 * Every cut of a good value is survived, no cut invents a realm, and nothing behind the cut is
 * read: the copy ends where its memory does.
 */
static void test_every_prefix(void **state)
{
	static const char text[] =
		"Basic realm=\"r\\\"x\", Bearer realm=\"https://a/t\",service=\"s\"";
	(void)state;
	for (size_t len = 1; len < sizeof(text); len++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct challenge best = {0};
		char *copy = malloc(len);
		assert_non_null(copy);
		memcpy(copy, text, len);
		assert_true(challenge_parse(arena, (struct str){copy, len}, &best));
		if (best.scheme == CHALLENGE_BEARER)
			assert_string_equal(best.realm, "https://a/t");
		free(copy);
	}
}

static void test_several_headers(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct challenge best = {0};
	(void)state;
	assert_true(challenge_parse(arena, STR("Basic realm=\"r\""), &best));
	assert_true(challenge_parse(arena, STR("Bearer realm=\"u\""), &best));
	assert_true(challenge_parse(arena, STR("Basic realm=\"q\""), &best));
	assert_true(challenge_parse(arena, STR("Bearer realm=\"v\""), &best));
	assert_int_equal(best.scheme, CHALLENGE_BEARER);
	assert_string_equal(best.realm, "u");
}

static void test_better(void **state)
{
	const struct challenge none = {0};
	const struct challenge basic = {.scheme = CHALLENGE_BASIC};
	const struct challenge bearer = {.scheme = CHALLENGE_BEARER, .realm = "u"};
	(void)state;
	assert_true(challenge_better(&basic, &none));
	assert_true(challenge_better(&bearer, &basic));
	assert_false(challenge_better(&basic, &bearer));
	assert_false(challenge_better(&basic, &basic));
	assert_false(challenge_better(&none, &none));
}

static void test_limit(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf value = {0};
	struct challenge best = {0};
	(void)state;
	buf_add_string(&value, "Basic realm=\"r\"");
	while (value.len < CHALLENGE_BYTES_MAX)
		buf_add_char(&value, ' ');
	buf_add_char(&value, ' ');
	assert_true(challenge_parse(arena, buf_str(&value), &best));
	assert_int_equal(best.scheme, CHALLENGE_NONE);
	assert_true(challenge_parse(arena, str_head(buf_str(&value), CHALLENGE_BYTES_MAX), &best));
	assert_int_equal(best.scheme, CHALLENGE_BASIC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_several_headers),
		cmocka_unit_test(test_better),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
