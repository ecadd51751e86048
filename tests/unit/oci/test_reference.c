/* Names of images: what is accepted and as what, what is refused and with which words. */
#include "oci/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEX8 "0123abcd"
#define HEX64 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8
#define DIGEST "sha256:" HEX64
#define A16 "aaaaaaaaaaaaaaaa"
#define A128 A16 A16 A16 A16 A16 A16 A16 A16

struct row {
	const char *text;
	const char *printed; /* as it prints, or NULL when it is refused */
	const char *error;   /* part of the message */
};

static const struct row rows[] = {
	/* Docker Hub's short forms */
	{"nginx", "docker.io/library/nginx", NULL},
	{"nginx:v1", "docker.io/library/nginx:v1", NULL},
	{"nginx:5000", "docker.io/library/nginx:5000", NULL},
	{"library/nginx", "docker.io/library/nginx", NULL},
	{"coreos/flannel", "docker.io/coreos/flannel", NULL},
	{"docker.io/nginx", "docker.io/library/nginx", NULL},
	{"Docker.IO/nginx", "docker.io/library/nginx", NULL},
	{"docker.io/a/b", "docker.io/a/b", NULL},
	{"index.docker.io/library/nginx:v1", "docker.io/library/nginx:v1", NULL},
	{"index.docker.io/nginx", "docker.io/library/nginx", NULL},
	{"registry-1.docker.io/library/nginx:v1", "registry-1.docker.io/library/nginx:v1", NULL},
	{"registry-1.docker.io/nginx", "registry-1.docker.io/nginx", NULL},
	{"registry.hub.docker.com/library/nginx:v1", "registry.hub.docker.com/library/nginx:v1",
	 NULL},
	/* hosts */
	{"reg.io/a", "reg.io/a", NULL},
	{"Reg.IO/a:v1", "reg.io/a:v1", NULL},
	{"REG.io:5000/a:V1", "reg.io:5000/a:V1", NULL},
	{"localhost/a", "localhost/a", NULL},
	{"localhost:5000/a", "localhost:5000/a", NULL},
	{"127.0.0.1:5000/a", "127.0.0.1:5000/a", NULL},
	{"[::1]:5000/a", "[::1]:5000/a", NULL},
	{"[::1]/a:v1", "[::1]/a:v1", NULL},
	{"[FE80::1]:443/a", "[fe80::1]:443/a", NULL},
	{"reg/a:v1", "docker.io/reg/a:v1", NULL},
	{"my-reg.io:65535/a/b/c/d", "my-reg.io:65535/a/b/c/d", NULL},
	/* repositories, tags, digests */
	{"reg.io/a_b__c/d-e.f:v1", "reg.io/a_b__c/d-e.f:v1", NULL},
	{"reg.io/a---b", "reg.io/a---b", NULL},
	{"reg.io/a:_x.Y-Z", "reg.io/a:_x.Y-Z", NULL},
	{"reg.io/a:" A128, "reg.io/a:" A128, NULL},
	{"reg.io/a@" DIGEST, "reg.io/a@" DIGEST, NULL},
	{"reg.io/a:v9@" DIGEST, "reg.io/a:v9@" DIGEST, NULL},
	{"reg.io/a@sha512:" HEX64 HEX64, "reg.io/a@sha512:" HEX64 HEX64, NULL},
	{"nginx@" DIGEST, "docker.io/library/nginx@" DIGEST, NULL},
	{"reg.io/" HEX64, "reg.io/" HEX64, NULL},
	{HEX8 HEX8, "docker.io/library/" HEX8 HEX8, NULL},
	{"reg.io/" A128 "/" A16 A16 A16 A16 A16 A16 A16 "aaaaaaaaaaaaaa",
	 "reg.io/" A128 "/" A16 A16 A16 A16 A16 A16 A16 "aaaaaaaaaaaaaa", NULL}, /* 255 */
	/* registry without repository */
	{"reg2.io", NULL, "registry without repository: write reg2.io/<repository>"},
	{"reg2.io:5000", NULL, "registry without repository: write reg2.io:5000/<repository>"},
	{"reg2.io/", NULL, "registry without repository"},
	{"reg2.io:5000/", NULL, "registry without repository"},
	{"localhost", NULL, "registry without repository"},
	{"localhost:5000", NULL, "registry without repository"},
	{"[::1]:5000", NULL, "registry without repository: write [::1]:5000/"},
	{"reg2.io@" DIGEST, NULL, "registry without repository"},
	/* the name */
	{"", NULL, "empty image name"},
	{":v1", NULL, "empty repository name"},
	{"@" DIGEST, NULL, "empty repository name"},
	{"REG/a:v1", NULL, "repository name must be lowercase"},
	{"reg.io/A/b:v1", NULL, "repository name must be lowercase"},
	{"Nginx", NULL, "repository name must be lowercase"},
	{"a//b:v1", NULL, "empty component"},
	{"reg.io/a/", NULL, "empty component"},
	{"/a/b:v1", NULL, "starts with '/': remove it, or write oci:/a/b for a folder"},
	{"./a/b:v1", NULL, "write oci:./a/b for a folder"},
	{"../a", NULL, "write oci:../a for a folder"},
	{"~/a", NULL, "write oci:$HOME/a for a folder"},
	{"reg.io/a..b", NULL, "component \"a..b\""},
	{"reg.io/a___b", NULL, "component \"a___b\""},
	{"reg.io/a._b", NULL, "component \"a._b\""},
	{"reg.io/-a", NULL, "component \"-a\""},
	{"reg.io/a-", NULL, "component \"a-\""},
	{"reg.io/a+b", NULL, "component \"a+b\""},
	{"reg.io/a?b=c", NULL, "component"},
	{"reg.io/a/../b", NULL, "component \"..\""},
	{"reg.io/" A128 "/" A16 A16 A16 A16 A16 A16 A16 "aaaaaaaaaaaaaaa", NULL,
	 "must not be more than 255 characters, this one has 256"},
	/* "library/" counts */
	{A128 A16 A16 A16 A16 A16 A16 A16 "aaaaaaa",
	 "docker.io/library/" A128 A16 A16 A16 A16 A16 A16 A16 "aaaaaaa", NULL},
	{A128 A16 A16 A16 A16 A16 A16 A16 "aaaaaaaa", NULL,
	 "must not be more than 255 characters, this one has 256"},
	{HEX64, NULL, "cannot specify 64-byte hexadecimal strings"},
	{"https://reg.io/a/b:v1", NULL, "no scheme allowed: leave out \"https://\""},
	{"oci://reg.io/charts/app", NULL, "no scheme allowed: leave out \"oci://\""},
	{"oci://localhost:5000/app", NULL, "no scheme allowed"},
	{"oci:/tmp/x", "oci:/tmp/x", NULL},
	{"oci://./folder", NULL, "write oci:FOLDER, without \"//\""},
	{"oci://folder", NULL, "write oci:FOLDER, without \"//\""},
	{"ocidir://folder:v1", "oci:./folder:v1", NULL},
	{"oci-archive:x.tar", "oci-archive:./x.tar", NULL},
	{"docker-archive:/tmp/x.tar", NULL, "images are copied between registries, folders"},
	{"docker-daemon:team/app:v1", NULL, "an image of the local docker daemon"},
	{"dir:x", NULL, "a folder is not supported"},
	{"(scratch)", NULL, "an empty image, is not supported"},
	{"oci://(scratch)", NULL, "an empty image, is not supported"},
	{"reg.io/oci:v1", "reg.io/oci:v1", NULL},
	{"oci/dir:v1", "docker.io/oci/dir:v1", NULL},
	{"dir", "docker.io/library/dir", NULL},
	{"docker://nginx", NULL, "no scheme allowed: leave out \"docker://\""},
	{" nginx", NULL, "must not contain blanks"},
	{"nginx ", NULL, "must not contain blanks"},
	{"nginx\n", NULL, "must not contain blanks"},
	{"reg.io/a:v 1", NULL, "must not contain blanks"},
	{"reg.io/\x01", NULL, "printable ASCII"},
	{"reg.io/\xc3\xa9", NULL, "printable ASCII"},
	{"hub.docker.com/_/mysql", NULL, "write docker.io/library/mysql"},
	{"hub.docker.com/r/a/b:v1", NULL, "write docker.io/a/b"},
	{"hub.docker.com/a/b", NULL, "write docker.io/a/b"},
	/* the host */
	{"reg.io:/a", NULL, "invalid port"},
	{"reg.io:0/a", NULL, "invalid port"},
	{"reg.io:65536/a", NULL, "invalid port"},
	{"reg.io:5x/a", NULL, "invalid port"},
	{"reg.io:5000:1/a", NULL, "invalid port"},
	{"reg..io/a", NULL, "invalid registry name \"reg..io\""},
	{".io/a", NULL, "invalid registry name"},
	{"reg.io./a", NULL, "invalid registry name"},
	{"-reg.io/a", NULL, "invalid registry name"},
	{"reg_1.io/a", NULL, "invalid registry name"},
	{":5000/a", NULL, "invalid registry name"},
	{"[::1/a", NULL, "invalid registry name"},
	{"[::g]/a", NULL, "invalid registry name"},
	{"[::1]5000/a", NULL, "invalid port"},
	{"user:pass@reg.io/a", NULL, "leave out user and password"},
	/* the tag */
	{"a/b:", NULL, "empty tag"},
	{"a/b:v1:v2", NULL, "invalid tag"},
	{"a/b:-v1", NULL, "tag starts with '-'"},
	{"a/b:.v1", NULL, "tag starts with '.'"},
	{"a/b:v+1", NULL, "invalid tag"},
	{"a/b:" A128 "a", NULL, "tag of 129 characters"},
	{"a/b:@" DIGEST, NULL, "empty tag"},
	/* the digest */
	{"reg.io/a/b@", NULL, "invalid digest"},
	{"reg.io/a/b@sha256", NULL, "invalid digest"},
	{"reg.io/a/b@sha256:", NULL, "invalid digest"},
	{"reg.io/a/b@sha256:abc", NULL, "exactly 64"},
	{"reg.io/a/b@sha512:" HEX64, NULL, "exactly 128"},
	{"reg.io/a@md5:" HEX8 HEX8 HEX8 HEX8, NULL, "unsupported digest algorithm \"md5\""},
	{"reg.io/a@sha256:0123ABCD" HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8, NULL, "must be lowercase"},
	{"reg.io/a@" DIGEST "@" DIGEST, NULL, "invalid digest"},
};

