/* Which addresses are internal, in every way of writing them. */
#include "base/scoped.h"
#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *text;
	bool internal, link_local;
} table[] = {
	{"8.8.8.8", false, false},
	{"1.0.0.1", false, false},
	{"0.0.0.0", true, false},
	{"0.255.255.255", true, false},
	{"9.255.255.255", false, false},
	{"10.0.0.0", true, false},
	{"10.255.255.255", true, false},
	{"11.0.0.0", false, false},
	{"100.63.255.255", false, false},
	{"100.64.0.0", true, false},
	{"100.100.100.200", true, false},
	{"100.128.0.0", false, false},
	{"127.0.0.1", true, false},
	{"127.255.255.254", true, false},
	{"128.0.0.1", false, false},
	{"169.253.255.255", false, false},
	{"169.254.169.254", true, true},
	{"169.255.0.0", false, false},
	{"172.15.255.255", false, false},
	{"172.16.0.0", true, false},
	{"172.31.255.255", true, false},
	{"172.32.0.0", false, false},
	{"192.0.0.192", true, false},
	{"192.0.1.1", false, false},
	{"192.167.255.255", false, false},
	{"192.168.0.1", true, false},
	{"192.169.0.0", false, false},
	{"198.17.255.255", false, false},
	{"198.18.0.1", true, false},
	{"198.20.0.0", false, false},
	{"223.255.255.255", false, false},
	{"224.0.0.1", true, false},
	{"255.255.255.255", true, false},
	{"2001:4860:4860::8888", false, false},
	{"[2606:4700::1111]", false, false},
	{"::", true, false},
	{"::1", true, false},
	{"[::1]", true, false},
	{"fe80::1", true, true},
	{"[fe80::1%25eth0]", true, true},
	{"febf::1", true, true},
	{"fc00::1", true, false},
	{"fd00:ec2::254", true, false},
	{"ff02::1", true, false},
	{"::ffff:127.0.0.1", true, false},
	{"::ffff:8.8.8.8", false, false},
	{"::ffff:169.254.169.254", true, true},
	{"64:ff9b::10.0.0.1", true, false},
	{"64:ff9b::8.8.8.8", false, false},
	{"64:ff9b::a9fe:a9fe", true, true},
	{"64:ff9b:1::1", true, false},
	{"2002:7f00:1::", true, false},
	{"2002:808:808::", false, false},
	{"3fff::1", false, false},
	{"4000::1", true, false},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(table); i++) {
		struct sockaddr_storage address;
		const struct sockaddr *generic = (const struct sockaddr *)&address;
		print_message("%s\n", table[i].text);
		assert_true(address_parse(table[i].text, &address));
		assert_int_equal(address_internal(generic), table[i].internal);
		assert_int_equal(address_link_local(generic), table[i].link_local);
	}
}

static void test_names_are_no_addresses(void **state)
{
	static const char *const names[] = {
		"localhost", "example.com",
		"",          "1.2.3",
		"1.2.3.4.5", "0x7f.1",
		"[",         "2130706433",
		"::g",       "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0"};
	struct sockaddr_storage address;
	(void)state;
	for (size_t i = 0; i < array_count(names); i++)
		assert_false(address_parse(names[i], &address));
}

static void test_other_families_are_internal(void **state)
{
	const struct sockaddr address = {.sa_family = AF_UNIX};
	(void)state;
	assert_true(address_internal(&address));
	assert_false(address_link_local(&address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_names_are_no_addresses),
		cmocka_unit_test(test_other_families_are_internal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
