/* Which registry is known by which name. */
#include "registry/profile.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_names(void **state)
{
	static const char *const table[][2] = {
		{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "Amazon ECR"},
		{"public.ecr.aws", "Amazon ECR"},
		{"123456789012.dkr-ecr.eu-west-1.on.aws", "Amazon ECR"},
		{"ghcr.io", "GitHub"},
		{"ghcr.io:443", "GitHub"},
		{"europe-docker.pkg.dev", "Google"},
		{"gcr.io", "Google"},
		{"eu.gcr.io", "Google"},
		{"example.azurecr.io", "Azure"},
		{"docker.io", "OCI"},
		{"quay.io", "OCI"},
		{"registry.gitlab.com", "OCI"},
		{"ghrc.io", "OCI"},
		{"my-ghcr.io", "OCI"},
		{"notgcr.io", "OCI"},
		{".pkg.dev", "OCI"},
		{"azurecr.io.example.com", "OCI"},
		{"127.0.0.1:5000", "OCI"},
		{"", "OCI"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(table); i++)
		assert_string_equal(profile_of(table[i][0])->name, table[i][1]);
}

/* Chunks lose bytes at these: whatever they answer, there must be none. */
static void test_no_chunks(void **state)
{
	static const char *const hosts[] = {"ghcr.io", "gcr.io", "public.ecr.aws"};
	(void)state;
	for (size_t i = 0; i < array_count(hosts); i++)
		assert_int_equal(profile_of(hosts[i])->chunk_max, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_chunks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
