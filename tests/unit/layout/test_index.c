/* index.json: what its names stand for, and that what is added leaves the rest alone. */
#include "layout/layout_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEX63 "000000000000000000000000000000000000000000000000000000000000000"
#define DIGEST(n) "sha256:" HEX63 n
#define NAMED(name, n)                                                                             \
	"{\"digest\":\"" DIGEST(n) "\",\"size\":1,\"annotations\":{"                               \
				   "\"org.opencontainers.image.ref.name\":\"" name "\"}}"
#define PLAIN(n) "{\"size\": 1e0,\"digest\" : \"" DIGEST(n) "\",\"mediaType\":\"a/b\"}"
#define LIST(entries) "{\"manifests\":[" entries "],\"schemaVersion\":2}"

struct lookup {
	const char *text, *tag;
	const char *found; /* the last digit of its digest; NULL: nothing, "!": an error */
};

static const struct lookup lookups[] = {
	{LIST(""), "v1", NULL},
	{LIST(NAMED("v1", "1")), "v1", "1"},
	{LIST(NAMED("v1", "1")), "v2", NULL},
	{LIST(NAMED("docker.io/library/app:v1", "1")), "v1", "1"},
	{LIST(NAMED("docker.io/library/app:v1", "1") "," NAMED("v1", "2")), "v1", "2"},
	{LIST(NAMED("v1", "1") "," NAMED("v1", "1")), "v1", "1"},
	{LIST(NAMED("v1", "1") "," NAMED("v1", "2")), "v1", "!"},
	{LIST(NAMED("reg.io/a:v1", "1") "," NAMED("reg.io/b:v1", "2")), "v1", "!"},
	{LIST(NAMED("reg.io/a:v1", "1") "," NAMED("reg.io/b:v1", "2") "," NAMED("v1", "3")), "v1",
	 "3"},
	{LIST(NAMED("an app", "1")), "app", NULL},
	{"{\"manifests\":null}", "v1", NULL},
};

static void test_lookups(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(lookups); i++) {
		const struct lookup *row = &lookups[i];
		struct layout_index index;
		struct error err;
		assert_true(layout_index_read(arena, str_of(row->text), &index, &err));
		const struct layout_entry *entry = layout_index_find(&index, row->tag, &err);
		const char *found = entry ? entry->digest + strlen(entry->digest) - 1
				    : err.kind == ERROR_UNSUPPORTED ? "!"
								    : NULL;
		if ((found == NULL) != (row->found == NULL) ||
		    (found && strcmp(found, row->found) != 0))
			fail_msg("%s in %s: %s", row->tag, row->text, found ? found : "nothing");
	}
}

static void test_what_is_no_index(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "{}", "{\"manifests\":{}}"};
	scoped(arena_free) struct arena *arena = arena_new();
	struct layout_index index;
	struct error err;
	(void)state;
	for (size_t i = 0; i < array_count(texts); i++) {
		assert_false(layout_index_read(arena, str_of(texts[i]), &index, &err));
		assert_int_equal(err.kind, ERROR_CORRUPT);
	}
}

static void test_the_only_image(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct layout_index index;
	struct error err;
	(void)state;
	assert_true(layout_index_read(arena, STR(LIST(PLAIN("1"))), &index, &err));
	assert_string_equal(layout_index_only(&index)->digest, DIGEST("1"));
	assert_true(layout_index_read(arena, STR(LIST(PLAIN("1") "," PLAIN("2"))), &index, &err));
	assert_null(layout_index_only(&index));
	assert_true(
		layout_index_read(arena, STR(LIST(PLAIN("1") "," NAMED("v1", "1"))), &index, &err));
	assert_null(layout_index_only(&index));
}

struct addition {
	const char *before, *name, *after;
};

static const struct addition additions[] = {
	{LIST(""), "v1", LIST(NAMED("v1", "9"))},
	{"{\"manifests\":null}", "v1", "{\"manifests\":[" NAMED("v1", "9") "]}"},
	{LIST(PLAIN("1")), "v1", LIST(PLAIN("1") "," NAMED("v1", "9"))},
	{LIST(NAMED("v1", "1") ",\n " PLAIN("1")), "v1", LIST(PLAIN("1") "," NAMED("v1", "9"))},
	{LIST(NAMED("v1", "1") "," NAMED("v2", "2")), "v3",
	 LIST(NAMED("v1", "1") "," NAMED("v2", "2") "," NAMED("v3", "9"))},
	{LIST("{\"digest\":\"md5:x\", \"x\":[1.0]}"), "v1",
	 LIST("{\"digest\":\"md5:x\", \"x\":[1.0]}," NAMED("v1", "9"))},
	{" {\"x\":\"\\u00e9\" ,\"manifests\": [ ] , \"y\":1E2}\n", "v1",
	 " {\"x\":\"\\u00e9\" ,\"manifests\": [" NAMED("v1", "9") "] , \"y\":1E2}\n"},
};

static void test_additions(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(additions); i++) {
		const struct addition *row = &additions[i];
		scoped(buf_finish) struct buf entry = {0}, out = {0};
		struct layout_index index;
		struct error err;
		buf_printf(&entry,
			   "{\"digest\":\"" DIGEST("9") "\",\"size\":1,\"annotations\":{"
							"\"org.opencontainers.image.ref.name\":"
							"\"%s\"}}",
			   row->name);
		assert_true(layout_index_read(arena, str_of(row->before), &index, &err));
		assert_true(layout_index_add(arena, &index, row->name, buf_str(&entry), &err));
		layout_index_write(&index, &out);
		assert_string_equal(buf_string(&out), row->after);
		assert_true(layout_index_read(arena, buf_str(&out), &index, &err));
		assert_string_equal(layout_index_find(&index, row->name, &err)->digest,
				    DIGEST("9"));
	}
}

static void test_description(void **state)
{
	scoped(buf_finish) struct buf out = {0};
	(void)state;
	layout_index_describe("a/b", DIGEST("1"), 7, "v1", NULL, &out);
	assert_string_equal(buf_string(&out),
			    "{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST(
				    "1") "\",\"size\":7,\"annotations\":{"
					 "\"org.opencontainers.image.ref.name\":\"v1\"}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookups),        cmocka_unit_test(test_what_is_no_index),
		cmocka_unit_test(test_the_only_image), cmocka_unit_test(test_additions),
		cmocka_unit_test(test_description),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
