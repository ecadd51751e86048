/* What goes to a token server and what comes back (distribution token specification, OAuth2). */
#include "registry/token_fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct token_request two = {.realm = "https://auth.test/token",
					 .service = "reg.test & co",
					 .scope = "repository:a:pull,push repository:b:pull"};

static void test_query(void **state)
{
	static const struct {
		const char *realm, *service, *scope, *url;
	} rows[] = {
		{"https://a.test/t", "s", "x:y:pull",
		 "https://a.test/t?service=s&scope=x%3Ay%3Apull"},
		{"https://a.test/t?k=1", "s", "x", "https://a.test/t?k=1&service=s&scope=x"},
		{"https://a.test/t", NULL, "x", "https://a.test/t?scope=x"},
		{"https://a.test/t", "s", "x  z", "https://a.test/t?service=s&scope=x&scope=z"},
		{"https://a.test/t", "s", "", "https://a.test/t?service=s"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(buf_finish) struct buf out = {0};
		struct token_request request = {.service = rows[i].service, .scope = rows[i].scope};
		token_fetch_query(rows[i].realm, &request, &out);
		assert_string_equal(buf_string(&out), rows[i].url);
	}
}

static void test_form(void **state)
{
	scoped(buf_finish) struct buf out = {0};
	(void)state;
	token_fetch_form(STR("re+fresh/word="), &two, &out);
	assert_string_equal(buf_string(&out),
			    "grant_type=refresh_token&client_id=image-syncer"
			    "&service=reg.test%20%26%20co"
			    "&scope=repository%3Aa%3Apull%2Cpush%20repository%3Ab%3Apull"
			    "&refresh_token=re%2Bfresh%2Fword%3D");
}

static void test_form_without_service(void **state)
{
	scoped(buf_finish) struct buf out = {0};
	const struct token_request request = {.scope = "x"};
	(void)state;
	token_fetch_form(STR("word"), &request, &out);
	assert_string_equal(buf_string(&out),
			    "grant_type=refresh_token&client_id=image-syncer&service=&scope=x"
			    "&refresh_token=word");
}

static void test_answers(void **state)
{
	static const struct {
		const char *body;
		const char *token; /* NULL: not an answer to use */
		int64_t life;
	} rows[] = {
		{"{\"token\":\"abcd\"}", "abcd", 60},
		{"{\"token\":\"abcd\",\"expires_in\":300}", "abcd", 300},
		{"{\"token\":\"abcd\",\"expires_in\":1}", "abcd", 60},
		{"{\"token\":\"abcd\",\"expires_in\":99999999}", "abcd", 86400},
		{"{\"token\":\"abcd\",\"expires_in\":\"300\"}", "abcd", 60},
		{"{\"token\":\"abcd\",\"access_token\":\"efgh\"}", "efgh", 60},
		{"{\"access_token\":\"\",\"token\":\"abcd\"}", "abcd", 60},
		{"{\"access_token\":\"efgh\",\"refresh_token\":\"ijkl\"}", "efgh", 60},
		{"{\"token\":\"abcd\",\"x\":\"\xe9\\ud800\t\",\"x\":1}", "abcd", 60},
		{"{\"token\":\"ab\xe9\"}", NULL, 0},
		{"{\"token\":\"abcd\",\"token\":\"efgh\"}", NULL, 0},
		{"{\"token\":\"ab cd\"}", NULL, 0},
		{"{\"token\":\"ab\\r\\ncd\"}", NULL, 0},
		{"{\"token\":5}", NULL, 0},
		{"{\"refresh_token\":\"ijkl\"}", NULL, 0},
		{"{}", NULL, 0},
		{"[]", NULL, 0},
		{"", NULL, 0},
		{"<html>", NULL, 0},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(buf_finish) struct buf token = {0};
		struct error err = {0};
		int64_t life = 0;
		bool ok = token_fetch_parse(str_of(rows[i].body), &token, &life, &err);
		if (ok != (rows[i].token != NULL))
			fail_msg("row %zu: %s", i, rows[i].body);
		if (!ok) {
			assert_int_equal(err.kind, ERROR_CORRUPT);
			continue;
		}
		assert_string_equal(buf_string(&token), rows[i].token);
		assert_int_equal(life, rows[i].life);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_form_without_service),
		cmocka_unit_test(test_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
