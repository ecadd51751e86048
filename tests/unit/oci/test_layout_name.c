/* Names of folders: which part is what, what is the same folder, and what is refused. */
#include "oci/layout_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEX8 "0123abcd"
#define DIGEST "sha256:" HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8

struct row {
	const char *text;
	const char *host, *repository, *tag, *digest;
	const char *folder; /* NULL: refused, for a reason with host in it */
};

static const struct row rows[] = {
	{"oci:/mnt/usb/app", "oci:", "mnt/usb/app", NULL, NULL, "/mnt/usb/app"},
	{"oci:/mnt/usb/app:v1", "oci:", "mnt/usb/app", "v1", NULL, "/mnt/usb/app"},
	{"oci:/a/b@" DIGEST, "oci:", "a/b", NULL, DIGEST, "/a/b"},
	{"oci:/a/b:v1@" DIGEST, "oci:", "a/b", "v1", DIGEST, "/a/b"},
	{"oci:x", "oci:.", "x", NULL, NULL, "./x"},
	{"oci:./x", "oci:.", "x", NULL, NULL, "./x"},
	{"oci:././/x/./y/", "oci:.", "x/y", NULL, NULL, "./x/y"},
	{"oci:x/y:v1", "oci:.", "x/y", "v1", NULL, "./x/y"},
	{"oci:../x", "oci:..", "x", NULL, NULL, "../x"},
	{"oci:../../x/y", "oci:../..", "x/y", NULL, NULL, "../../x/y"},
	{"oci:./../x", "oci:..", "x", NULL, NULL, "../x"},
	{"oci:.", "oci:.", ".", NULL, NULL, "./."},
	{"oci:..", "oci:..", ".", NULL, NULL, "../."},
	{"oci:/", "oci:", ".", NULL, NULL, "/."},
	{"oci:5000/app", "oci:.", "5000/app", NULL, NULL, "./5000/app"},
	{"oci:localhost/app", "oci:.", "localhost/app", NULL, NULL, "./localhost/app"},
	{"ocidir://x/y:v1", "oci:.", "x/y", "v1", NULL, "./x/y"},
	{"ocidir:///a/b", "oci:", "a/b", NULL, NULL, "/a/b"},
	{"ocidir:x", "oci:.", "x", NULL, NULL, "./x"},
	{"oci:/A b/\xc3\xa9+#", "oci:", "A b/\xc3\xa9+#", NULL, NULL, "/A b/\xc3\xa9+#"},
	{"oci:/.hidden/~/x..y", "oci:", ".hidden/~/x..y", NULL, NULL, "/.hidden/~/x..y"},
	{"oci:./~", "oci:.", "~", NULL, NULL, "./~"},
	{"oci-archive:/a/x.tar", "oci-archive:", "a/x.tar", NULL, NULL, "/a/x.tar"},
	{"oci-archive:x.tar/a/b:v1", "oci-archive:.", "x.tar/a/b", "v1", NULL, "./x.tar/a/b"},
	{"oci-archive:x.tar.d/blobs", "an archive is a file whose name ends", NULL, NULL, NULL,
	 NULL},
	{"oci-archive:.tar", "an archive is a file whose name ends", NULL, NULL, NULL, NULL},
	{"oci:", "no folder behind the ':'", NULL, NULL, NULL, NULL},
	{"oci:~/x", "a shell does not replace '~'", NULL, NULL, NULL, NULL},
	{"oci:C:/x", "no ':' may be in the name", NULL, NULL, NULL, NULL},
	{"oci:/a:b/c:v1", "no ':' may be in the name", NULL, NULL, NULL, NULL},
	{"oci:/a@b/c", "no '@' may be in the name", NULL, NULL, NULL, NULL},
	{"oci:/a@b", "invalid digest", NULL, NULL, NULL, NULL},
	{"oci:/a*/b", "no '*' may be in the name", NULL, NULL, NULL, NULL},
	{"oci:/a\\b", "no '\\' may be in the name", NULL, NULL, NULL, NULL},
	{"oci:/a\nb", "control characters", NULL, NULL, NULL, NULL},
	{"oci:/a\xff", "UTF-8", NULL, NULL, NULL, NULL},
	{"oci:/a/../b", "\"..\" stands only at the beginning", NULL, NULL, NULL, NULL},
	{"oci:/..", "\"..\" stands only at the beginning", NULL, NULL, NULL, NULL},
	{"oci:/a/blobs", "is a part of a layout", NULL, NULL, NULL, NULL},
	{"oci:/a:", "empty tag", NULL, NULL, NULL, NULL},
	{"oci:/a:v 1", "invalid tag", NULL, NULL, NULL, NULL},
};

static void same(const char *text, const char *want, const char *got)
{
	if ((want == NULL) != (got == NULL) || (want && strcmp(want, got) != 0))
		fail_msg("%s: %s instead of %s", text, got ? got : "nothing",
			 want ? want : "nothing");
}

static void test_rows(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		const struct row *row = &rows[i];
		struct reference ref;
		struct error err;
		bool ok = layout_name_parse(arena, str_of(row->text), &ref, &err);
		if (ok != (row->folder != NULL))
			fail_msg("%s: %s", row->text, ok ? "accepted" : err.text);
		if (!ok && !strstr(err.text, row->host))
			fail_msg("%s: %s", row->text, err.text);
		if (!ok)
			continue;
		same(row->text, row->host, ref.host);
		same(row->text, row->repository, ref.repository);
		same(row->text, row->tag, ref.tag);
		same(row->text, row->digest, ref.digest);
		same(row->text, row->folder, layout_name_folder(arena, &ref));
		assert_true(layout_name_host(ref.host));
	}
}

/* What prints is the same name again: lists of images and rules of namespaces rely on it. */
static void test_printed_is_read(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct reference ref, again;
		struct error err;
		if (!layout_name_parse(arena, str_of(rows[i].text), &ref, &err))
			continue;
		const char *printed = reference_string(arena, &ref);
		assert_true(reference_parse(arena, str_of(printed), &again, &err));
		same(printed, printed, reference_string(arena, &again));
		same(printed, ref.host, again.host);
	}
}

static void test_archives(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference ref;
	struct error err;
	(void)state;
	assert_true(layout_name_parse(arena, STR("oci-archive:/a/x.tar/y.tar/z:v1"), &ref, &err));
	assert_true(layout_name_archived(ref.host));
	assert_string_equal(layout_name_file(arena, &ref), "/a/x.tar");
	assert_string_equal(layout_name_inside(&ref), "y.tar/z");
	assert_true(layout_name_parse(arena, STR("oci-archive:x.tar"), &ref, &err));
	assert_string_equal(layout_name_file(arena, &ref), "./x.tar");
	assert_string_equal(layout_name_inside(&ref), "");
}

static void test_hosts_of_registries(void **state)
{
	static const char *const hosts[] = {"oci", "oci:5000", "oci.io", "docker.io", "ocidir:1"};
	(void)state;
	for (size_t i = 0; i < array_count(hosts); i++)
		assert_false(layout_name_host(hosts[i]));
	assert_int_equal(layout_name_scheme(STR("oci.io/x")), 0);
	assert_int_equal(layout_name_scheme(STR("ociregistry/x")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_printed_is_read),
		cmocka_unit_test(test_archives),
		cmocka_unit_test(test_hosts_of_registries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
