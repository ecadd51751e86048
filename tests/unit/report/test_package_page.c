/* The pages of repositories: which registries have some, and which names. */
#include "report/package_page.h"
#include "test_report_fixture.h"

static const struct {
	const char *host, *repository, *page; /* "": none */
} rows[] = {
	{"docker.io", "library/nginx", "https://hub.docker.com/_/nginx"},
	{"docker.io", "grafana/grafana", "https://hub.docker.com/r/grafana/grafana"},
	{"docker.io", "a/b/c", ""},
	{"docker.io", "nginx", ""},
	{"ghcr.io", "owner/name", "https://ghcr.io/owner/name"},
	{"ghcr.io", "owner/a/b", "https://ghcr.io/owner/a/b"},
	{"ghcr.io", "owner", ""},
	{"quay.io", "coreos/etcd", "https://quay.io/repository/coreos/etcd"},
	{"public.ecr.aws", "docker/library/redis", "https://gallery.ecr.aws/docker/library/redis"},
	{"mcr.microsoft.com", "dotnet/sdk", "https://mcr.microsoft.com/artifact/mar/dotnet/sdk"},
	{"gcr.io", "distroless/static", "https://gcr.io/distroless/static"},
	{"eu.gcr.io", "p/a/b", "https://eu.gcr.io/p/a/b"},
	{"k8s.gcr.io", "pause/pause", ""},
	{"europe-west1-docker.pkg.dev", "project/mirror/a/b_c",
	 "https://console.cloud.google.com/artifacts/docker/project/europe-west1/mirror/a%2Fb_c"},
	{"europe-west1-docker.pkg.dev", "project/mirror", ""},
	{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "a/b",
	 "https://eu-west-1.console.aws.amazon.com/ecr/repositories/private/123456789012/a/b"
	 "?region=eu-west-1"},
	{"a.dkr.ecr.eu-west-1.amazonaws.com", "a/b", ""},
	{".dkr.ecr.eu-west-1.amazonaws.com", "a/b", ""},
	{"1.dkr.ecr.amazonaws.com", "a/b", ""},
	{"1.dkr.ecr.a.b.amazonaws.com", "a/b", ""},
	{"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "a/b", ""},
	{"reg.io", "a/b", ""},
	{"evil-ghcr.io", "a/b", ""},
	{"ghcr.io:443", "a/b", ""},
	/* Names that no registry has: no page, whatever they would do to a link. */
	{"ghcr.io", "a/b)c", ""},
	{"ghcr.io", "a/b c", ""},
	{"ghcr.io", "a/b?c", ""},
	{"ghcr.io", "a/<b>", ""},
	{"ghcr.io", "", ""},
	{"x)-docker.pkg.dev", "a/b/c", ""},
};

static void test_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		const struct reference name = {rows[i].host, rows[i].repository, "v1", NULL};
		scoped(buf_finish) struct buf out = {0};
		assert_int_equal(package_page(&name, &out), rows[i].page[0] != '\0');
		assert_string_equal(buf_string(&out), rows[i].page);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
