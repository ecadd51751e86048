/* Where referrers are as well: which texts can say so, and what they name. */
#include "config/rules/referrers_from.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state)
{
	static const struct {
		const char *text, *source;
		const char *name; /* NULL: none for this source */
	} table[] = {
		{"a.io/{path}", "quay.io/team/sub/app:v1", "a.io/team/sub/app"},
		{"a.io:5000/x/{name}", "quay.io/team/sub/app", "a.io:5000/x/app"},
		{"a.io/{namespace}/{name}-proofs", "quay.io/team/sub/app",
		 "a.io/team/sub/app-proofs"},
		{"a.io/{flat}", "quay.io/team/sub/app", "a.io/team_sub_app"},
		{"a.io/{host}/{path}", "quay.io:5000/app", "a.io/quay.io_5000/app"},
		{"{host}/proofs", "quay.io:5000/app", "quay.io:5000/proofs"},
		{"{host}/{host}/{path}", "quay.io/app", "quay.io/quay.io/app"},
		{"a.io/all", "nginx", "a.io/all"},
		{"docker.io/{path}", "nginx", "docker.io/library/nginx"},
		{"localhost/{path}", "nginx", "localhost/library/nginx"},
		{"A.io/{path}", "nginx", "a.io/library/nginx"},
		{"a.io/{namespace}/{name}", "quay.io/app", NULL},
	};
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(table); i++) {
		struct reference source, out;
		struct error err = {0};
		assert_true(reference_parse(arena, str_of(table[i].source), &source, &err));
		assert_true(referrers_from_check(table[i].text, &err));
		bool named = referrers_from_name(arena, table[i].text, &source, &out, &err);
		assert_int_equal(named, table[i].name != NULL);
		if (named)
			assert_string_equal(reference_string(arena, &out), table[i].name);
		else
			assert_int_equal(err.kind, ERROR_CONFIG);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} table[] = {
		{"", "names no registry"},
		{"a.io", "names no registry"},
		{"team/{path}", "names no registry"},
		{"7", "names no registry"},
		{"{path}", "has a {path} in its host"},
		{"{path}/x", "has a {path} in its host"},
		{"x{host}/y", "has a {host} in its host"},
		{"{host}.evil.io/y", "has a {host} in its host"},
		{"{host}:5000/y", "has a {host} in its host"},
		{"a.io/{tag}", "referrers belong to digests"},
		{"a.io/{digest}", "referrers belong to digests"},
		{"a.io/{pfad}", "begins none of {host}"},
		{"a.io/x}", "begins none of {host}"},
		{"a.io/{path}:v1", "leave it out"},
		{"a.io/X", "must be lowercase"},
		{"a.io//{path}", "empty component"},
		{"a.io/{path}/", "names no repository"},
		{"https://a.io/{path}", "names no"},
		{"a.io/../{path}", "names no repository"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(table); i++) {
		struct error err = {0};
		if (referrers_from_check(table[i].text, &err))
			fail_msg("\"%s\" is taken", table[i].text);
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (!strstr(err.text, table[i].why))
			fail_msg("\"%s\": %s", table[i].text, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
