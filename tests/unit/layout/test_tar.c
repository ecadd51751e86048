/* Headers of tar: what is written is read again, and what others write is understood. */
#include "layout/tar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_there_and_back(void **state)
{
	static const struct {
		const char *name;
		int64_t size;
	} rows[] = {
		{"index.json", 0},
		{"blobs/sha256/" HEX64, 12345},
		{"blobs/sha512/" HEX64, 0777777777777},
		{"blobs/sha512/" HEX64, (int64_t)1 << 33},
		{"blobs/sha256/" HEX64, ((int64_t)1 << 40) + 7},
		{"a/" HEX64 "/" HEX64, 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char block[TAR_BLOCK];
		struct tar_member member;
		struct error err;
		tar_header(rows[i].name, rows[i].size, block);
		assert_true(tar_parse(block, &member, &err));
		assert_int_equal(member.kind, TAR_FILE);
		assert_string_equal(member.name, rows[i].name);
		assert_true(member.size == rows[i].size);
		block[3] ^= 1;
		assert_false(tar_parse(block, &member, &err));
		assert_int_equal(err.kind, ERROR_CORRUPT);
	}
}

static void test_the_end(void **state)
{
	static const char zeros[TAR_BLOCK];
	struct tar_member member;
	struct error err;
	(void)state;
	assert_true(tar_parse(zeros, &member, &err));
	assert_int_equal(member.kind, TAR_END);
}

static void test_padding(void **state)
{
	(void)state;
	assert_int_equal(tar_padding(0), 0);
	assert_int_equal(tar_padding(1), 511);
	assert_int_equal(tar_padding(512), 0);
	assert_int_equal(tar_padding(513), 511);
}

static void test_records(void **state)
{
	struct tar_member next = {.size = -1};
	(void)state;
	tar_extend(STR("12 path=a/b\n30 mtime=1700000000.123456789\n16 size=8589934\n"), &next);
	assert_string_equal(next.name, "a/b");
	assert_true(next.size == 8589934);
	tar_extend(STR("12 path=c/d\n11 size=77\n"), &next);
	assert_string_equal(next.name, "c/d");
	assert_true(next.size == 77);
	tar_extend(STR("99 path=x\n"), &next);
	tar_extend(STR("0 path=x\n"), &next);
	tar_extend(STR("x"), &next);
	assert_string_equal(next.name, "c/d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_the_end),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
