/* Which ports the names of servers and the URLs of proxies mean. */
#include "base/buf.h"
#include "net/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(const struct ports *ports, const char *expected)
{
	scoped(buf_finish) struct buf text = {0};
	uint16_t list[8];
	size_t count = ports_list(ports, list, array_count(list));
	assert_true(count <= array_count(list));
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s%u", i ? " " : "", list[i]);
	assert_string_equal(buf_string(&text), expected);
}

static void test_hosts(void **state)
{
	static const struct {
		const char *host, *ports;
		bool plain;
	} rows[] = {
		{"reg.io", "443", false},
		{"reg.io", "80 443", true},
		{"reg.io:5000", "5000", false},
		{"reg.io:5000", "5000", true},
		{"[::1]", "443", false},
		{"[::1]:5000", "5000", false},
		{"127.0.0.1:65535", "65535", false},
		{"reg.io:65536", "443", false},
		{"reg.io:0", "443", false},
		{"reg.io:-1", "443", false},
		{"reg.io:", "443", false},
		{"reg.io:x", "443", false},
		{"", "443", false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct ports ports = {0};
		ports_add_host(&ports, str_of(rows[i].host), rows[i].plain);
		check(&ports, rows[i].ports);
	}
}

static void test_urls(void **state)
{
	static const char *const rows[][2] = {
		{"http://proxy:3128", "3128"},
		{"http://proxy:3128/", "3128"},
		{"http://proxy:3128/x:9", "3128"},
		{"https://api.test", "443"},
		{"HTTPS://api.test/", "443"},
		{"https://api.test:8443", "8443"},
		{"http://api.test", "80"},
		{"http://[fe80::1]/x", "80"},
		{"socks5h://[::1]:9050", "9050"},
		{"proxy:3128", "3128"},
		{"", "443"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct ports ports = {0};
		ports_add_url(&ports, str_of(rows[i][0]));
		check(&ports, rows[i][1]);
	}
}

static void test_ends(void **state)
{
	struct ports ports = {0};
	(void)state;
	ports_add(&ports, 0);
	ports_add(&ports, PORTS_MAX);
	ports_add(&ports, 1);
	ports_add(&ports, PORTS_MAX - 1);
	check(&ports, "1 65535");
	assert_false(ports_has(&ports, 0) || ports_has(&ports, 2) || ports_has(&ports, PORTS_MAX));
	assert_true(ports_has(&ports, 1) && ports_has(&ports, PORTS_MAX - 1));
}

static bool allows(const struct ports *ports, unsigned port, const char **why)
{
	static struct error err;
	const struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	const struct sockaddr_in6 six = {.sin6_family = AF_INET6,
					 .sin6_port = htons((uint16_t)port)};
	bool allowed = ports_allow(ports, "reg.io", (const struct sockaddr *)&four, &err);
	assert_int_equal(ports_allow(ports, "reg.io", (const struct sockaddr *)&six, &err),
			 allowed);
	*why = allowed ? NULL : err.text;
	return allowed;
}

static void test_named_alone(void **state)
{
	struct ports ports = {0};
	const char *why;
	(void)state;
	ports_add_host(&ports, STR("reg.io"), false);
	ports_add_host(&ports, STR("reg.io:5000"), false);
	assert_true(allows(&ports, 443, &why) && allows(&ports, 5000, &why));
	assert_false(allows(&ports, 80, &why) || allows(&ports, 5001, &why) ||
		     allows(&ports, 65535, &why));
	assert_string_equal(why, "port 65535 belongs to no registry or proxy of this run: to allow "
				 "a connection, name reg.io:65535 in the auth file");
	assert_true(allows(NULL, 22, &why));
}

/* Ports at both ends of what is looked at together, and of all. */
static void test_listed(void **state)
{
	static const unsigned added[] = {1, 8, 63, 64, 127, 128, 65472, 65535};
	struct ports ports = {0};
	uint16_t list[4] = {0};
	(void)state;
	check(&ports, "");
	for (size_t i = 0; i < array_count(added); i++)
		ports_add(&ports, added[i]);
	ports_add(&ports, 0);
	check(&ports, "1 8 63 64 127 128 65472 65535");
	assert_int_equal(ports_list(&ports, list, 3), array_count(added));
	assert_true(list[0] == 1 && list[2] == 63 && list[3] == 0);
}

static void test_open(void **state)
{
	struct ports ports = {0};
	const char *why;
	(void)state;
	ports_add_host(&ports, STR("reg.io"), false);
	ports_add_host(&ports, STR("reg.io:81"), false);
	ports_open(&ports);
	assert_true(allows(&ports, 443, &why) && allows(&ports, 80, &why) &&
		    allows(&ports, 81, &why) && allows(&ports, 1024, &why) &&
		    allows(&ports, 65535, &why));
	assert_false(allows(&ports, 22, &why) || allows(&ports, 1023, &why));
	check(&ports, "80 81 443");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),  cmocka_unit_test(test_urls),
		cmocka_unit_test(test_ends),   cmocka_unit_test(test_named_alone),
		cmocka_unit_test(test_listed), cmocka_unit_test(test_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