static void check_row(const struct row *row)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference ref;
	struct error err = {0};
	bool parsed = reference_parse(arena, str_of(row->text), &ref, &err);
	if (parsed != (row->printed != NULL))
		fail_msg("\"%s\": %s", row->text, parsed ? "accepted" : err.text);
	if (parsed) {
		scoped(buf_finish) struct buf out = {0};
		reference_print(&ref, &out);
		assert_string_equal(buf_string(&out), row->printed);
		assert_string_equal(reference_string(arena, &ref), row->printed);
		return;
	}
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_null(ref.host);
	if (!strstr(err.text, row->error))
		fail_msg("\"%s\": %s", row->text, err.text);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		check_row(&rows[i]);
}

static void test_fields(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference ref;
	struct error err;
	(void)state;
	assert_true(reference_parse(arena, STR("Reg.io:5000/a/b:v9@" DIGEST), &ref, &err));
	assert_string_equal(ref.host, "reg.io:5000");
	assert_string_equal(ref.repository, "a/b");
	assert_string_equal(ref.tag, "v9");
	assert_string_equal(ref.digest, DIGEST);
	assert_true(reference_parse(arena, STR("a"), &ref, &err));
	assert_null(ref.tag);
	assert_null(ref.digest);
}

/* The slice given may be part of a longer text. */
static void test_slice(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference ref;
	struct error err;
	(void)state;
	assert_true(reference_parse(arena, str_head(STR("reg.io/a:v1,v2"), 11), &ref, &err));
	assert_string_equal(ref.tag, "v1");
}

