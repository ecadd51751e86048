/* Which entry of the auth file is used where. */
#include "registry/credential.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { KEYS = 4 };

static const struct {
	const char *keys[KEYS];
	const char *host, *repository;
	const char *found; /* the key, NULL: none */
} rows[] = {
	{{"reg.io"}, "reg.io", "a/b", "reg.io"},
	{{"reg.io/"}, "reg.io", "a/b", "reg.io/"},
	{{"reg.io/lib"}, "reg.io", "library/x", NULL},
	{{"reg.io/lib"}, "reg.io", "lib/x", "reg.io/lib"},
	{{"reg.io/lib/"}, "reg.io", "lib/x", "reg.io/lib/"},
	{{"reg.io"}, "reg.io:5000", "x", NULL},
	{{"reg.io:5000"}, "reg.io:5000", "x", "reg.io:5000"},
	{{"reg.io:5000"}, "reg.io", "x", NULL},
	{{"reg.io:500"}, "reg.io:5000", "x", NULL},
	{{"reg.io"}, "reg.io.evil.com", "x", NULL},
	{{"reg.io"}, "my.reg.io", "x", NULL},
	{{"g.io"}, "reg.io", "x", NULL},
	{{""}, "reg.io", "x", NULL},
	{{"/"}, "reg.io", "x", NULL},
	{{"/a"}, "reg.io", "a", NULL},
	{{NULL}, "reg.io", "x", NULL},
	{{"[::1]:5000"}, "[::1]:5000", "a", "[::1]:5000"},
	/* the longest, whatever the order; the whole name is the longest of all */
	{{"reg.io", "reg.io/a", "reg.io/a/b"}, "reg.io", "a/b/c", "reg.io/a/b"},
	{{"reg.io/a/b", "reg.io/a", "reg.io"}, "reg.io", "a/b/c", "reg.io/a/b"},
	{{"reg.io/a/b", "reg.io/a", "reg.io"}, "reg.io", "a/x", "reg.io/a"},
	{{"reg.io/a", "reg.io/a/b"}, "reg.io", "a/b", "reg.io/a/b"},
	{{"reg.io/a/b"}, "reg.io", "a", NULL},
	{{"other.io", "reg.io"}, "reg.io", "a", "reg.io"},
	/* case, scheme */
	{{"Reg.IO"}, "reg.io", "a", "Reg.IO"},
	{{"reg.io/A"}, "reg.io", "a", NULL},
	{{"https://reg.io"}, "reg.io", "a", "https://reg.io"},
	{{"http://reg.io:5000/a"}, "reg.io:5000", "a/b", "http://reg.io:5000/a"},
	/* Docker Hub by all its names */
	{{"docker.io"}, "docker.io", "library/nginx", "docker.io"},
	{{"index.docker.io"}, "docker.io", "library/nginx", "index.docker.io"},
	{{"registry-1.docker.io"}, "docker.io", "library/nginx", "registry-1.docker.io"},
	{{"registry.hub.docker.com"}, "docker.io", "me/app", "registry.hub.docker.com"},
	{{"https://index.docker.io/v1/"}, "docker.io", "me/app", "https://index.docker.io/v1/"},
	{{"index.docker.io/v1"}, "docker.io", "me/app", "index.docker.io/v1"},
	{{"docker.io"}, "registry-1.docker.io", "me/app", "docker.io"},
	{{"docker.io"}, "registry.hub.docker.com", "me/app", "docker.io"},
	{{"index.docker.io/me"}, "docker.io", "me/app", "index.docker.io/me"},
	{{"docker.io/me"}, "registry-1.docker.io", "me/app", "docker.io/me"},
	{{"docker.io", "index.docker.io/me"}, "docker.io", "me/app", "index.docker.io/me"},
	{{"docker.io/me"}, "docker.io", "you/app", NULL},
	{{"docker.io"}, "auth.docker.io", "x", NULL},
	{{"docker.io"}, "reg.io", "x", NULL},
	{{"hub.docker.com"}, "docker.io", "x", NULL},
	/* short forms after full ones */
	{{"docker.io/nginx"}, "docker.io", "library/nginx", "docker.io/nginx"},
	{{"docker.io/nginx"}, "docker.io", "me/nginx", NULL},
	{{"docker.io/me"}, "docker.io", "library/nginx", NULL},
	{{"me"}, "docker.io", "me/app", "me"},
	{{"me/app"}, "docker.io", "me/app", "me/app"},
	{{"me"}, "docker.io", "metoo/app", NULL},
	{{"nginx"}, "docker.io", "library/nginx", "nginx"},
	{{"me", "docker.io"}, "docker.io", "me/app", "docker.io"},
	{{"me"}, "reg.io", "me/app", NULL},
	{{"localhost"}, "docker.io", "localhost/app", NULL},
	{{"localhost"}, "localhost", "app", "localhost"},
	{{"localhost"}, "localhost:5000", "app", NULL},
};

static void test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct credential items[KEYS] = {0};
		struct credentials all = {.items = items};
		for (; all.count < KEYS && rows[i].keys[all.count]; all.count++)
			items[all.count].key = str_of(rows[i].keys[all.count]);
		const struct credential *found =
			credential_find(&all, str_of(rows[i].host), str_of(rows[i].repository));
		struct str key = found ? found->key : (struct str){0};
		if ((found != NULL) != (rows[i].found != NULL) ||
		    !str_equal(key, str_of(rows[i].found)))
			fail_msg("row %zu: %s/%s with %s...: \"%.*s\"", i, rows[i].host,
				 rows[i].repository, rows[i].keys[0] ? rows[i].keys[0] : "nothing",
				 STR_ARGS(key));
	}
}

/* Two entries for the same thing: the first of the file. */
static void test_first_of_equals(void **state)
{
	struct credential items[] = {{.key = STR("index.docker.io")}, {.key = STR("docker.io")}};
	struct credentials all = {items, 2};
	(void)state;
	assert_ptr_equal(credential_find(&all, STR("docker.io"), STR("a/b")), &items[0]);
}

static void test_key_normal(void **state)
{
	static const char *const pairs[][2] = {
		{"reg.io", "reg.io"},
		{"reg.io/", "reg.io"},
		{"https://reg.io/team/", "reg.io/team"},
		{"HTTP://reg.io", "reg.io"},
		{"docker.io", "docker.io"},
		{"index.docker.io", "docker.io"},
		{"registry-1.docker.io/", "docker.io"},
		{"registry.hub.docker.com", "docker.io"},
		{"https://index.docker.io/v1/", "docker.io"},
		{"https://index.docker.io/v2/", "docker.io"},
		{"Index.Docker.IO", "docker.io"},
		{"index.docker.io/me", "index.docker.io/me"},
		{"index.docker.io/v1/x", "index.docker.io/v1/x"},
		{"", ""},
		{"/", ""},
		{"https://", ""},
	};
	(void)state;
	for (size_t i = 0; i < array_count(pairs); i++) {
		struct str normal = credential_key_normal(str_of(pairs[i][0]));
		if (!str_is(normal, pairs[i][1]))
			fail_msg("%s: %.*s", pairs[i][0], STR_ARGS(normal));
	}
	assert_int_equal(credential_key_normal((struct str){0}).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_first_of_equals),
		cmocka_unit_test(test_key_normal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
