/* Which name a signature has to give, and whether it gives that name. */
#include "oci/signer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DIGEST "sha256:0137a0f070991f4d655a52d44373699b5f953bce299ba540bb01e290e844fcb9"

/* Which names are taken for the demanded one. */
static void test_names(void **state)
{
	static const struct {
		const char *demanded, *source, *claimed;
		bool accepted;
	} cases[] = {
		{"ghcr.io/team/app", "", "ghcr.io/team/app", true},
		{"ghcr.io/team/app", "", "ghcr.io/team/app:v1", true},
		{"ghcr.io/team/app", "", "ghcr.io/team/app@" DIGEST, true},
		{"ghcr.io/team/app", "", "GHCR.IO/team/app", true},
		{"ghcr.io/team/app", "", "ghcr.io/team/app2", false},
		{"ghcr.io/team/app", "", "ghcr.io/team/app/x", false},
		{"ghcr.io/team/app", "", "ghcr.io/team", false},
		{"ghcr.io/team/app", "", "ghcr.io:443/team/app", false},
		{"ghcr.io/team/app", "", "quay.io/team/app", false},
		{"ghcr.io/team/app", "", "https://ghcr.io/team/app", false},
		{"ghcr.io/team/app", "", " ghcr.io/team/app", false},
		{"ghcr.io/team/app", "", "", false},
		{"nginx", "", "index.docker.io/library/nginx", true},
		{"index.docker.io/nginx", "", "docker.io/library/nginx:1.28", true},
		{"docker.io/team/app", "", "team/app", true},
		{"docker.io/nginx", "", "docker.io/team/nginx", false},
		{"source", "quay.io/a/b:v1", "quay.io/a/b", true},
		{"source", "quay.io/a/b@" DIGEST, "quay.io/a/b:v2", true},
		{"source", "nginx", "index.docker.io/library/nginx", true},
		{"source", "quay.io/a/b:v1", "source", false},
		{"source", "quay.io/a/b:v1", "", false},
		{"docker.io/library/source", "quay.io/a/b", "source", true},
		{NULL, "quay.io/a/b", "", true},
		{NULL, "quay.io/a/b", "anything at all", true},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct reference source = {"x", "y", NULL, NULL};
		struct signer signer = {0};
		struct error err = {0};
		if (cases[i].demanded)
			assert_true(signer_name(arena, str_of(cases[i].demanded), &signer, &err));
		if (*cases[i].source)
			assert_true(reference_parse(arena, str_of(cases[i].source), &source, &err));
		if (signer_accepts(&signer, &source, str_of(cases[i].claimed)) != cases[i].accepted)
			fail_msg("%s of %s: %s", cases[i].demanded, cases[i].source,
				 cases[i].claimed);
	}
}

static void test_no_names(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "empty"},
		{"reg.io", "registry without repository"},
		{"reg.io/A", "must be lowercase"},
		{"reg.io/a:v1", "write the repository without tag and digest"},
		{"reg.io/a@" DIGEST, "write the repository without tag and digest"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct signer signer = {0};
		struct error err = {0};
		assert_false(signer_name(arena, str_of(cases[i].text), &signer, &err));
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (!strstr(err.text, cases[i].error))
			fail_msg("%s: %s", cases[i].text, err.text);
	}
}

static void test_equal(void **state)
{
	static const struct signer all[] = {
		{.key = {.point = {4, 1}, .place = "a"}},
		{.key = {.point = {4, 2}, .place = "a"}},
		{.key = {.point = {4, 1}, .place = "a"}, .source = true},
		{.key = {.point = {4, 1}, .place = "a"}, .repository = "r.io/a"},
		{.key = {.point = {4, 1}, .place = "a"}, .repository = "r.io/b"},
	};
	const struct signer same = {.key = {.point = {4, 1}, .place = "b"}};
	(void)state;
	for (size_t i = 0; i < array_count(all); i++)
		for (size_t j = 0; j < array_count(all); j++)
			assert_int_equal(signer_equal(&all[i], &all[j]), i == j);
	assert_true(signer_equal(&all[0], &same));
	assert_true(signer_equal(NULL, NULL));
	assert_false(signer_equal(&all[0], NULL));
	assert_null(signer_named(&all[0]));
	assert_string_equal(signer_named(&all[2]), "source");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test(test_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
