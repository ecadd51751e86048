/* Digests computed by a second thread: the same as without, whatever the pieces are. */
#include "copy/move/hashing.h"

#include "base/scoped.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MIB = 1024 * 1024, SIZE = 24 * MIB };

static char bytes[SIZE];

static void fill(void)
{
	uint32_t seed = 1;
	for (size_t i = 0; i < SIZE; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (char)(seed >> 24);
	}
}

static void expect(struct digest_hash hash, const char *name, size_t len)
{
	struct digest_hash plain;
	char wanted[DIGEST_TEXT_SIZE], found[DIGEST_TEXT_SIZE];
	digest_start(&plain, str_of(name));
	digest_update(&plain, bytes, len);
	digest_finish(&plain, wanted);
	digest_finish(&hash, found);
	assert_string_equal(found, wanted);
}

/* Adds all bytes in pieces of at most that size, and asks for the state every 5 MiB. */
static void run(int helpers, const char *name, size_t most, bool helped)
{
	struct hashers hashers = {helpers};
	scoped(hashing_finish) struct hashing hashing = {0};
	struct digest_hash start;
	size_t asked = 0;
	digest_start(&start, str_of(name));
	hashing_begin(&hashing, &hashers, &start, SIZE);
	for (size_t done = 0, len; done < SIZE; done += len) {
		char piece[MIB];
		len = 1 + (done * 7919) % most;
		len = len < SIZE - done ? len : SIZE - done;
		memcpy(piece, bytes + done, len);
		hashing_add(&hashing, piece, len);
		memset(piece, 0, len);
		if (done + len - asked < (size_t)5 * MIB)
			continue;
		asked = done + len;
		expect(*hashing_state(&hashing), name, asked);
	}
	assert_true((hashing.helper != NULL) == helped);
	expect(*hashing_state(&hashing), name, SIZE);
	hashing_finish(&hashing);
	assert_int_equal(hashers.free, helpers);
}

static void test_same_digest(void **state)
{
	static const size_t pieces[] = {4096, 65536, 65537, 262144, MIB};
	(void)state;
	fill();
	for (size_t i = 0; i < array_count(pieces); i++) {
		run(1, "sha256:", pieces[i], true);
		run(0, "sha256:", pieces[i], false);
	}
	run(2, "sha512:", 262144, true);
}

/* What breaks off is not waited for. */
static void test_end_in_the_middle(void **state)
{
	struct hashers hashers = {1};
	struct digest_hash start;
	(void)state;
	digest_start(&start, STR("sha256:"));
	for (size_t len = 1; len < SIZE / 8; len = len * 3 + 1) {
		scoped(hashing_finish) struct hashing hashing;
		hashing_begin(&hashing, &hashers, &start, SIZE);
		hashing_add(&hashing, bytes, len);
		assert_non_null(hashing.helper);
	}
	assert_int_equal(hashers.free, 1);
}

/* There are no more helpers than that, and small blobs get none; one that becomes free is taken. */
static void test_who_gets_one(void **state)
{
	struct hashers hashers = {1};
	struct hashing first, second, small;
	struct digest_hash start;
	(void)state;
	digest_start(&start, STR("sha256:"));
	hashing_begin(&small, &hashers, &start, MIB);
	hashing_add(&small, bytes, MIB);
	assert_null(small.helper);
	hashing_begin(&first, &hashers, &start, SIZE);
	hashing_begin(&second, &hashers, &start, SIZE);
	hashing_add(&first, bytes, MIB);
	hashing_add(&second, bytes, MIB);
	assert_non_null(first.helper);
	assert_null(second.helper);
	hashing_finish(&first);
	hashing_add(&second, bytes + MIB, MIB);
	assert_non_null(second.helper);
	expect(*hashing_state(&second), "sha256:", 2 * (size_t)MIB);
	hashing_finish(&second);
	hashing_finish(&small);
	assert_int_equal(hashers.free, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_digest),
		cmocka_unit_test(test_end_in_the_middle),
		cmocka_unit_test(test_who_gets_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