static void test_error_names_the_text(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference ref;
	struct error err;
	(void)state;
	assert_false(reference_parse(arena, STR("reg.io/A"), &ref, &err));
	assert_string_equal(err.text, "\"reg.io/A\": repository name must be lowercase");
}

static void test_target(void **state)
{
	const struct reference none = {.host = "h", .repository = "r"};
	const struct reference digest = {.host = "h", .repository = "r", .digest = DIGEST};
	const struct reference both = {
		.host = "h", .repository = "r", .tag = "t", .digest = DIGEST};
	(void)state;
	assert_string_equal(reference_target(&none), "latest");
	assert_string_equal(reference_target(&digest), DIGEST);
	assert_string_equal(reference_target(&both), "t");
}

static void test_api_host(void **state)
{
	(void)state;
	assert_string_equal(reference_api_host("docker.io"), "registry-1.docker.io");
	assert_string_equal(reference_api_host("registry-1.docker.io"), "registry-1.docker.io");
	assert_string_equal(reference_api_host("reg.io:5000"), "reg.io:5000");
	assert_string_equal(reference_common_host("docker.io"), "docker.io");
	assert_string_equal(reference_common_host("registry-1.docker.io"), "docker.io");
	assert_string_equal(reference_common_host("reg.io:5000"), "reg.io:5000");
}

static void test_tag_valid(void **state)
{
	(void)state;
	assert_true(reference_tag_valid(STR("v1.0_a-B")));
	assert_true(reference_tag_valid(STR("_")));
	assert_true(reference_tag_valid(STR(A128)));
	assert_false(reference_tag_valid(STR(A128 "a")));
	assert_false(reference_tag_valid(STR("")));
	assert_false(reference_tag_valid(STR(".")));
	assert_false(reference_tag_valid(STR("-")));
	assert_false(reference_tag_valid(STR("a/b")));
	assert_false(reference_tag_valid(STR("a\0b")));
	assert_false(reference_tag_valid(STR("a%2f")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),      cmocka_unit_test(test_fields),
		cmocka_unit_test(test_slice),     cmocka_unit_test(test_error_names_the_text),
		cmocka_unit_test(test_target),    cmocka_unit_test(test_api_host),
		cmocka_unit_test(test_tag_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
