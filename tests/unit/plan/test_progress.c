/* What the display is told: the bytes that are left, and the blobs on their way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "plan/progress.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0000000000000000000000aa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb0000000000000000000000bb"

static const char here, there; /* two servers */

static struct progress_view look(struct progress *progress)
{
	struct progress_view view = {0};
	progress_view(progress, &view);
	return view;
}

static void test_left(void **state)
{
	struct progress *progress = progress_new();
	(void)state;
	progress_expect(progress, &here, A, 100);
	progress_expect(progress, &here, A, 100); /* of another image */
	progress_expect(progress, &there, A, 100);
	progress_expect(progress, &here, B, 20);
	assert_int_equal(look(progress).left, 220);
	progress_settle(progress, &here, A, 100, true);
	progress_settle(progress, &here, A, 100, true);
	assert_int_equal(look(progress).left, 120);
	progress_expect(progress, &here, A, 100); /* it is there */
	assert_int_equal(look(progress).left, 120);
	progress_settle(progress, &here, B, 20, false);
	assert_int_equal(look(progress).left, 100);
	progress_expect(progress, &here, B, 20); /* in the next round */
	assert_int_equal(look(progress).left, 120);
	progress_free(&progress);
}

/* Sizes are whatever a manifest says. */
static void test_sizes_of_others(void **state)
{
	static const int64_t sizes[] = {-5, 0, INT64_MAX, INT64_MAX};
	struct progress *progress = progress_new();
	char digest[16];
	(void)state;
	for (unsigned i = 0; i < array_count(sizes); i++) {
		snprintf(digest, sizeof(digest), "sha256:%u", i);
		progress_expect(progress, &here, digest, sizes[i]);
	}
	assert_int_equal(look(progress).left, INT64_MAX);
	for (unsigned i = 0; i < array_count(sizes); i++) {
		snprintf(digest, sizeof(digest), "sha256:%u", i);
		progress_settle(progress, &here, digest, sizes[i], true);
	}
	assert_int_equal(look(progress).left, 0);
	progress_free(&progress);
}

static void test_transfers(void **state)
{
	const struct reference tagged = {"docker.io", "library/nginx", "1.28", NULL};
	const struct reference pinned = {"docker.io", "library/nginx", NULL, A};
	struct progress_blob blob = {.source = &tagged, .to = "a.io", .digest = A, .size = 100};
	struct progress *progress = progress_new();
	(void)state;
	progress_expect(progress, &here, A, 100);
	int first = progress_begin(progress, &blob);
	progress_advance(progress, first, 60);
	struct progress_view view = look(progress);
	assert_int_equal(view.left, 40);
	assert_int_equal(view.bytes, 60);
	assert_string_equal(view.transfer[0].image, "library/nginx:1.28");
	assert_string_equal(view.transfer[0].to, "a.io");
	assert_string_equal(view.transfer[0].blob, "aaaaaaaaaaaa");
	assert_false(view.several);
	progress_advance(progress, first, 60); /* more than it has */
	assert_int_equal(look(progress).left, 0);
	blob.source = &pinned;
	blob.to = "b.io";
	int second = progress_begin(progress, &blob);
	progress_end(progress, first);
	view = look(progress);
	assert_true(view.several);
	assert_string_equal(view.transfer[0].image, "library/nginx@sha256:aaaaaaaaaaaa");
	progress_end(progress, second);
	assert_int_equal(look(progress).transfers, 0);
	progress_free(&progress);
}

/* Of a long name the end is kept: the tag is there. */
static void test_long_names(void **state)
{
	char repository[REFERENCE_PATH_MAX + 1], tag[REFERENCE_TAG_MAX + 1];
	const struct reference source = {"a.io", repository, tag, NULL};
	const struct progress_blob blob = {.source = &source, .to = repository, .digest = "x"};
	struct progress *progress = progress_new();
	(void)state;
	memset(repository, 'r', sizeof(repository) - 1);
	repository[sizeof(repository) - 1] = '\0';
	memset(tag, 't', sizeof(tag) - 1);
	tag[sizeof(tag) - 1] = '\0';
	progress_begin(progress, &blob);
	struct progress_view view = look(progress);
	assert_int_equal(strlen(view.transfer[0].image), PROGRESS_NAME_SIZE - 1);
	assert_int_equal(strspn(view.transfer[0].image, "t"), PROGRESS_NAME_SIZE - 1);
	assert_int_equal(strlen(view.transfer[0].to), PROGRESS_NAME_SIZE - 1);
	assert_string_equal(view.transfer[0].blob, "x");
	progress_free(&progress);
}

static void test_more_transfers_than_slots(void **state)
{
	const struct reference source = {"a.io", "a", "b", NULL};
	const struct progress_blob blob = {.source = &source, .to = "b.io", .digest = A, .size = 1};
	struct progress *progress = progress_new();
	(void)state;
	for (int i = 0; i < PROGRESS_TRANSFERS; i++)
		assert_int_equal(progress_begin(progress, &blob), i);
	assert_int_equal(progress_begin(progress, &blob), -1);
	progress_advance(progress, -1, 5);
	progress_end(progress, -1);
	assert_int_equal(look(progress).bytes, 5);
	assert_int_equal(look(progress).transfers, PROGRESS_TRANSFERS);
	progress_free(&progress);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_sizes_of_others),
		cmocka_unit_test(test_transfers),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_more_transfers_than_slots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
