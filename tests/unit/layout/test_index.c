/* index.json: what its names stand for, and that what is added leaves the rest alone. */
#include "layout/layout_index.h"

#include "oci/digest.h"

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

/* Reads an index that is correct. */
static void read_index(struct arena *arena, struct str text, struct layout_index *out)
{
	struct error err;
	if (!layout_index_read(arena, text, out, &err))
		fail_msg("%.100s: %s", text.at, err.text);
	assert_true(layout_index_sort(arena, out));
}

static const struct layout_entry *find(const struct layout_index *index, const char *tag)
{
	struct error err;
	return layout_index_find(index, index->version, tag, &err);
}

static void test_lookups(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(lookups); i++) {
		const struct lookup *row = &lookups[i];
		scoped(layout_index_finish) struct layout_index index = {0};
		struct error err;
		read_index(arena, str_of(row->text), &index);
		const struct layout_entry *entry =
			layout_index_find(&index, index.version, row->tag, &err);
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
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"\"manifests\"",
		"{\"manifests\"",
		"{\"manifests\":",
		"{\"manifests\":{}}",
		"{\"manifests\":[}",
		"{\"manifests\":]}",
		"{\"manifests\":[]]}",
		"{\"manifests\":[{]}}",
		"{\"manifests\":[},{]}",
		"{\"manifests\":[]}}",
		"{\"manifests\":[]",
		"{\"manifests\":[]} []",
		"{\"manifests\":[,]}",
		"{\"manifests\":[{},]}",
		"{\"manifests\":[{},,{}]}",
		"{\"manifests\":[{} {}]}",
		"{\"manifests\":[{\"digest\":\"]}",
		"{\"manifests\":[\"\\\"]}",
		"{\"manifests\":[],\"manifests\":[]}",
		"{\"manifests\":[],\"x\"}",
		"{\"x\":\"\\\",\"manifests\":[]}",
		"{\"x\":{\"manifests\":[]}}",
		"{x,\"manifests\":[]}",
		"{1:2,\"manifests\":[]}",
		"{\"manifests\":[{},\xef\xbb\xbf{}]}",
		"{\"manifests\":[\xef\xbb\xbf{}]}",
		"{\"manifests\":\xef\xbb\xbf[]}",
		"\xef\xbb\xbf\xef\xbb\xbf{\"manifests\":[]}",
	};
	scoped(arena_free) struct arena *arena = arena_new();
	struct layout_index index;
	struct error err;
	(void)state;
	for (size_t i = 0; i < array_count(texts); i++) {
		if (layout_index_read(arena, str_of(texts[i]), &index, &err))
			fail_msg("%s", texts[i]);
		assert_int_equal(err.kind, ERROR_CORRUPT);
	}
}

/* Files that were made on Windows begin with one. */
static void test_a_byte_order_mark(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(layout_index_finish) struct layout_index index = {0};
	scoped(buf_finish) struct buf written = {0};
	(void)state;
	read_index(arena, STR("\xef\xbb\xbf{\"manifests\":[{}]}"), &index);
	assert_int_equal(index.count, 1);
	layout_index_write(&index, &written);
	assert_true(str_starts(buf_str(&written), "\xef\xbb\xbf{"));
}

/* What is in strings and inside of entries does not count as brackets, commas or names. */
static void test_pieces(void **state)
{
	enum { BLANKS = 8 }; /* around the entries, which are not written again */
	static const char text[] =
		" { \"a\" : [1, {\"manifests\": [2]}, \"]\\\"}\"], \"manifests\" :\t[\n"
		" {\"digest\":\"" DIGEST("1") "\",\"x\":\"],[{\\\"\\\\\",\"y\":[[1,2],{}]} ,\n 7 , "
					      "null,\"a,b\" ] , \"z\" : \"manifests\" } \n";
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(layout_index_finish) struct layout_index index = {0};
	scoped(buf_finish) struct buf out = {0};
	(void)state;
	read_index(arena, str_of(text), &index);
	assert_int_equal(index.count, 4);
	assert_string_equal(index.entries[0].digest, DIGEST("1"));
	assert_true(str_is(index.entries[1].text, "7"));
	assert_true(str_is(index.entries[2].text, "null"));
	assert_true(str_is(index.entries[3].text, "\"a,b\""));
	assert_true(str_ends(index.after, "\"manifests\" } \n"));
	layout_index_write(&index, &out);
	assert_int_equal(out.len, sizeof(text) - 1 - BLANKS);
}

