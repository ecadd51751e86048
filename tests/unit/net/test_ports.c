/* Which ports the names of servers and the addresses of proxies mean. */
#include "base/buf.h"
#include "net/ports.h"

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
		struct ports ports = {{0}};
		ports_add_host(&ports, str_of(rows[i].host), rows[i].plain);
		check(&ports, rows[i].ports);
	}
}

static void test_addresses(void **state)
{
	static const char *const rows[][2] = {
		{"http://proxy:3128", "3128"},
		{"http://proxy:3128/", "3128"},
		{"http://user:word@proxy:3128/x:9", "3128"},
		{"http://user:w@rd:7@proxy:3128", "3128"},
		{"proxy:3128", "3128"},
		{"user:word@proxy:3128", "3128"},
		{"https://proxy", "443"},
		{"HTTPS://proxy/", "443"},
		{"https://proxy:8443", "8443"},
		{"http://proxy", "80 1080"},
		{"proxy", "80 1080"},
		{"socks5h://proxy", "1080"},
		{"socks5://[::1]:9050", "9050"},
		{"http://[fe80::1]", "80 1080"},
		{"", "80 1080"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct ports ports = {{0}};
		ports_add_url(&ports, str_of(rows[i][0]));
		check(&ports, rows[i][1]);
	}
}

static void test_ends(void **state)
{
	struct ports ports = {{0}};
	(void)state;
	ports_add(&ports, 0);
	ports_add(&ports, PORTS_MAX);
	ports_add(&ports, 1);
	ports_add(&ports, PORTS_MAX - 1);
	check(&ports, "1 65535");
	assert_false(ports_has(&ports, 0) || ports_has(&ports, 2) || ports_has(&ports, PORTS_MAX));
	assert_true(ports_has(&ports, 1) && ports_has(&ports, PORTS_MAX - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
