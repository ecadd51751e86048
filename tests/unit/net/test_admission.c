/* Which connections may be opened, and the reason when one may not. */
#include "base/scoped.h"
#include "net/address.h"
#include "net/admission.h"
#include "net/ports.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ALLOWED = -1 };

static const struct {
	const char *name;
	const char *host, *address; /* address NULL: the lookup of host */
	unsigned port;
	bool chosen, proxied, stopping, cleanup;
	int kind; /* enum error_kind, or ALLOWED */
	const char *reason;
} cases[] = {
	{"a lookup", "reg.io", NULL, 0, false, false, false, false, ALLOWED, NULL},
	{"a registry", "reg.io", "8.8.8.8", 443, false, false, false, false, ALLOWED, NULL},
	{"over IPv6", "reg.io", "2606:4700::1111", 443, true, false, false, false, ALLOWED, NULL},
	{"configured inside", "reg.io", "10.0.0.6", 443, false, false, false, false, ALLOWED, NULL},
	{"chosen inside", "reg.io", "10.0.0.6", 443, true, false, false, false, ERROR_REFUSED,
	 "internal"},
	{"a proxy inside", "reg.io", "10.0.0.6", 443, true, true, false, false, ALLOWED, NULL},
	{"metadata", "reg.io", "169.254.169.254", 443, false, false, false, false, ERROR_REFUSED,
	 "credentials"},
	{"a strange port", "reg.io", "8.8.8.8", 22, false, false, false, false, ERROR_REFUSED,
	 "port 22"},
	{"a proxy at a strange port", "reg.io", "10.0.0.6", 22, false, true, false, false,
	 ERROR_REFUSED, "port 22"},
	{"inside before the port", "reg.io", "10.0.0.6", 22, true, false, false, false,
	 ERROR_REFUSED, "internal"},
	{"a late lookup", "reg.io", NULL, 0, false, false, true, false, ERROR_CANCELED, NULL},
	{"a late connection", "reg.io", "8.8.8.8", 443, false, false, true, false, ERROR_CANCELED,
	 NULL},
	{"late before all else", "reg.io", "10.0.0.6", 22, true, false, true, false, ERROR_CANCELED,
	 NULL},
	{"late cleanup", "reg.io", "8.8.8.8", 443, false, false, true, true, ALLOWED, NULL},
	{"the lookup of a late cleanup", "reg.io", NULL, 0, false, false, true, true,
	 ERROR_CANCELED, NULL},
	{"late cleanup inside", "reg.io", "10.0.0.6", 443, true, false, true, true, ERROR_REFUSED,
	 "internal"},
	{"cleanup is no licence", "reg.io", "8.8.8.8", 22, false, false, false, true, ERROR_REFUSED,
	 "port 22"},
};

static const struct sockaddr *address_of(const char *text, unsigned port,
					 struct sockaddr_storage *out)
{
	if (!text)
		return NULL;
	assert_true(address_parse(text, out));
	if (out->ss_family == AF_INET6)
		((struct sockaddr_in6 *)out)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)out)->sin_port = htons((uint16_t)port);
	return (const struct sockaddr *)out;
}

static void test_decisions(void **state)
{
	static struct ports ports;
	(void)state;
	ports_add_host(&ports, STR("reg.io"), false);
	for (size_t i = 0; i < array_count(cases); i++) {
		struct sockaddr_storage storage;
		struct error err = {0};
		const struct admission connection = {
			.host = cases[i].host,
			.address = address_of(cases[i].address, cases[i].port, &storage),
			.ports = &ports,
			.chosen = cases[i].chosen,
			.proxied = cases[i].proxied,
			.stopping = cases[i].stopping,
			.cleanup = cases[i].cleanup};
		bool allowed = admission_check(&connection, &err);
		if (allowed != (cases[i].kind == ALLOWED))
			fail_msg("%s: %s", cases[i].name, allowed ? "allowed" : err.text);
		if (!allowed && (int)err.kind != cases[i].kind)
			fail_msg("%s: kind %d, %s", cases[i].name, (int)err.kind, err.text);
		if (cases[i].reason && !strstr(err.text, cases[i].reason))
			fail_msg("%s: %s", cases[i].name, err.text);
	}
}

static void test_any_port(void **state)
{
	struct sockaddr_storage storage;
	struct error err;
	const struct admission connection = {.host = "reg.io",
					     .address = address_of("8.8.8.8", 22, &storage)};
	(void)state;
	assert_true(admission_check(&connection, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_any_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
