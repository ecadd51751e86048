/* The words about a refusal: who was refused what, and what it probably means there. */
#include "registry/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PLACE "auth.yaml:3:1"

static const struct {
	const char *host, *place;
	bool target, listing;
	enum error_kind kind;
	const char *words; /* of the registry */
	const char *found; /* what must stand in the text */
} rows[] = {
	{"docker.io", NULL, false, false, ERROR_LIMITED, "HTTP 429", "login for docker.io"},
	{"docker.io", PLACE, false, false, ERROR_LIMITED, "HTTP 429", "HTTP 429"},
	{"docker.io", NULL, false, false, ERROR_DENIED, "HTTP 401", "does not exist"},
	{"docker.io", PLACE, false, false, ERROR_DENIED, "HTTP 401", "access token"},
	{"ghcr.io", NULL, false, false, ERROR_DENIED, "HTTP 403", "read:packages"},
	{"ghcr.io", PLACE, true, false, ERROR_DENIED, "HTTP 403", "write:packages"},
	{"1.dkr.ecr.eu-west-1.amazonaws.com", PLACE, true, false, ERROR_MISSING,
	 "HTTP 404 NAME_UNKNOWN", "create it first"},
	{"1.dkr.ecr.eu-west-1.amazonaws.com", NULL, false, false, ERROR_DENIED, "HTTP 401",
	 "AWS_ACCESS_KEY_ID"},
	{"reg.test", PLACE, true, false, ERROR_DENIED, "HTTP 401 UNAUTHORIZED: project x not found",
	 "create-project: true"},
	{"reg.test", PLACE, true, false, ERROR_DENIED, "HTTP 401 not found in project x",
	 "may this login push there"},
	{"1.dkr.ecr.cn-north-1.amazonaws.com.cn", PLACE, true, false, ERROR_MISSING, "HTTP 404",
	 "create it first"},
	{"eu.gcr.io", PLACE, false, false, ERROR_DENIED, "HTTP 403", "does not exist"},
	{"gcr.io", PLACE, false, false, ERROR_DENIED, "HTTP 403", "does not exist"},
	{"europe-docker.pkg.dev", PLACE, true, false, ERROR_DENIED, "HTTP 403", "PROJECT/"},
	{"me.azurecr.io", PLACE, true, false, ERROR_DENIED, "HTTP 401", "AcrPush"},
	{"registry.cn-hangzhou.aliyuncs.com", PLACE, false, true, ERROR_DENIED, "HTTP 401",
	 "name the tags in the rule"},
	{"registry.cn-hangzhou.aliyuncs.com", PLACE, true, false, ERROR_DENIED, "HTTP 401",
	 "namespace"},
	{"quay.io", NULL, false, false, ERROR_DENIED, "HTTP 401", "does not exist"},
	{"harbor.test", PLACE, true, false, ERROR_MISSING,
	 "HTTP 404 NOT_FOUND: project x not found", "create the project"},
	{"notgcr.io.test", PLACE, false, false, ERROR_DENIED, "HTTP 403", "may this login pull"},
	{"xghcr.io", NULL, false, false, ERROR_DENIED, "HTTP 403", "to the auth file"},
	{"reg.test", PLACE, true, false, ERROR_DENIED, "HTTP 403", "may this login push"},
	{"reg.test", NULL, true, false, ERROR_DENIED, "HTTP 401", "to the auth file"},
};

static void test_hints(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct error err;
		const struct refusal refusal = {.host = rows[i].host,
						.repository = "team/app",
						.place = rows[i].place,
						.target = rows[i].target,
						.listing = rows[i].listing};
		error_set(&err, rows[i].kind, "%s", rows[i].words);
		assert_false(explain_refusal(&refusal, &err));
		if (!strstr(err.text, rows[i].found) || !strstr(err.text, rows[i].words))
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(err.kind, rows[i].kind);
	}
}

