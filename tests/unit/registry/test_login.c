/* Which login goes to which registry, and how often a helper is asked. */
#include "registry/login.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/secret.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY "00000000-0000-0000-0000-000000000000"

enum { THREADS = 8 };

/* A registry client with one entry, and a repository at host. */
struct fixture {
	struct credential entry;
	struct credentials credentials;
	struct registry_options options;
	struct registry *registry;
	struct repository repository;
};

static void fixture_finish(struct fixture *fixture)
{
	registry_free(&fixture->registry);
}

static void begin(struct fixture *fixture, const char *host, const struct credential *entry)
{
	const struct reference ref = {.host = host, .repository = "team/app"};
	struct error err;
	fixture->entry = *entry;
	fixture->entry.key = str_of(host);
	fixture->entry.place = "auth.yaml:1:1";
	fixture->credentials = (struct credentials){&fixture->entry, 1};
	fixture->options.credentials = &fixture->credentials;
	fixture->registry = registry_new(&fixture->options);
	assert_non_null(fixture->registry);
	assert_true(registry_open(fixture->registry, &ref, false, &fixture->repository, &err));
}

static void test_configured(void **state)
{
	static const struct {
		const char *host;
		struct credential entry;
		const char *username, *secret; /* NULL: anonymous */
		bool identity;
	} rows[] = {
		{"reg.io", {.username = "u", .password = "word"}, "u", "word", false},
		{"reg.io", {.insecure = true}, NULL, NULL, false},
		{"reg.io", {.token = "word"}, NOBODY, "word", true},
		{"reg.io", {.token = "word", .username = "u", .password = "p"}, "u", "word", true},
		{"x.azurecr.io", {.username = NOBODY, .password = "word"}, NOBODY, "word", true},
		/* "e30K" is "{}" and a line end */
		{"gcr.io",
		 {.username = "_oauth2_", .password = "e30K"},
		 "_json_key",
		 "{}\n",
		 false},
		{"eu.gcr.io",
		 {.username = "_oauth2_", .password = "e30K"},
		 "_json_key",
		 "{}\n",
		 false},
		{"x.pkg.dev",
		 {.username = "_oauth2_", .password = "e30K"},
		 "_json_key",
		 "{}\n",
		 false},
		{"xgcr.io",
		 {.username = "_oauth2_", .password = "e30K"},
		 "_oauth2_",
		 "e30K",
		 false},
		{"gcr.io", {.username = "_json_key", .password = "{}"}, "_json_key", "{}", false},
		{"gcr.io",
		 {.username = "_json_key_base64", .password = "e30K"},
		 "_json_key_base64",
		 "e30K",
		 false},
		{"gcr.io",
		 {.username = "oauth2accesstoken", .password = "word"},
		 "oauth2accesstoken",
		 "word",
		 false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(fixture_finish) struct fixture fixture = {0};
		scoped(login_finish) struct login login = {0};
		struct error err = {0};
		begin(&fixture, rows[i].host, &rows[i].entry);
		assert_true(login_get(&fixture.repository.access, 0, &login, &err));
		assert_int_equal(login_exists(&fixture.repository.access), rows[i].secret != NULL);
		assert_int_equal(login.secret.len, rows[i].secret ? strlen(rows[i].secret) : 0);
		if (!rows[i].secret)
			continue;
		if (strcmp(buf_string(&login.username), rows[i].username) != 0 ||
		    strcmp(buf_string(&login.secret), rows[i].secret) != 0 ||
		    login.identity != rows[i].identity || login.serial)
			fail_msg("row %zu", i);
	}
}

static void test_google_without_key(void **state)
{
	static const char *const passwords[] = {"!", "bm8ga2V5", "e"};
	(void)state;
	for (size_t i = 0; i < array_count(passwords); i++) {
		scoped(fixture_finish) struct fixture fixture = {0};
		scoped(login_finish) struct login login = {0};
		struct error err = {0};
		begin(&fixture, "gcr.io",
		      &(struct credential){.username = "_oauth2_", .password = passwords[i]});
		assert_false(login_get(&fixture.repository.access, 0, &login, &err));
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_non_null(strstr(err.text, "auth.yaml:1:1"));
	}
}

static void test_basic(void **state)
{
	scoped(login_finish) struct login login = {0};
	scoped(buf_finish) struct buf out = {0};
	struct error err;
	(void)state;
	assert_true(login_basic(&login, &out, &err));
	assert_int_equal(out.len, 0);
	assert_true(login_set(&login, STR("Aladdin"), STR("open sesame")));
	assert_true(login_basic(&login, &out, &err));
	assert_string_equal(buf_string(&out), "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

static void test_bearer(void **state)
{
	static const char *const wrong[] = {"a b", "a\r\nX: y", "a\x7f", "t\xc3\xb6ken", "\t"};
	struct error err;
	(void)state;
	scoped(login_finish) struct login login = {0};
	scoped(buf_finish) struct buf out = {0};
	assert_true(login_bearer(&login, &out, &err));
	assert_int_equal(out.len, 0);
	assert_true(login_set(&login, STR("someone"), STR("glpat-1_.~+/=")));
	assert_true(login_bearer(&login, &out, &err));
	assert_string_equal(buf_string(&out), "Authorization: Bearer glpat-1_.~+/=");
	for (size_t i = 0; i < array_count(wrong); i++) {
		scoped(login_finish) struct login odd = {0};
		scoped(buf_finish) struct buf none = {0};
		assert_true(login_set(&odd, STR("someone"), str_of(wrong[i])));
		assert_false(login_bearer(&odd, &none, &err));
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_int_equal(none.len, 0);
	}
}

/* Puts a helper on PATH that counts its calls in a file and answers by their number. */
static void install_helper(struct arena *arena, char *home, const char *script)
{
	struct error err;
	assert_non_null(mkdtemp(home));
	char *path = arena_printf(arena, "%s/docker-credential-unit", home);
	char *text = arena_printf(
		arena,
		"#!/bin/sh\necho >>%s/calls\nn=$(wc -l <%s/calls)\n"
		"say() { echo \"{\\\"Username\\\":\\\"u\\\",\\\"Secret\\\":\\\"$1\\\"}\"; }\n%s",
		home, home, script);
	assert_true(file_write(path, str_of(text), &err));
	assert_int_equal(chmod(path, 0700), 0);
	setenv("PATH", arena_printf(arena, "%s:/usr/bin:/bin", home), 1);
}

static size_t calls(struct arena *arena, const char *home)
{
	scoped(buf_finish) struct buf text = {0};
	struct error err;
	assert_true(file_read(arena_printf(arena, "%s/calls", home), &text, &err));
	return text.len;
}

static void remove_helper(struct arena *arena, const char *home)
{
	unlink(arena_printf(arena, "%s/calls", home));
	unlink(arena_printf(arena, "%s/docker-credential-unit", home));
	rmdir(home);
}

static void *ask(void *ctx)
{
	const struct access *access = ctx;
	scoped(login_finish) struct login login = {0};
	struct error err;
	bool ok = login_get(access, 0, &login, &err);
	return ok && strcmp(buf_string(&login.secret), "first") == 0 ? ctx : NULL;
}

static void test_asked_once(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(fixture_finish) struct fixture fixture = {0};
	char home[] = "/tmp/test_login.XXXXXX";
	pthread_t threads[THREADS];
	(void)state;
	install_helper(arena, home, "sleep 0.2; say first\n");
	begin(&fixture, "reg.io", &(struct credential){.helper = "unit"});
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &fixture.repository.access),
				 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *good = NULL;
		pthread_join(threads[i], &good);
		assert_non_null(good);
	}
	assert_int_equal(calls(arena, home), 1);
	remove_helper(arena, home);
}

static void expect(const struct fixture *fixture, unsigned refused, const char *secret,
		   unsigned serial)
{
	scoped(login_finish) struct login login = {0};
	struct error err;
	assert_true(login_get(&fixture->repository.access, refused, &login, &err));
	assert_string_equal(buf_string(&login.secret), secret);
	assert_int_equal(login.serial, serial);
}

static void test_asked_again(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(fixture_finish) struct fixture fixture = {0};
	char home[] = "/tmp/test_login.XXXXXX";
	(void)state;
	install_helper(arena, home, "[ $n = 1 ] && say first || say more\n");
	begin(&fixture, "reg.io", &(struct credential){.helper = "unit"});
	expect(&fixture, 0, "first", 1);
	expect(&fixture, 1, "more", 2);
	expect(&fixture, 1, "more", 2); /* somebody else has renewed it */
	expect(&fixture, 2, "more", 2); /* not again so soon */
	expect(&fixture, 0, "more", 2);
	assert_int_equal(calls(arena, home), 2);
	remove_helper(arena, home);
}

static void test_failures_are_kept(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(fixture_finish) struct fixture fixture = {0};
	char home[] = "/tmp/test_login.XXXXXX";
	(void)state;
	install_helper(arena, home, "[ $n = 1 ] && say first || exit 3\n");
	begin(&fixture, "reg.io", &(struct credential){.helper = "unit"});
	expect(&fixture, 0, "first", 1);
	for (int i = 0; i < 3; i++) {
		scoped(login_finish) struct login login = {0};
		struct error err;
		assert_false(login_get(&fixture.repository.access, 1, &login, &err));
		assert_non_null(strstr(err.text, "status 3"));
		assert_non_null(strstr(err.text, "auth.yaml:1:1"));
	}
	assert_int_equal(calls(arena, home), 2);
	remove_helper(arena, home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configured),
		cmocka_unit_test(test_google_without_key),
		cmocka_unit_test(test_basic),
		cmocka_unit_test(test_bearer),
		cmocka_unit_test(test_asked_once),
		cmocka_unit_test(test_asked_again),
		cmocka_unit_test(test_failures_are_kept),
	};
	/* As the program does: a helper may end without reading what it is told. */
	signal(SIGPIPE, SIG_IGN);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	secret_forget();
	return failed;
}