/* As many images as one repository may have, and one more. */
static void test_many(void **state)
{
	enum { MANY = 60000 };
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(layout_index_finish) struct layout_index index = {0};
	scoped(buf_finish) struct buf text = {0}, entry = {0};
	struct error err;
	char tag[16];
	(void)state;
	buf_add_string(&text, "{\"manifests\":[");
	for (unsigned i = 0; i < MANY; i++) {
		char digest[DIGEST_TEXT_SIZE];
		snprintf(digest, sizeof(digest), "sha256:%064x", i);
		snprintf(tag, sizeof(tag), "v%u", i);
		if (i)
			buf_add_char(&text, ',');
		layout_index_describe("a/b", digest, i, tag, NULL, &text);
	}
	buf_add_string(&text, "]}");
	read_index(arena, buf_str(&text), &index);
	assert_int_equal(index.count, MANY);
	assert_int_equal(find(&index, "v59999")->size, MANY - 1);
	layout_index_describe("a/b", DIGEST("9"), MANY, "v0", NULL, &entry);
	assert_true(layout_index_add(arena, &index, "v0", buf_str(&entry), &err));
	layout_index_commit(&index);
	assert_int_equal(find(&index, "v0")->size, MANY);
	assert_int_equal(find(&index, "v1")->size, 1);
}

static void test_the_only_image(void **state)
{
	static const struct {
		const char *text, *digest;
	} rows[] = {{LIST(PLAIN("1")), DIGEST("1")},
		    {LIST(PLAIN("1") "," PLAIN("1")), DIGEST("1")},
		    {LIST(PLAIN("1") "," PLAIN("2")), NULL},
		    {LIST(PLAIN("1") "," NAMED("v1", "1")), NULL}};
	scoped(arena_free) struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(layout_index_finish) struct layout_index index = {0};
		read_index(arena, str_of(rows[i].text), &index);
		const struct layout_entry *only = layout_index_only(&index);
		assert_int_equal(only != NULL, rows[i].digest != NULL);
		if (only)
			assert_string_equal(only->digest, rows[i].digest);
	}
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
		scoped(layout_index_finish) struct layout_index index = {0}, again = {0};
		struct error err;
		buf_printf(&entry,
			   "{\"digest\":\"" DIGEST("9") "\",\"size\":1,\"annotations\":{"
							"\"org.opencontainers.image.ref.name\":"
							"\"%s\"}}",
			   row->name);
		read_index(arena, str_of(row->before), &index);
		assert_true(layout_index_add(arena, &index, row->name, buf_str(&entry), &err));
		layout_index_write(&index, &out);
		assert_string_equal(buf_string(&out), row->after);
		read_index(arena, buf_str(&out), &again);
		assert_string_equal(find(&again, row->name)->digest, DIGEST("9"));
	}
}

/* Until a change is in force its index is what it was, and so it is after one that was undone. */
static void test_versions(void **state)
{
	static const char before[] = LIST(NAMED("v1", "1") "," PLAIN("2") "," NAMED("v2", "2"));
	static const char *const gone[] = {"v1", "v2", DIGEST("2")};
	static const char *const rest[] = {LIST(PLAIN("2") "," NAMED("v2", "2")),
					   LIST(NAMED("v1", "1") "," PLAIN("2")),
					   LIST(NAMED("v1", "1") "," NAMED("v2", "2"))};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(layout_index_finish) struct layout_index index = {0};
	struct error err;
	(void)state;
	read_index(arena, str_of(before), &index);
	for (size_t i = 0; i < array_count(gone); i++) {
		scoped(buf_finish) struct buf dropped = {0}, undone = {0};
		assert_false(layout_index_drop(&index, "v3"));
		assert_false(index.changed);
		assert_true(layout_index_drop(&index, gone[i]));
		assert_false(layout_index_drop(&index, gone[i]));
		assert_true(layout_index_add(arena, &index, "v3", STR(NAMED("v3", "3")), &err));
		assert_non_null(layout_index_find(&index, index.version + 1, "v3", &err));
		assert_null(find(&index, "v3"));
		assert_string_equal(find(&index, "v1")->digest, DIGEST("1"));
		assert_true(layout_index_drop(&index, "v3"));
		layout_index_write(&index, &dropped);
		assert_string_equal(buf_string(&dropped), rest[i]);
		layout_index_undo(&index);
		layout_index_write(&index, &undone);
		assert_string_equal(buf_string(&undone), before);
	}
	assert_true(layout_index_add(arena, &index, "v1", STR(NAMED("v1", "2")), &err));
	layout_index_commit(&index);
	assert_string_equal(find(&index, "v1")->digest, DIGEST("2"));
	assert_null(layout_index_digest(&index, index.version, DIGEST("1")));
	assert_string_equal(layout_index_digest(&index, index.version, DIGEST("2"))->media_type,
			    "a/b");
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
		cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_what_is_no_index),
		cmocka_unit_test(test_a_byte_order_mark),
		cmocka_unit_test(test_the_only_image),
		cmocka_unit_test(test_additions),
		cmocka_unit_test(test_description),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_versions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
