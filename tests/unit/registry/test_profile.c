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
		{"docker.io", "Docker Hub"},
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

static void test_counted(void **state)
{
	static const struct {
		const char *host;
		bool counts;
	} rows[] = {
		{"docker.io", true},
		{"docker.io:443", true},
		{"public.ecr.aws", true},
		{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", false},
		{"ghcr.io", false},
		{"quay.io", false},
		{"registry.example.com", false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		assert_int_equal(profile_of(rows[i].host)->counts_reads, rows[i].counts);
}

/* Chunks lose bytes at these: whatever they answer, there must be none. */
static void test_no_chunks(void **state)
{
	static const char *const hosts[] = {"ghcr.io", "gcr.io", "public.ecr.aws"};
	(void)state;
	for (size_t i = 0; i < array_count(hosts); i++)
		assert_int_equal(profile_of(hosts[i])->chunk_max, 0);
}

static void test_public(void **state)
{
	static const struct {
		const char *host;
		bool public;
	} rows[] = {
		{"docker.io", true},
		{"ghcr.io", true},
		{"quay.io", true},
		{"gcr.io", true},
		{"eu.gcr.io", true},
		{"europe-docker.pkg.dev", true},
		{"registry.k8s.io", true},
		{"public.ecr.aws", true},
		{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", true},
		{"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", true},
		{"example.azurecr.io", true},
		{"mcr.microsoft.com", true},
		{"registry.gitlab.com", true},
		{"registry.cn-hangzhou.aliyuncs.com", true},
		{"ghcr.io:443", false},
		{"quay.io:5000", false},
		{"docker.io.example.com", false},
		{"notquay.io", false},
		{"aliyuncs.com", false},
		{"registry.example.com", false},
		{"127.0.0.1:5000", false},
		{"[::1]", false},
		{"", false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		assert_int_equal(profile_is_public(rows[i].host), rows[i].public);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_no_chunks),
		cmocka_unit_test(test_public),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
