/* Which names are taken for those of one operator, and which neighbours are strangers. */
#include "base/scoped.h"
#include "net/operator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *registry, *host;
	bool tokens, neighbours;
} rows[] = {
	{"r.example.com", "r.example.com", true, true},
	{"127.0.0.1", "127.0.0.1", true, true},
	{"registry", "registry", true, true},
	/* public registries and their token servers */
	{"registry-1.docker.io", "auth.docker.io", true, true},
	{"docker.elastic.co", "docker-auth.elastic.co", true, true},
	{"registry.digitalocean.com", "api.digitalocean.com", true, true},
	{"registry.gitlab.com", "gitlab.com", true, true},
	{"lscr.io", "ghcr.io", true, true},
	{"registry.redhat.io", "sso.redhat.com", true, true},
	{"registry.connect.redhat.com", "sso.redhat.com", true, true},
	{"rg.fr-par.scw.cloud", "api.scaleway.com", true, true},
	{"registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com", true, true},
	{"registry-vpc.cn-beijing.aliyuncs.com", "dockerauth-vpc.cn-beijing.aliyuncs.com", true,
	 true},
	{"x-registry.cn-hangzhou.cr.aliyuncs.com", "dockerauth-ee.cn-hangzhou.aliyuncs.com", true,
	 true},
	{"crpi-1.cn-hangzhou.personal.cr.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com", true,
	 true},
	{"registry.aliyuncs.com", "dockerauth.aliyuncs.com", true, true},
	/* registries of one's own */
	{"registry.example.com", "gitlab.example.com", true, true},
	{"registry.example.com", "git.example.com", true, true},
	{"registry.example.com", "auth.example.com", true, true},
	{"registry.example.com", "registry-auth.example.com", true, true},
	{"registry.example.com", "sso.example.com", true, true},
	{"registry.example.co.uk", "gitlab.example.co.uk", true, true},
	{"registry.gitlab.example.com", "gitlab.example.com", true, true},
	{"a.b.c.example.com", "example.com", true, false},
	{"registry.corp", "auth.corp", false, false},
	/* a neighbour whose name says nothing about tokens */
	{"registry.example.com", "www.example.com", false, true},
	{"registry.example.com", "minio.example.com", false, true},
	/* no neighbours */
	{"registry.example.com", "auth.eu.example.com", false, false},
	{"registry.eu.example.com", "auth.example.com", false, false},
	{"registry.example.com", "auth.example.org", false, false},
	{"registry.example.com", "registry.example.com.test", false, false},
	{"registry.example.com", "ample.com", false, false},
	{"registry.example.com", "com", false, false},
	{"example.com", "auth.example.com", false, false},
	{"example.com", "auth.com", false, false},
	{"registry", "auth", false, false},
	{"lscr.io", "quay.io", false, false},
	{"rg.evil.fr-par.scw.cloud", "api.scaleway.com", false, false},
	{"rg.scw.cloud", "api.scaleway.com", false, false},
	/* addresses have no neighbours */
	{"10.0.0.1", "11.0.0.1", false, false},
	{"10.0.0.1", "10.0.0.2", false, false},
	{"10.0.0.1", "0.0.1", false, false},
	{"[fd00::1]", "[fd00::2]", false, false},
	{"[::ffff:10.0.0.1]", "[::ffff:11.0.0.1]", false, false},
	/* below these, names are given to anybody */
	{"victim.azurecr.io", "auth.azurecr.io", false, false},
	{"victim.azurecr.io", "gitlab.azurecr.io", false, false},
	{"victim.azurecr.io", "azurecr.io", false, true},
	{"victim.data.azurecr.io", "auth.data.azurecr.io", false, false},
	{"1.dkr.ecr.eu-west-1.amazonaws.com", "auth.dkr.ecr.eu-west-1.amazonaws.com", false, false},
	{"eu-docker.pkg.dev", "auth-docker.pkg.dev", false, false},
	{"victim.jfrog.io", "auth.jfrog.io", false, false},
	{"victim.github.io", "git.github.io", false, false},
	{"registry.co.uk", "auth.co.uk", false, false},
	{"registry.co.uk", "co.uk", false, true},
	{"registry.com.au", "auth.com.au", false, false},
	{"registry.org.br", "auth.org.br", false, false},
	{"registry.gouv.fr", "auth.gouv.fr", false, false},
	{"registry.bj.cn", "auth.bj.cn", false, false},
	{"registry.or.jp", "login.or.jp", false, false},
	{"registry.us.kg", "auth.us.kg", false, false},
	{"registry.cn-hangzhou.aliyuncs.com", "auth.cn-hangzhou.aliyuncs.com", false, false},
	{"registry.cn-hangzhou.aliyuncs.com", "dockerauth.oss-cn-hangzhou.aliyuncs.com", false,
	 false},
	{"registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-beijing.aliyuncs.com", false, false},
	{"registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-hangzhou.evil.aliyuncs.com", false,
	 false},
	{"registry.example.com", "dockerauth.cn-hangzhou.aliyuncs.com", false, false},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		if (operator_issues_tokens(rows[i].registry, rows[i].host) != rows[i].tokens)
			fail_msg("tokens: %s %s", rows[i].registry, rows[i].host);
		if (operator_neighbours(rows[i].registry, rows[i].host) != rows[i].neighbours)
			fail_msg("neighbours: %s %s", rows[i].registry, rows[i].host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
