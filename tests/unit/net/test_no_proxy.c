/*
 * Which hosts NO_PROXY excepts. The first table is what golang.org/x/net/http/httpproxy says, row
 * by row; the second is what is understood beyond it.
 */
#include "net/no_proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *list, *host, *port;
	bool covered;
};

static const struct row as_go[] = {
	{"", "example.com", "443", false},
	{"*", "example.com", "443", true},
	{"*,foo.com", "bar.com", "80", true},
	{" * ", "bar.com", "80", true},
	{"foo.com, *", "bar.com", "80", true},
	{"**", "bar.com", "80", false},
	{"*:443", "bar.com", "443", false},
	{"example.com", "example.com", "443", true},
	{"example.com", "www.example.com", "443", true},
	{"example.com", "a.b.example.com", "443", true},
	{"example.com", "notexample.com", "443", false},
	{"example.com", "example.com.evil.test", "443", false},
	{"example.com", "example.org", "443", false},
	{".example.com", "example.com", "443", false},
	{".example.com", "www.example.com", "443", true},
	{".example.com", "a.b.example.com", "443", true},
	{".example.com", "wwwexample.com", "443", false},
	{"*.example.com", "example.com", "443", false},
	{"*.example.com", "www.example.com", "443", true},
	{"*.example.com", "a.b.example.com", "443", true},
	{"*example.com", "www.example.com", "443", false},
	{"*example.com", "notexample.com", "443", false},
	{"www.*.com", "www.example.com", "443", false},
	{"*.*.com", "a.b.com", "443", false},
	{"..example.com", "a.example.com", "443", false},
	{"EXAMPLE.Com", "www.example.com", "443", true},
	{"*.EXAMPLE.COM", "www.example.com", "443", true},
	{"example.com:443", "example.com", "443", true},
	{"example.com:443", "example.com", "8443", false},
	{"example.com:443", "www.example.com", "443", true},
	{".example.com:8443", "www.example.com", "8443", true},
	{".example.com:8443", "example.com", "8443", false},
	{".example.com:8443", "www.example.com", "443", false},
	{"*.example.com:8443", "www.example.com", "8443", true},
	{"*.example.com:8443", "www.example.com", "443", false},
	{"*.example.com:8443", "example.com", "8443", false},
	{"example.com:", "www.example.com", "443", true},
	{"example.com:0443", "www.example.com", "443", false},
	{"example.com:https", "www.example.com", "443", false},
	{":443", "example.com", "443", false},
	{",,,", "example.com", "443", false},
	{" , example.com ,", "example.com", "443", true},
	{"\texample.com\t", "example.com", "443", true},
	{"a.test,b.test,c.test", "b.test", "443", true},
	{"a.test,b.test,c.test", "d.test", "443", false},
	{"com", "example.com", "443", true},
	{".com", "example.com", "443", true},
	{".com", "com", "443", false},
	{".", "example.com", "443", false},
	{"*.", "example.com", "443", false},
	{"localhost", "localhost", "80", true},
	{"", "localhost", "80", true},
	{"", "localhost", "5000", true},
	{"", "127.0.0.1", "80", true},
	{"", "127.8.9.10", "5000", true},
	{"", "[::1]", "443", true},
	{"", "[::ffff:127.0.0.1]", "443", true},
	{"", "128.0.0.1", "443", false},
	{"", "[::2]", "443", false},
	{"", "localhost.localdomain", "443", false},
	{"10.1.2.3", "10.1.2.3", "443", true},
	{"10.1.2.3", "10.1.2.4", "443", false},
	{"10.1.2.3", "110.1.2.3", "443", false},
	{"10.1.2", "10.1.2.3", "443", false},
	{"10.1.2.", "10.1.2.3", "443", false},
	{"10.*", "10.1.2.3", "443", false},
	{".2.3", "10.1.2.3", "443", false},
	{"10.1.2.3:443", "10.1.2.3", "443", true},
	{"10.1.2.3:443", "10.1.2.3", "80", false},
	{"10.1.2.3:", "10.1.2.3", "80", true},
	{"010.1.2.3", "10.1.2.3", "443", false},
	{"10.1.2.3/32", "10.1.2.3", "443", true},
	{"10.1.2.3/32", "10.1.2.4", "443", false},
	{"10.0.0.0/8", "10.255.0.1", "443", true},
	{"10.0.0.0/8", "11.0.0.1", "443", false},
	{"10.77.0.0/8", "10.1.2.3", "443", true},
	{"10.0.0.0/9", "10.127.255.255", "443", true},
	{"10.0.0.0/9", "10.128.0.0", "443", false},
	{"10.0.0.0/31", "10.0.0.1", "443", true},
	{"10.0.0.0/31", "10.0.0.2", "443", false},
	{"0.0.0.0/0", "8.8.8.8", "443", true},
	{"0.0.0.0/0", "[2001:db8::1]", "443", false},
	{"0.0.0.0/0", "example.com", "443", false},
	{"10.0.0.0/8:443", "10.1.2.3", "443", false},
	{"10.0.0.0/33", "10.1.2.3", "443", false},
	{"10.0.0.0/", "10.1.2.3", "443", false},
	{"10.0.0.0/08", "10.1.2.3", "443", true},
	{"10.0.0.0/+8", "10.1.2.3", "443", false},
	{"10.0.0.0/-8", "10.1.2.3", "443", false},
	{"10.0.0.0/255.0.0.0", "10.1.2.3", "443", false},
	{"10/8", "10.1.2.3", "443", false},
	{"10.0.0.0/8/8", "10.1.2.3", "443", false},
	{"example.com/8", "example.com", "443", false},
	{"2001:db8::1", "[2001:db8::1]", "443", true},
	{"2001:DB8::1", "[2001:db8::1]", "443", true},
	{"2001:db8:0:0::1", "[2001:db8::1]", "443", true},
	{"2001:db8::1", "[2001:db8::2]", "443", false},
	{"[2001:db8::1]:443", "[2001:db8::1]", "443", true},
	{"[2001:db8::1]:443", "[2001:db8::1]", "8443", false},
	{"[2001:db8::1]:", "[2001:db8::1]", "8443", true},
	{"2001:db8::1:443", "[2001:db8::1]", "443", false},
	{"2001:db8::/32", "[2001:db8:1::1]", "443", true},
	{"2001:db8::/32", "[2001:db9::1]", "443", false},
	{"2001:db8::/33", "[2001:db8:7fff::1]", "443", true},
	{"2001:db8::/33", "[2001:db8:8000::1]", "443", false},
	{"2001:db8::1/128", "[2001:db8::1]", "443", true},
	{"2001:db8::1/129", "[2001:db8::1]", "443", false},
	{"::/0", "[2001:db8::1]", "443", true},
	{"::/0", "10.1.2.3", "443", false},
	{"::/0", "[::ffff:10.1.2.3]", "443", false},
	{"[2001:db8::]/32", "[2001:db8::1]", "443", false},
	{"::ffff:10.1.2.3", "10.1.2.3", "443", true},
	{"10.1.2.3", "[::ffff:10.1.2.3]", "443", true},
	{"10.0.0.0/8", "[::ffff:10.1.2.3]", "443", true},
	{"[10.1.2.3]:443", "10.1.2.3", "443", true},
	{"[example.com]:443", "example.com", "443", true},
	{"fe80::1%eth0", "[fe80::1]", "443", false},
	{"xn--bcher-kva.example", "xn--bcher-kva.example", "443", true},
	{"example.com;foo.com", "foo.com", "443", false},
	{"http://example.com", "example.com", "443", false},
	{"https://example.com:443", "example.com", "443", false},
	{"user@example.com", "example.com", "443", false},
	{"169.254.169.254", "169.254.169.254", "80", true},
	{"::1,example.com", "example.com", "443", true},
	{"[::1", "example.com", "443", false},
	{"]", "example.com", "443", false},
	{"[]", "example.com", "443", false},
	{"[]:443", "example.com", "443", false},
	{"a:b:c", "a", "443", false},
	{"example.com:443:443", "example.com", "443", false},
};

