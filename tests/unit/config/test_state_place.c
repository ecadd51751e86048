/* Which texts of --state are a file, and which an image. */
#include "config/state_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void print(struct arena *arena, const char *text, struct buf *out)
{
	struct state_place place;
	struct error err;
	if (!state_place_parse(arena, text, &place, &err)) {
		assert_int_equal(err.kind, ERROR_CONFIG);
		buf_printf(out, "! %s", err.text);
	} else if (place.file) {
		buf_printf(out, "file %s", place.file);
	} else {
		reference_print(&place.image, out);
	}
}

static void test_places(void **state)
{
	/* What begins with "!" is a part of the message. */
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{"/var/lib/state", "file /var/lib/state"},
		{"./r.io/state:x", "file ./r.io/state:x"},
		{"../state.json", "file ../state.json"},
		{".cache/state.json", "file .cache/state.json"},
		{"state.json", "file state.json"},
		{"state:x", "file state:x"},
		{"cache/a.b/state.json", "file cache/a.b/state.json"},
		{"r.io/state:x", "r.io/state:x"},
		{"R.io:5000/ops/state:mirror", "r.io:5000/ops/state:mirror"},
		{"localhost/state:x", "localhost/state:x"},
		{"host:5000/state:x", "host:5000/state:x"},
		{"[::1]:5000/state:x", "[::1]:5000/state:x"},
		{"r.io/state", "!write ./r.io/state for a file, or r.io/state:TAG for a"},
		{"r.io/State:x", "!neither a file nor a repository"},
		{"r.io/:x", "!neither a file nor a repository"},
		{"r.io/state:x@sha256:"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 "!a digest never changes"},
		{"-", "!name a file"},
		{"/dev/fd/7", "!name a file"},
		{"cache/", "!cache/ is a folder"},
		{"oci:folder:x", "oci:./folder:x"},
		{"oci:/mnt/usb/state:x", "oci:/mnt/usb/state:x"},
		{"oci:folder", "!write ./oci:folder for a file, or oci:folder:TAG"},
		{"oci-archive:a.tar:x", "!nothing is added to an archive"},
		{"docker:state", "!write HOST/PATH:TAG"},
	};
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(buf_finish) struct buf out = {0};
		bool wrong = cases[i].wanted[0] == '!';
		print(arena, cases[i].text, &out);
		bool right = wrong ? out.at[0] == '!' && strstr(out.at, cases[i].wanted + 1)
				   : strcmp(buf_string(&out), cases[i].wanted) == 0;
		if (!right)
			fail_msg("%s: %s", cases[i].text, buf_string(&out));
		const char *file = state_place_file(cases[i].text);
		bool named = strncmp(cases[i].wanted, "file ", 5) == 0;
		assert_true(!named || file == cases[i].text);
	}
	assert_null(state_place_file(NULL));
	assert_null(state_place_file("r.io/state:x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_places)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
