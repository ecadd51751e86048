/* Base64: the vectors of RFC 4648, section 10, and what must not decode. */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *plain, *encoded;
} vectors[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xff\xfe\xfd\xfb\xf0", "//79+/A="},
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(vectors); i++) {
		scoped(buf_finish) struct buf out = {0};
		scoped(buf_finish) struct buf back = {0};
		base64_encode(str_of(vectors[i].plain), &out);
		assert_string_equal(buf_string(&out), vectors[i].encoded);
		assert_true(base64_decode(buf_str(&out), &back));
		assert_string_equal(buf_string(&back), vectors[i].plain);
	}
}

static const struct {
	struct str encoded;
	const char *plain; /* NULL: refused */
} loose[] = {
	{STR("Zg"), "f"},          {STR("Zg="), "f"},
	{STR("Zm8"), "fo"},        {STR("Zm9v\nYmFy\n"), "foobar"},
	{STR("Z\ng\n==\n"), "f"},  {STR("Z"), NULL},
	{STR("Zm9vY"), NULL},      {STR("Zm9-"), NULL},
	{STR("Zm_v"), NULL},       {STR("Zg==Zg=="), NULL},
	{STR("Z g"), NULL},        {STR("Zm\0v"), NULL},
	{STR("Zm\xc3\xa4"), NULL},
};

static void test_loose(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(loose); i++) {
		scoped(buf_finish) struct buf out = {0};
		bool decoded = base64_decode(loose[i].encoded, &out);
		if (decoded != (loose[i].plain != NULL))
			fail_msg("%.*s", STR_ARGS(loose[i].encoded));
		if (decoded)
			assert_string_equal(buf_string(&out), loose[i].plain);
	}
}

static void test_all_bytes(void **state)
{
	unsigned char bytes[256];
	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		scoped(buf_finish) struct buf out = {0};
		scoped(buf_finish) struct buf back = {0};
		base64_encode((struct str){(const char *)bytes, len}, &out);
		assert_int_equal(out.len, (len + 2) / 3 * 4);
		assert_true(base64_decode(buf_str(&out), &back));
		assert_int_equal(back.len, len);
		if (len)
			assert_memory_equal(back.at, bytes, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_loose),
		cmocka_unit_test(test_all_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
