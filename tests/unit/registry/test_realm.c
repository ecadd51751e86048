/* Which server issues the tokens, and whether it may be asked for something else with the login. */
#include "registry/realm.h"

#include "registry/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* name: the server's as a host of its own; NULL: it is refused. */
static const struct row {
	const char *host, *realm, *token_server, *name;
	bool inside; /* the registry is in an internal network */
	bool chosen; /* the server may not be in one */
} rows[] = {
	{"registry.gitlab.com", "https://gitlab.com/jwt/auth", NULL, "gitlab.com", false, true},
	{"registry.gitlab.com", "https://gitlab.com:443/jwt/auth", NULL, "gitlab.com", false, true},
	{"registry.lab.test", "https://lab.test:8443/jwt/auth", NULL, "lab.test:8443", false, true},
	{"registry.lab.test", "https://gitlab.lab.test/jwt/auth", NULL, "gitlab.lab.test", false,
	 true},
	{"registry.lab.test", "https://gitlab.lab.test/jwt/auth", NULL, "gitlab.lab.test", true,
	 false},
	{"lab.test:5050", "https://lab.test/jwt/auth", NULL, "lab.test", true, false},
	{"lab.test:5050", "/jwt/auth", NULL, "lab.test:5050", false, false},
	{"10.0.0.7:5050", "https://10.0.0.7:80/jwt/auth", NULL, "10.0.0.7:80", false, false},
	{"registry.lab.test", "https://code.example.com/jwt/auth", NULL, NULL, false, false},
	{"registry.lab.test", "https://code.example.com/jwt/auth", "code.example.com",
	 "code.example.com", false, false},
	{"registry.lab.test", "https://code.example.com:444/jwt/auth", "code.example.com:443", NULL,
	 false, false},
	{"registry.lab.test", "https://evil.test/jwt/auth", "code.example.com", NULL, false, false},
	{"lab.azurecr.io", "https://gitlab.azurecr.io/jwt/auth", NULL, NULL, false, false},
	/* Nothing sent over http would be secret. */
	{"registry.lab.test", "http://lab.test/jwt/auth", NULL, NULL, false, false},
	{"registry.lab.test", "http://lab.test/jwt/auth", "lab.test", NULL, false, false},
};

/* The registry of a row, as it is after the first refusal. */
static struct registry *open_row(const struct row *row, struct credential *entry,
				 struct credentials *credentials, struct repository *out)
{
	struct error err;
	const struct reference name = {.host = row->host, .repository = "team"};
	const struct registry_options options = {.credentials = credentials};
	const struct challenge challenge = {.scheme = CHALLENGE_BEARER, .realm = row->realm};
	*entry = (struct credential){.key = str_of(row->host),
				     .place = "auth.yaml:1:1",
				     .username = "u",
				     .password = "word",
				     .insecure = true,
				     .token_server = row->token_server};
	*credentials = (struct credentials){entry, 1};
	struct registry *registry = registry_new(&options);
	assert_non_null(registry);
	assert_true(registry_open(registry, &name, false, out, &err));
	assert_true(host_learn(out->access.host, &challenge));
	if (row->inside)
		host_lies_inside(out->access.host);
	return registry;
}

static void check(const struct row *row)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(registry_free) struct registry *registry = NULL;
	struct credential entry;
	struct credentials credentials;
	struct repository repository, server = {0};
	struct error err = {0};
	struct url url;
	registry = open_row(row, &entry, &credentials, &repository);
	assert_true(realm_find(&repository, arena, &url, &err));
	assert_true(str_ends(url_public(&url), "/jwt/auth"));
	bool opened = realm_open(&repository, &url, &server, &err);
	assert_int_equal(opened, row->name != NULL);
	if (!opened) {
		assert_int_equal(err.kind, ERROR_REFUSED);
		assert_non_null(strstr(err.text, "token-server"));
		assert_null(server.access.host);
		return;
	}
	assert_string_equal(registry_host_name(&server), row->name);
	assert_int_equal(server.access.chosen, row->chosen);
	assert_ptr_equal(server.access.credential, &entry);
	assert_false(repository.access.chosen);
	/* A setting of the registry does not hold for a server of another operator. */
	assert_int_equal(server.access.host->insecure, row->token_server == NULL);
	assert_string_equal(server.access.host->scheme, url.scheme);
	assert_true(server.access.host->settled);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		check(&rows[i]);
}

/* A registry that wants the password itself has no token server. */
static void test_none(void **state)
{
	static const struct challenge basic = {.scheme = CHALLENGE_BASIC};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(registry_free) struct registry *registry = NULL;
	struct credential entry;
	struct credentials credentials;
	struct repository repository;
	struct error err;
	struct url url;
	(void)state;
	registry = open_row(&(struct row){.host = "lab.test", .realm = "/x"}, &entry, &credentials,
			    &repository);
	assert_true(host_learn(repository.access.host, &basic));
	assert_true(realm_find(&repository, arena, &url, &err));
	assert_null(url.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
