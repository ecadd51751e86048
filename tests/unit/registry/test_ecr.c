/* Which hosts are registries of Amazon ECR, and what its API answers. */
#include "registry/ecr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ACCOUNT "123456789012"

static void test_names(void **state)
{
	static const struct {
		const char *host;
		const char *region, *api; /* NULL: not ECR */
	} rows[] = {
		{ACCOUNT ".dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1",
		 "api.ecr.eu-west-1.amazonaws.com"},
		{ACCOUNT ".dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1",
		 "api.ecr.cn-north-1.amazonaws.com.cn"},
		{ACCOUNT ".dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1",
		 "ecr-fips.us-gov-west-1.amazonaws.com"},
		{ACCOUNT ".dkr-ecr.eu-west-1.on.aws", "eu-west-1", "ecr.eu-west-1.api.aws"},
		{ACCOUNT ".dkr-ecr-fips.us-east-1.on.aws", "us-east-1",
		 "ecr-fips.us-east-1.api.aws"},
		{ACCOUNT ".dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1",
		 "ecr.cn-north-1.api.amazonwebservices.com.cn"},
		{"public.ecr.aws", NULL, NULL},
		{"12345678901.dkr.ecr.eu-west-1.amazonaws.com", NULL, NULL},
		{"1234567890123.dkr.ecr.eu-west-1.amazonaws.com", NULL, NULL},
		{"a23456789012.dkr.ecr.eu-west-1.amazonaws.com", NULL, NULL},
		{ACCOUNT ".dkr.ecr.eu-west-1.amazonaws.com.evil.test", NULL, NULL},
		{ACCOUNT ".dkr.ecr.evil.test/.amazonaws.com", NULL, NULL},
		{ACCOUNT ".dkr.ecr.a.b.amazonaws.com", NULL, NULL},
		{ACCOUNT ".dkr.ecr..amazonaws.com", NULL, NULL},
		{ACCOUNT ".dkr.ecr.amazonaws.com", NULL, NULL},
		{ACCOUNT ".dkr.ecr.eu-west-1.amazonaws.com:443", NULL, NULL},
		{ACCOUNT, NULL, NULL},
		{"", NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct ecr_name name;
		bool found = ecr_name_parse(str_of(rows[i].host), &name);
		if (found != (rows[i].region != NULL))
			fail_msg("row %zu: %s", i, rows[i].host);
		if (!found)
			continue;
		assert_true(str_is(name.account, ACCOUNT));
		assert_true(str_is(name.region, rows[i].region));
		assert_string_equal(name.api, rows[i].api);
	}
}

/* "QVdTOndvcmQ=" is "AWS:word". */
#define ANSWER(rest) "{\"authorizationData\":[{\"authorizationToken\":\"QVdTOndvcmQ=\"" rest "}]}"

static void test_answers(void **state)
{
	static const struct {
		const char *body;
		const char *password; /* NULL: not an answer to use */
		int64_t life;         /* at the time 1000000 */
	} rows[] = {
		/* ten minutes of the stated life are kept back */
		{ANSWER(",\"expiresAt\":1043200.25"), "word", 42600250},
		{ANSWER(",\"expiresAt\":1.0432E6"), "word", 42600000},
		{ANSWER(",\"expiresAt\":1000601"), "word", 1000},
		{ANSWER(",\"expiresAt\":1000600"), "word", 0},
		{ANSWER(",\"expiresAt\":5"), "word", 0},
		{ANSWER(",\"expiresAt\":-5"), "word", 0},
		{ANSWER(",\"expiresAt\":9e99"), "word", 43200000},
		{ANSWER(",\"expiresAt\":\"soon\""), "word", 0},
		{ANSWER(""), "word", 0},
		{"{\"authorizationData\":[{\"authorizationToken\":\"d29yZA==\"}]}", NULL, 0},
		{"{\"authorizationData\":[{\"authorizationToken\":\"!\"}]}", NULL, 0},
		{"{\"authorizationData\":[{\"authorizationToken\":\"QVdTOg==\"}]}", NULL, 0},
		{"{\"authorizationData\":[]}", NULL, 0},
		{"{\"authorizationData\":{}}", NULL, 0},
		{"{}", NULL, 0},
		{"", NULL, 0},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(login_finish) struct login login = {0};
		struct error err = {0};
		int64_t life = -1;
		bool ok = ecr_parse(str_of(rows[i].body), 1000000, &login, &life, &err);
		if (ok != (rows[i].password != NULL))
			fail_msg("row %zu: %s", i, rows[i].body);
		if (!ok) {
			assert_int_equal(err.kind, ERROR_CORRUPT);
			continue;
		}
		assert_string_equal(buf_string(&login.username), "AWS");
		assert_string_equal(buf_string(&login.secret), rows[i].password);
		if (life != rows[i].life)
			fail_msg("row %zu: %lld", i, (long long)life);
	}
}

static void test_keys(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct ecr_keys keys;
	(void)state;
	unsetenv("AWS_SECRET_ACCESS_KEY");
	unsetenv("AWS_SESSION_TOKEN");
	unsetenv("AWS_ENDPOINT_URL_ECR");
	setenv("AWS_ACCESS_KEY_ID", "test-access-key", 1);
	setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1", 1);
	assert_true(ecr_keys_read(arena, &keys));
	assert_null(keys.access); /* half a pair is none */
	setenv("AWS_SECRET_ACCESS_KEY", "test-secret-key-1", 1);
	setenv("AWS_SESSION_TOKEN", "", 1);
	assert_true(ecr_keys_read(arena, &keys));
	assert_string_equal(keys.access, "test-access-key");
	assert_string_equal(keys.secret, "test-secret-key-1");
	assert_null(keys.session);
	assert_string_equal(keys.endpoint, "http://127.0.0.1:1");
	setenv("AWS_ENDPOINT_URL_ECR", "http://127.0.0.1:2", 1);
	assert_true(ecr_keys_read(arena, &keys));
	assert_string_equal(keys.endpoint, "http://127.0.0.1:2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