/* The login itself was refused, or never sent: neither is a question of rights. */
static void test_logins(void **state)
{
	static const struct {
		const char *host, *place, *unsent, *realm;
		bool password;
		const char *found, *absent;
	} cases[] = {
		{"reg.test", PLACE, NULL, NULL, true,
		 "reg.test refused the user name or password of " PLACE ": HTTP 403", "project"},
		{"docker.io", PLACE, NULL, NULL, true, "(with two-factor", "repository"},
		{"ghcr.io", PLACE, NULL, NULL, true, "wrong or has expired", "packages"},
		{"1.dkr.ecr.eu-west-1.amazonaws.com", PLACE, NULL, NULL, true, "expired",
		 "permission"},
		{"quay.io", PLACE, NULL, NULL, true, "user name or password of", "exist"},
		{"reg.test", NULL, PLACE, NULL, false,
		 "reg.test refused anonymous access to team/app: HTTP 403 (the login of " PLACE
		 " was not sent: the registry asks for none)",
		 "auth file"},
		{"reg.test", NULL, PLACE, "tokens.test", false,
		 "was not sent: the token server tokens.test is in another domain", "asks for"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct error err;
		const struct refusal refusal = {.host = cases[i].host,
						.repository = "team/app",
						.place = cases[i].place,
						.unsent = cases[i].unsent,
						.realm = cases[i].realm,
						.password = cases[i].password,
						.target = true};
		error_set(&err, ERROR_DENIED, "HTTP 403");
		explain_refusal(&refusal, &err);
		if (!strstr(err.text, cases[i].found) || strstr(err.text, cases[i].absent))
			fail_msg("row %zu: %s", i, err.text);
	}
}

/* What is the same for all repositories of a registry is said once for all of them. */
static void test_shared(void **state)
{
	struct error err;
	struct refusal refusal = {.host = "reg.test:5000",
				  .repository = "team/app",
				  .place = PLACE,
				  .scope = "repository:team/app:pull",
				  .password = true};
	(void)state;
	error_set(&err, ERROR_DENIED, "HTTP 401 UNAUTHORIZED: no");
	explain_refusal(&refusal, &err);
	assert_string_equal(err.text, "reg.test:5000 refused the user name or password of " PLACE
				      ": HTTP 401 UNAUTHORIZED: no");
	assert_int_equal(err.shared, strlen(err.text));
	error_set(&err, ERROR_NOT_TLS, "reg.test does not speak TLS 1.2 on this port");
	explain_refusal(&refusal, &err);
	assert_string_equal(err.text,
			    "reg.test does not speak TLS 1.2 on this port (for plain http "
			    "write into the file of --auth: reg.test:5000: {insecure: true})");
	assert_int_equal(err.shared, strlen(err.text));
	error_set(&err, ERROR_TLS,
		  "the certificate of reg.test is not signed by a trusted authority");
	explain_refusal(&refusal, &err);
	assert_non_null(
		strstr(err.text, "(as ca, in the file of --auth: reg.test:5000: {ca: FILE})"));
	refusal.password = false;
	error_set(&err, ERROR_DENIED, "HTTP 403");
	explain_refusal(&refusal, &err);
	assert_int_equal(err.shared, 0);
}

static void test_text(void **state)
{
	struct error err;
	struct refusal refusal = {.host = "reg.test",
				  .repository = "team/app",
				  .place = PLACE,
				  .scope = "repository:team/app:pull"};
	(void)state;
	error_set(&err, ERROR_DENIED, "HTTP 403 DENIED: no");
	explain_refusal(&refusal, &err);
	assert_string_equal(err.text,
			    "reg.test refused the login of auth.yaml:3:1 for team/app, scope "
			    "repository:team/app:pull: HTTP 403 DENIED: no (is the name right, and "
			    "may this login pull it?)");
	refusal.place = refusal.scope = NULL;
	error_set(&err, ERROR_DENIED, "HTTP 403");
	explain_refusal(&refusal, &err);
	assert_string_equal(err.text,
			    "reg.test refused anonymous access to team/app: HTTP 403 "
			    "(add a login for it to the auth file: reg.test: {username: USER, "
			    "password: '${NAME}'})");
}

static void test_nothing_to_say(void **state)
{
	struct error err;
	const struct refusal refusal = {.host = "reg.test", .repository = "team/app"};
	(void)state;
	error_set(&err, ERROR_MISSING, "HTTP 404");
	explain_refusal(&refusal, &err);
	assert_string_equal(err.text, "HTTP 404");
}

static void test_long_words(void **state)
{
	struct error err;
	const struct refusal refusal = {.host = "docker.io", .repository = "team/app"};
	(void)state;
	error_set(&err, ERROR_DENIED, "%0*d", ERROR_TEXT_SIZE - 1, 7);
	explain_refusal(&refusal, &err);
	assert_true(strlen(err.text) < ERROR_TEXT_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hints),          cmocka_unit_test(test_logins),
		cmocka_unit_test(test_shared),         cmocka_unit_test(test_text),
		cmocka_unit_test(test_nothing_to_say), cmocka_unit_test(test_long_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
