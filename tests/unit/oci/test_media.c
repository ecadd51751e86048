/* Media types. */
#include "oci/media.h"

#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *type;
	enum media_kind kind;
} kinds[] = {
	{"application/vnd.oci.image.index.v1+json", MEDIA_INDEX},
	{"application/vnd.docker.distribution.manifest.list.v2+json", MEDIA_INDEX},
	{"application/vnd.oci.image.manifest.v1+json", MEDIA_MANIFEST},
	{"application/vnd.docker.distribution.manifest.v2+json", MEDIA_MANIFEST},
	{"application/vnd.oci.artifact.manifest.v1+json", MEDIA_MANIFEST},
	{"application/vnd.docker.distribution.manifest.v1+prettyjws", MEDIA_SCHEMA1},
	{"application/vnd.docker.distribution.manifest.v1+json", MEDIA_SCHEMA1},
	{"Application/VND.oci.image.index.v1+JSON", MEDIA_INDEX},
	{" application/vnd.oci.image.index.v1+json ; charset=utf-8", MEDIA_INDEX},
	{"application/vnd.oci.image.index.v1+json;x", MEDIA_INDEX},
	{"application/vnd.oci.image.index.v1", MEDIA_OTHER},
	{"application/vnd.oci.image.index.v1+jsonx", MEDIA_OTHER},
	{"application/vnd.oci.image.config.v1+json", MEDIA_OTHER},
	{"application/json", MEDIA_OTHER},
	{"text/html; charset=application/vnd.oci.image.index.v1+json", MEDIA_OTHER},
	{"", MEDIA_OTHER},
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(kinds); i++)
		if (media_kind(str_of(kinds[i].type)) != kinds[i].kind)
			fail_msg("%s", kinds[i].type);
	assert_int_equal(media_kind((struct str){0}), MEDIA_OTHER);
}

/* What is asked for is exactly what is understood, in the order of preference. */
static void test_accept(void **state)
{
	struct str rest = str_of(media_accept);
	struct str type;
	size_t indexes = 0;
	size_t count = 0;
	(void)state;
	assert_true(str_starts(rest, "application/vnd.oci.image.index.v1+json,"));
	for (; str_cut(&rest, ',', &type); count++) {
		enum media_kind kind = media_kind(type);
		assert_int_not_equal(kind, MEDIA_OTHER);
		assert_true(media_valid(str_trim(type)));
		indexes += kind == MEDIA_INDEX;
	}
	assert_int_equal(count, 7);
	assert_int_equal(indexes, 2);
	assert_null(strchr(media_accept, '*'));
}

static void test_bare(void **state)
{
	(void)state;
	assert_true(str_is(media_bare(STR(" a/B ; q=1;x")), "a/B"));
	assert_true(str_is(media_bare(STR("a/b")), "a/b"));
	assert_true(str_is(media_bare(STR(";x")), ""));
}

static const struct {
	const char *type;
	bool yes;
} layers[] = {
	{"application/vnd.oci.image.layer.nondistributable.v1.tar", true},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", true},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", true},
	{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true},
	{"Application/vnd.docker.image.rootfs.FOREIGN.diff.tar.gzip", true},
	{"application/vnd.oci.image.layer.v1.tar+gzip", false},
	{"application/vnd.docker.image.rootfs.diff.tar.gzip", false},
	{"application/x-nondistributable", false},
	{"", false},
};

static void test_nondistributable(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(layers); i++)
		if (media_nondistributable(str_of(layers[i].type)) != layers[i].yes)
			fail_msg("%s", layers[i].type);
}

static const struct {
	const char *type;
	bool yes;
} contents[] = {
	{"application/vnd.oci.image.layer.v1.tar+gzip", true},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar", true},
	{"application/vnd.oci.image.config.v1+json", true},
	{"application/vnd.oci.empty.v1+json", true},
	{"application/vnd.docker.image.rootfs.diff.tar.gzip", true},
	{"application/vnd.docker.container.image.v1+json", true},
	{"application/vnd.buildkit.cacheconfig.v0", true},
	{" Application/VND.oci.image.LAYER.v1.tar ; x=y", true},
	{"application/vnd.oci.image.manifest.v1+json", false},
	{"application/vnd.oci.image.index.v1+json", false},
	{"application/vnd.docker.distribution.manifest.v2+json", false},
	{"application/vnd.docker.distribution.manifest.list.v2+json", false},
	{"application/vnd.oci.artifact.manifest.v1+json", false},
	{"application/vnd.example.cache.layer.v1", false},
	{"application/vnd.oci.image.layer", false},
	{"application/json", false},
	{"", false},
};

/* Whatever is content at once is no manifest; what is neither is for the source to say. */
static void test_content(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(contents); i++) {
		struct str type = str_of(contents[i].type);
		if (media_is_content(type) != contents[i].yes)
			fail_msg("%s", contents[i].type);
		if (contents[i].yes)
			assert_int_equal(media_kind(type), MEDIA_OTHER);
	}
	assert_false(media_is_content((struct str){0}));
}

static void test_valid(void **state)
{
	char longest[MEDIA_TYPE_MAX + 1];
	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[1] = '/';
	assert_true(media_valid(STR("application/vnd.x.y-z_1+json")));
	assert_true(media_valid(STR("azAZ09/azAZ09!#$&-^_.+")));
	assert_true(media_valid((struct str){longest, MEDIA_TYPE_MAX}));
	assert_false(media_valid((struct str){longest, MEDIA_TYPE_MAX + 1}));
	assert_false(media_valid(STR("")));
	assert_false(media_valid(STR("application")));
	assert_false(media_valid(STR("/json")));
	assert_false(media_valid(STR("application/")));
	assert_false(media_valid(STR("a/b/c")));
	assert_false(media_valid(STR("a/b\r\nX-Evil: 1")));
	assert_false(media_valid(STR("a/b; q=1")));
	assert_false(media_valid(STR("a/\0b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),   cmocka_unit_test(test_accept),
		cmocka_unit_test(test_bare),    cmocka_unit_test(test_nondistributable),
		cmocka_unit_test(test_content), cmocka_unit_test(test_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
