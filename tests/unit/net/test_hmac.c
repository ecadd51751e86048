/* HMAC with SHA-256 and SHA-1: cases of RFC 4231 and RFC 2202, and the empty ones. */
#include "net/hmac.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void compare(const char *mac, size_t size, const char *hex)
{
	scoped(buf_finish) struct buf shown = {0};
	for (size_t i = 0; i < size; i++)
		buf_printf(&shown, "%02x", (unsigned char)mac[i]);
	assert_string_equal(buf_string(&shown), hex);
}

static void check(struct str key, struct str text, const char *hex)
{
	char mac[HMAC_SIZE];
	hmac_sha256(key, text, mac);
	compare(mac, sizeof(mac), hex);
}

static void check_sha1(struct str key, struct str text, const char *hex)
{
	char mac[HMAC_SHA1_SIZE];
	hmac_sha1(key, text, mac);
	compare(mac, sizeof(mac), hex);
}

static void test_vectors(void **state)
{
	char long_key[131];
	(void)state;
	memset(long_key, 0xaa, sizeof(long_key));
	check(STR("Jefe"), STR("what do ya want for nothing?"),
	      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	check((struct str){long_key, sizeof(long_key)},
	      STR("Test Using Larger Than Block-Size Key - Hash Key First"),
	      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	check(STR(""), STR(""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
	check_sha1(STR("Jefe"), STR("what do ya want for nothing?"),
		   "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	check_sha1((struct str){long_key, 80},
		   STR("Test Using Larger Than Block-Size Key - Hash Key First"),
		   "aa4ae5e15272d00e95705637ce8a3b55ed402112");
	check_sha1(STR(""), STR(""), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
