/* Which hosts no request goes to, by their text and by the address they led to. */
#include "base/scoped.h"
#include "net/address.h"
#include "net/hostname.h"
#include "net/inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* As struct url has hosts, but for the dots and capitals, which are nobody's business here. */
static const struct {
	const char *host;
	bool chosen, configured; /* refused */
} by_text[] = {
	{"registry.example.com", false, false},
	{"localhost.example.com", false, false},
	{"internal.example.com", false, false},
	{"mylocalhost.com", false, false},
	{"local.com", false, false},
	{"8.8.8.8", false, false},
	{"[2606:4700::1111]", false, false},
	{"127.0.0.1.nip.io", false, false}, /* a name of the public: only its address tells */
	{"localhost", true, false},
	{"LOCALHOST", true, false},
	{"localhost.", true, false},
	{"x.localhost", true, false},
	{"a.b.localhost.", true, false},
	{"localhost.localdomain", true, false},
	{"localhost4.localdomain4", true, false},
	{"ip6-localhost", true, false},
	{"printer", true, false},
	{"registry.", true, false},
	{"nas.local", true, false},
	{"svc.ns.svc.cluster.local", true, false},
	{"kubernetes.default.svc", true, false},
	{"host.docker.internal", true, false},
	{"internal", true, false},
	{"vault.service.consul", true, false},
	{"x.home.arpa", true, false},
	{"router.lan", true, false},
	{"git.corp", true, false},
	{"x.home", true, false},
	{"x.intranet", true, false},
	{"x.private", true, false},
	{"127.0.0.1", true, false},
	{"10.0.0.1", true, false},
	{"[::1]", true, false},
	{"[fe80::1]", true, false},
	{"169.254.1.1", true, false}, /* written by the user, it is meant */
	{"169.254.169.254", true, true},
	{"169.254.170.2", true, true},
	{"168.63.129.16", true, true},
	{"100.100.100.200", true, true},
	{"192.0.0.192", true, true},
	{"[::ffff:169.254.169.254]", true, true},
	{"[64:ff9b::a9fe:a9fe]", true, true},
	{"[2002:a9fe:a9fe::1]", true, true},
	{"[fd00:ec2::254]", true, true},
	{"[fd20:ce::254]", true, true},
	{"metadata.google.internal", true, true},
	{"Metadata.Google.Internal.", true, true},
	{"metadata.goog", true, true},
	{"instance-data.ec2.internal", true, true},
	{"metadata.azure.internal", true, true},
	{"metadata.tencentyun.com", true, true},
	{"metadata.example.com", false, false},
};

static void test_by_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(by_text); i++) {
		if (!inside_host_refused(by_text[i].host, true) == by_text[i].chosen)
			fail_msg("chosen: %s", by_text[i].host);
		if (!inside_host_refused(by_text[i].host, false) == by_text[i].configured)
			fail_msg("configured: %s", by_text[i].host);
	}
}

static const struct {
	const char *host, *address;
	bool chosen, configured;
} by_address[] = {
	{"registry.example.com", "8.8.8.8", false, false},
	{"registry.example.com", "10.0.0.1", true, false},
	{"registry.example.com", "127.0.0.1", true, false},
	{"registry.example.com", "::1", true, false},
	{"registry.example.com", "169.254.1.1", true, true},
	{"registry.example.com", "fe80::1", true, true},
	{"169.254.1.1", "169.254.1.1", true, false},
	{"[fe80::1]", "fe80::1", true, false},
	{"registry.example.com", "169.254.169.254", true, true},
	{"169.254.169.254", "169.254.169.254", true, true},
	{"registry.example.com", "168.63.129.16", true, true},
	{"registry.example.com", "::ffff:168.63.129.16", true, true},
	{"registry.example.com", "100.100.100.200", true, true},
	{"registry.example.com", "100.100.100.201", true, false},
	{"registry.example.com", "192.0.0.192", true, true},
	{"registry.example.com", "fd00:ec2::254", true, true},
	{"registry.example.com", "fd00:ec2::255", true, false},
};

