/* Digests: the grammar, and the published test vectors of FIPS 180-4. */
#include "oci/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEX8 "0123abcd"
#define HEX64 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8
#define EMPTY256 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC256 "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC512                                                                                     \
	"sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"  \
	"36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

static const struct {
	struct str text;
	bool valid;
} grammar[] = {
	{STR("sha256:" HEX64), true},
	{STR("sha512:" HEX64 HEX64), true},
	{STR(EMPTY256), true},
	{STR(""), false},
	{STR("sha256"), false},
	{STR("sha256:"), false},
	{STR("sha256:abc"), false},
	{STR("sha256:" HEX64 "0"), false},
	{STR("sha256:" HEX64 HEX64), false},
	{STR("sha512:" HEX64), false},
	{STR("SHA256:" HEX64), false},
	{STR("sha384:" HEX64 HEX8 HEX8 HEX8 HEX8), false},
	{STR("sha256:0123ABCD" HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8), false},
	{STR("sha256:012g abc" HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8), false},
	{STR("sha256 " HEX64), false},
	{STR(" sha256:" HEX64), false},
	{STR("sha256:" HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 "0123abc\0"), false},
};

static void test_grammar(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(grammar); i++)
		if (digest_valid(grammar[i].text) != grammar[i].valid)
			fail_msg("%.*s", STR_ARGS(grammar[i].text));
}

static void test_vectors(void **state)
{
	char text[DIGEST_TEXT_SIZE];
	(void)state;
	digest_of((struct str){0}, text);
	assert_string_equal(text, EMPTY256);
	digest_of(STR("abc"), text);
	assert_string_equal(text, ABC256);
}

/* A million times "a", in pieces of every size up to 999, so that block edges fall everywhere. */
static void test_pieces(void **state)
{
	static char letters[1000];
	struct digest_hash hash;
	char text[DIGEST_TEXT_SIZE];
	size_t left = 1000000;
	(void)state;
	memset(letters, 'a', sizeof(letters));
	digest_start(&hash, STR(EMPTY256));
	for (size_t piece = 0; left; piece = (piece + 1) % sizeof(letters)) {
		size_t len = piece < left ? piece : left;
		digest_update(&hash, letters, len);
		left -= len;
	}
	digest_finish(&hash, text);
	assert_string_equal(
		text, "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_sha512(void **state)
{
	struct digest_hash hash;
	char text[DIGEST_TEXT_SIZE];
	(void)state;
	digest_start(&hash, STR(ABC512));
	digest_update(&hash, "abc", 3);
	digest_finish(&hash, text);
	assert_string_equal(text, ABC512);
}

static void test_verify(void **state)
{
	struct error err = {0};
	(void)state;
	assert_true(digest_verify(STR("abc"), STR(ABC256), &err));
	assert_true(digest_verify(STR("abc"), STR(ABC512), &err));
	assert_true(digest_verify((struct str){0}, STR(EMPTY256), &err));
	assert_false(digest_verify(STR("abd"), STR(ABC256), &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_non_null(strstr(err.text, ABC256));
	assert_non_null(strstr(err.text,
			       "sha256:a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65c"
			       "be86298449c9"));
	assert_false(digest_verify(STR("abc"), STR("md5:900150983cd24fb0d6963f7d28e17f72"), &err));
	assert_int_equal(err.kind, ERROR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar), cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_pieces),  cmocka_unit_test(test_sha512),
		cmocka_unit_test(test_verify),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