static const struct row beyond_go[] = {
	{"a.test b.test", "b.test", "443", true},
	{"a.test\tb.test\r\n c.test,\n", "c.test", "443", true},
	{"a.test, *", "b.test", "443", true},
	{"example.com.", "example.com", "443", true},
	{"example.com.", "www.example.com", "443", true},
	{"example.com.:443", "www.example.com", "443", true},
	{".example.com.", "www.example.com", "443", true},
	{"example.com", "www.example.com.", "443", true},
	{"Example.COM", "WWW.eXample.com", "443", true},
	{"", "LOCALHOST", "80", true},
	{"", "localhost.", "80", true},
	{"[2001:db8::1]", "[2001:db8::1]", "443", true},
	{"[2001:db8::1]", "[2001:db8::2]", "443", false},
};

static void check(const struct row *rows, size_t count)
{
	scoped(arena_free) struct arena *arena = arena_new();
	for (size_t i = 0; i < count; i++) {
		struct no_proxy list;
		assert_true(no_proxy_parse(arena, str_of(rows[i].list), &list));
		if (no_proxy_covers(&list, rows[i].host, rows[i].port) != rows[i].covered)
			fail_msg("row %zu: \"%s\" %s %s:%s", i, rows[i].list,
				 rows[i].covered ? "does not cover" : "covers", rows[i].host,
				 rows[i].port);
	}
}

static void test_as_go(void **state)
{
	(void)state;
	check(as_go, array_count(as_go));
}

static void test_beyond_go(void **state)
{
	(void)state;
	check(beyond_go, array_count(beyond_go));
}

/* Without the variable. */
static void test_no_list(void **state)
{
	const struct no_proxy none = {0};
	(void)state;
	assert_false(no_proxy_covers(&none, "example.com", "443"));
	assert_true(no_proxy_covers(&none, "127.0.0.1", "443"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_go),
		cmocka_unit_test(test_beyond_go),
		cmocka_unit_test(test_no_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