static void test_by_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(by_address); i++) {
		struct sockaddr_storage storage;
		const struct sockaddr *address = (const struct sockaddr *)&storage;
		const char *host = by_address[i].host;
		assert_true(address_parse(by_address[i].address, &storage));
		if (!inside_address_refused(address, host, true) == by_address[i].chosen)
			fail_msg("chosen: %s at %s", host, by_address[i].address);
		if (!inside_address_refused(address, host, false) == by_address[i].configured)
			fail_msg("configured: %s at %s", host, by_address[i].address);
	}
}

static void test_inside_by_text(void **state)
{
	(void)state;
	assert_true(inside_by_text("127.0.0.1"));
	assert_true(inside_by_text("[fd00::1]"));
	assert_true(inside_by_text("registry"));
	assert_true(inside_by_text("registry.corp"));
	assert_false(inside_by_text("8.8.8.8"));
	assert_false(inside_by_text("registry.example.com"));
}

static void test_proper_names(void **state)
{
	static const char *const proper[] = {
		"a",         "a.b",          "A-1.b_2.c3", "xn--bcher-kva.example",
		"1.example", "0x7f.example", "a.0xg",      "3com"};
	static const char *const odd[] = {
		"",       ".",    ".a",      "a.",          "a..b",  "a b",  "a/b",
		"a@b",    "a:1",  "[::1]",   "1.2.3",       "1",     "a.1",  "0x7f",
		"a.0X1F", "a.0x", "1.2.3.4", "b\xc3\xbc.a", "a\x7f", "a%2e", "\xef\xbd\x81.b"};
	(void)state;
	for (size_t i = 0; i < array_count(proper); i++)
		if (!hostname_proper(proper[i]))
			fail_msg("%s", proper[i]);
	for (size_t i = 0; i < array_count(odd); i++)
		if (hostname_proper(odd[i]))
			fail_msg("%s", odd[i]);
}

static void test_loopback(void **state)
{
	static const char *const here[] = {"localhost",  "localhost:5000",      "LOCALHOST",
					   "127.0.0.1",  "127.1.2.3:80",        "[::1]",
					   "[::1]:5000", "[::ffff:127.0.0.1]:1"};
	static const char *const elsewhere[] = {"localhost.example.com",
						"localhost.:5000",
						"x.localhost",
						"128.0.0.1",
						"10.0.0.1:5000",
						"[::2]",
						"[fe80::1]:5000",
						"127.0.0.1.nip.io",
						"0.0.0.0",
						""};
	(void)state;
	for (size_t i = 0; i < array_count(here); i++)
		if (!inside_loopback(str_of(here[i])))
			fail_msg("%s", here[i]);
	for (size_t i = 0; i < array_count(elsewhere); i++)
		if (inside_loopback(str_of(elsewhere[i])))
			fail_msg("%s", elsewhere[i]);
}

/* Whatever a name server or a file of hosts makes of it. */
static void test_localhost_leads_here(void **state)
{
	struct sockaddr_storage address;
	(void)state;
	assert_true(address_parse("127.0.0.1", &address));
	assert_null(inside_address_refused((void *)&address, "localhost", false));
	assert_true(address_parse("::1", &address));
	assert_null(inside_address_refused((void *)&address, "localhost", false));
	assert_true(address_parse("10.0.0.1", &address));
	assert_non_null(inside_address_refused((void *)&address, "localhost", false));
	assert_null(inside_address_refused((void *)&address, "registry.corp", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_text),        cmocka_unit_test(test_by_address),
		cmocka_unit_test(test_inside_by_text), cmocka_unit_test(test_proper_names),
		cmocka_unit_test(test_loopback),       cmocka_unit_test(test_localhost_leads_here),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
