/* The keys of a record: which are the name of an image, and what their parts are. */
#include "serve/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_keys(void **state)
{
	static const struct {
		const char *key, *source, *path, *tag, *destination;
	} valid[] = {
		{"quay.io/ns/img:1.0&dst.io", "quay.io/ns/img", "ns/img", "1.0", "dst.io"},
		{"quay.io/ns/img:1.0&", "quay.io/ns/img", "ns/img", "1.0", ""},
		{"q.io:5000/img:v1&reg.io:5/a/b", "q.io:5000/img", "img", "v1", "reg.io:5/a/b"},
		{"localhost/img:v1&reg:5", "localhost/img", "img", "v1", "reg:5"},
		{"[::1]:5000/a/b:v1&reg", "[::1]:5000/a/b", "a/b", "v1", "reg"},
		{"Quay.io/ns/img:A_b-c.d&X", "Quay.io/ns/img", "ns/img", "A_b-c.d", "X"},
	};
	struct record_key parts;
	struct error err;
	(void)state;
	for (size_t i = 0; i < array_count(valid); i++) {
		if (!record_split(str_of(valid[i].key), &parts, &err))
			fail_msg("%s: %s", valid[i].key, err.text);
		assert_true(str_is(parts.source, valid[i].source));
		assert_true(str_is(parts.path, valid[i].path));
		assert_true(str_is(parts.tag, valid[i].tag));
		assert_true(str_is(parts.destination, valid[i].destination));
		assert_true(str_ends(str_of(valid[i].key), parts.image.at));
		assert_true(str_starts(parts.image, valid[i].path));
	}
}

static void test_no_keys(void **state)
{
	static const char *const wrong[] = {
		"",
		"&",
		":&",
		"/:&",
		"quay.io/ns/img:1.0",
		"quay.io/ns/img&dst.io",
		"quay.io/ns/img:&dst.io",
		"quay.io/:1&dst.io",
		"/ns/img:1&dst.io",
		"ns/img:1&dst.io",
		"img:1&dst.io",
		"quay.io/ns/../img:1&dst.io",
		"quay.io/ns/img:1&dst.io&",
		"quay.io/ns/img:1&a&dst.io",
		"quay.io/ns/img:1& dst.io",
		"quay.io/ns/img:1&dst\n.io",
		"quay.io/ns/img:1&\xc3\xa4.io",
		"quay.io/ns/i g:1&dst.io",
		"quay.io/ns/img:-1&dst.io",
		"user@quay.io/ns/img:1&dst.io",
		"https://quay.io/ns/img:1&dst.io",
		"quay.io:5000/img&dst.io",
		"quay.io/img@sha256:"
		"0123456789012345678901234567890123456789012345678901234567890123&dst.io",
	};
	struct record_key parts;
	struct error err;
	char text[2000];
	(void)state;
	for (size_t i = 0; i < array_count(wrong); i++) {
		if (record_split(str_of(wrong[i]), &parts, &err))
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_int_equal(err.kind, ERROR_CONFIG);
	}
	snprintf(text, sizeof(text), "quay.io/a:1&%0*d", RECORD_DESTINATION_MAX, 0);
	assert_true(record_split(str_of(text), &parts, &err));
	snprintf(text, sizeof(text), "quay.io/a:1&%0*d", RECORD_DESTINATION_MAX + 1, 0);
	assert_false(record_split(str_of(text), &parts, &err));
	snprintf(text, sizeof(text), "quay.io/%0300d:1&a", 0);
	assert_false(record_split(str_of(text), &parts, &err));
	snprintf(text, sizeof(text), "quay.io/a:%0129d&a", 0);
	assert_false(record_split(str_of(text), &parts, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_no_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
