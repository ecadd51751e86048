/* Filtering an index: which entries stay, and that everything that stays stays as it was. */
#include "oci/filter.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define A8 "aaaaaaaa"
#define B8 "bbbbbbbb"
#define C8 "cccccccc"
#define D8 "dddddddd"
#define E8 "eeeeeeee"
#define F8 "ffffffff"
#define DIGEST(x) "sha256:" x x x x x x x x
#define DA DIGEST(A8)
#define DB DIGEST(B8)
#define DC DIGEST(C8)
#define DD DIGEST(D8)
#define DE DIGEST(E8)
#define DF DIGEST(F8)

#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX "application/vnd.oci.image.index.v1+json"

#define PLATFORM(os, arch) "\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\"}"
#define START(type, digest) "{\"mediaType\":\"" type "\",\"digest\":\"" digest "\",\"size\":7"
#define IMAGE(digest, os, arch) START(OCI_MANIFEST, digest) "," PLATFORM(os, arch) "}"
#define BARE(type, digest) START(type, digest) "}"
#define ATTESTS(digest, subject)                                                                   \
	START(OCI_MANIFEST, digest)                                                                \
	",\"annotations\":{\"vnd.docker.reference.digest\":\"" subject                             \
	"\",\"vnd.docker.reference.type\":\"attestation-manifest\"}," PLATFORM("unknown",          \
									       "unknown") "}"
#define AMD64(digest) IMAGE(digest, "linux", "amd64")
#define ARM64(digest) IMAGE(digest, "linux", "arm64")

#define PATTERNS "arch=arm64;os=linux"
#define OURS "\"" FILTER_SOURCE_KEY "\":\"" DF "\",\"" FILTER_PATTERNS_KEY "\":\"" PATTERNS "\""
#define NOTED ",\"annotations\":{" OURS "}"

#define ODD "\"x\":\"\xe9\\ud800\t\",\"x\":1"
#define NO_TEXT "{\"digest\":\"" DC "\",\"size\":1,\"data\":\"\xe9\",\"data\":2}"

/* --os linux --arch arm64 */
static const struct platform_pattern linux_os[] = {{STR("linux"), {0}}};
static const struct platform_pattern arm64[] = {{STR("arm64"), {0}}};
static const struct platform_filter filter = {
	.os = linux_os, .os_count = 1, .arch = arm64, .arch_count = 1};

static void parse(struct arena *arena, const char *text, struct manifest *out)
{
	struct error err = {0};
	if (!manifest_parse(arena, str_of(text), STR(OCI_INDEX), out, &err))
		fail_msg("%s: %s", text, err.text);
}

static void judge(struct arena *arena, const char *text, struct manifest *manifest,
		  struct filter_index *out)
{
	struct error err = {0};
	parse(arena, text, manifest);
	assert_true(filter_read(arena, manifest, &filter, out, &err));
}

/* Settles and writes, and reads the result as the next one would. */
static const char *finish(struct arena *arena, struct filter_index *index)
{
	struct error err = {0};
	struct manifest again;
	struct str text = {0};
	assert_true(filter_settle(index, &err));
	if (!index->changed)
		return "unchanged";
	if (index->nothing)
		return "nothing";
	if (!filter_write(arena, index, DF, PATTERNS, &text, &err))
		return arena_printf(arena, "%s: %s", error_kind_name(err.kind), err.text);
	parse(arena, text.at, &again);
	assert_int_equal(text.len, strlen(text.at));
	assert_true(str_is(manifest_annotation(&again, FILTER_SOURCE_KEY), DF));
	assert_true(str_is(manifest_annotation(&again, FILTER_PATTERNS_KEY), PATTERNS));
	return text.at;
}

struct row {
	const char *before, *after; /* "unchanged" or "nothing" where no index is written */
	size_t kept, total;
};

static const struct row rows[] = {
	{"{\"manifests\":[" AMD64(DA) "," ARM64(DB) "]}",
	 "{\"manifests\":[" ARM64(DB) "]" NOTED "}", 1, 2},
	{"{\"manifests\":[" ARM64(DA) "," AMD64(DB) "]}",
	 "{\"manifests\":[" ARM64(DA) "]" NOTED "}", 1, 2},
	{"{\"manifests\":[" AMD64(DA) "," ARM64(DB) "," AMD64(DC) "," AMD64(DD) "," ARM64(DE) "]}",
	 "{\"manifests\":[" ARM64(DB) "," ARM64(DE) "]" NOTED "}", 2, 5},
	{"{\"manifests\":[" AMD64(DA) "," AMD64(DB) "," ARM64(DC) "]}",
	 "{\"manifests\":[" ARM64(DC) "]" NOTED "}", 1, 3},
	/* all or nothing */
	{"{\"manifests\":[" ARM64(DA) "," ARM64(DB) "]}", "unchanged", 2, 2},
	{"{\"manifests\":[" AMD64(DA) "," IMAGE(DB, "windows", "arm64") "]}", "nothing", 0, 2},
	{"{\"manifests\":[]}", "unchanged", 0, 0},
	{"{\"manifests\":null}", "unchanged", 0, 0},
	/* what is not stated passes; so does what is no image */
	{"{\"manifests\":[" AMD64(DA) "," BARE(OCI_MANIFEST, DB) "," BARE("x/y", DC) "]}",
	 "{\"manifests\":[" BARE(OCI_MANIFEST, DB) "," BARE("x/y", DC) "]" NOTED "}", 2, 3},
	{"{\"manifests\":[" IMAGE(DA, "linux", "") "," AMD64(DB) "]}",
	 "{\"manifests\":[" IMAGE(DA, "linux", "") "]" NOTED "}", 1, 2},
	/* an index with a platform is judged as a whole */
	{"{\"manifests\":[" START(OCI_INDEX, DA) "," PLATFORM("linux", "arm64") "}," START(
		 OCI_INDEX, DB) "," PLATFORM("linux", "amd64") "}]}",
	 "{\"manifests\":[" START(OCI_INDEX, DA) "," PLATFORM("linux", "arm64") "}]" NOTED "}", 1,
	 2},
	/* attestations go where their image goes, wherever they stand */
	{"{\"manifests\":[" ATTESTS(DC, DA) "," ATTESTS(DD, DB) "," AMD64(DA) "," ARM64(DB) "]}",
	 "{\"manifests\":[" ATTESTS(DD, DB) "," ARM64(DB) "]" NOTED "}", 1, 2},
	{"{\"manifests\":[" ARM64(DB) "," ATTESTS(DD, DB) "," ATTESTS(DE, DB) "]}", "unchanged", 1,
	 1},
	{"{\"manifests\":[" AMD64(DA) "," ATTESTS(DC, DA) "]}", "nothing", 0, 1},
	{"{\"manifests\":[" ARM64(DA) "," ATTESTS(DC, DE) "]}",
	 "{\"manifests\":[" ARM64(DA) "]" NOTED "}", 1, 1},
	{"{\"manifests\":[" ATTESTS(DC, DE) "]}", "nothing", 0, 0},
	/* unknown without a reference is a platform like another */
	{"{\"manifests\":[" ARM64(DA) "," IMAGE(DB, "unknown", "unknown") "]}",
	 "{\"manifests\":[" ARM64(DA) "]" NOTED "}", 1, 2},
	/* the same image for two platforms */
	{"{\"manifests\":[" ARM64(DA) "," AMD64(DA) "," ATTESTS(DC, DA) "]}",
	 "{\"manifests\":[" ARM64(DA) "," ATTESTS(DC, DA) "]" NOTED "}", 1, 2},
	/* order, white space, escapes, unknown members and what follows the document stay */
	{"\n{ \"x\" : [1e2, -0.0] ,\n \"manifests\" :\t[\n  " AMD64(DA) ",\n  " ARM64(
		 DB) " ,\r\n  " AMD64(DC) "\n ]\n, \"mediaType\": \"" OCI_INDEX
					  "\" , \"z\":\"\\u00e9<&>\"  }\n\n",
	 "\n{ \"x\" : [1e2, -0.0] ,\n \"manifests\" :\t[\n  " ARM64(
		 DB) "\n ]\n, \"mediaType\": \"" OCI_INDEX "\" , \"z\":\"\\u00e9<&>\"" NOTED
		     "  }\n\n",
	 1, 3},
	{"{\"manifests\":[" AMD64(DA) ",{\"size\" :7,\t\"os\":{\"platform\":1} , \"digest\":\"" DB
				      "\",\"platform\":{\"os.features\":[\"x\"],\"architecture\":"
				      "\"arm\\u00364\",\"os\":\"linux\"}}]}",
	 "{\"manifests\":[{\"size\" :7,\t\"os\":{\"platform\":1} , \"digest\":\"" DB
	 "\",\"platform\":{\"os.features\":[\"x\"],\"architecture\":\"arm\\u00364\",\"os\":"
	 "\"linux\"}}]" NOTED "}",
	 1, 2},
	/* annotations that are there already */
	{"{\"annotations\":{\"a\" : \"\\u0026\" },\"manifests\":[" AMD64(DA) "," ARM64(DB) "]}",
	 "{\"annotations\":{\"a\" : \"\\u0026\"," OURS " },\"manifests\":[" ARM64(DB) "]}", 1, 2},
	{"{\"annotations\":{ },\"manifests\":[" AMD64(DA) "," ARM64(DB) "]}",
	 "{\"annotations\":{" OURS " },\"manifests\":[" ARM64(DB) "]}", 1, 2},
	{"{\"manifests\":[" AMD64(DA) "," ARM64(DB) "], \"annotations\" : null }",
	 "{\"manifests\":[" ARM64(DB) "], \"annotations\" : {" OURS "} }", 1, 2},
	/* an index that was filtered before */
	{"{\"annotations\":{\"" FILTER_PATTERNS_KEY
	 "\":\"os=linux\",\"k\":\"v\",\"" FILTER_SOURCE_KEY "\" : \"" DE
	 "\"},\"manifests\":[" AMD64(DA) "," ARM64(DB) "]}",
	 "{\"annotations\":{\"" FILTER_PATTERNS_KEY "\":\"" PATTERNS
	 "\",\"k\":\"v\",\"" FILTER_SOURCE_KEY "\" : \"" DF "\"},\"manifests\":[" ARM64(DB) "]}",
	 1, 2},
	{"{\"annotations\":{\"" FILTER_SOURCE_KEY "\":\"" DE
	 "\"},\"manifests\":[" AMD64(DA) "," ARM64(DB) "]}",
	 "{\"annotations\":{\"" FILTER_SOURCE_KEY "\":\"" DF "\",\"" FILTER_PATTERNS_KEY
	 "\":\"" PATTERNS "\"},\"manifests\":[" ARM64(DB) "]}",
	 1, 2},
	/* bytes that are no text, and what is given twice, stay as well */
	{"{" ODD ",\"annotations\":{" ODD "},\"manifests\":[" AMD64(DA) "," ARM64(DB) "," NO_TEXT
										      "]}",
	 "{" ODD ",\"annotations\":{" ODD "," OURS "},\"manifests\":[" ARM64(DB) "," NO_TEXT "]}",
	 2, 3},
	{"{\"manifests\":[" IMAGE(DA, "linux\xe9", "arm64") "," ARM64(DB) "]}",
	 "{\"manifests\":[" ARM64(DB) "]" NOTED "}", 1, 2},
	{"{\"annotations\":{},\"annotations\":{},\"manifests\":[" AMD64(DA) "," ARM64(DB) "]}",
	 "corrupt: index: \"annotations\" is given twice", 1, 2},
	{"{\"annotations\":[],\"manifests\":[" AMD64(DA) "," ARM64(DB) "]}",
	 "corrupt: index: \"annotations\" is a list", 1, 2},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct manifest manifest;
		struct filter_index index;
		judge(arena, rows[i].before, &manifest, &index);
		const char *after = finish(arena, &index);
		if (strcmp(after, rows[i].after) != 0)
			fail_msg("row %zu:\n%s\nbecame\n%s\nbut should\n%s", i, rows[i].before,
				 after, rows[i].after);
		if (index.kept != rows[i].kept || index.total != rows[i].total)
			fail_msg("row %zu: kept %zu of %zu", i, index.kept, index.total);
	}
}

/* What a nested index becomes is the caller's to say. */
static void test_nested(void **state)
{
	static const char before[] =
		"{\"manifests\":[" AMD64(DA) "," BARE(OCI_INDEX, DB) "," ATTESTS(DC, DB) "]}";
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest manifest;
	struct filter_index index;
	(void)state;

	judge(arena, before, &manifest, &index);
	assert_int_equal(index.entries[0].verdict, FILTER_DROP);
	assert_int_equal(index.entries[1].verdict, FILTER_OPEN);
	filter_keep(&index.entries[1], 3, 3);
	assert_string_equal(finish(arena, &index),
			    "{\"manifests\":[" BARE(OCI_INDEX, DB) "," ATTESTS(DC, DB) "]" NOTED
										       "}");
	assert_int_equal(index.kept, 3);
	assert_int_equal(index.total, 4);

	judge(arena, before, &manifest, &index);
	filter_drop(&index.entries[1], 3);
	assert_string_equal(finish(arena, &index), "nothing");
	assert_int_equal(index.total, 4);

	judge(arena, before, &manifest, &index);
	filter_replace(&index.entries[1], DE, STR("{\"manifests\":[]}"), 2, 3);
	assert_string_equal(finish(arena, &index),
			    "{\"manifests\":[{\"mediaType\":\"" OCI_INDEX "\",\"digest\":\"" DE
			    "\",\"size\":16}," ATTESTS(DC, DB) "]" NOTED "}");
	assert_int_equal(index.kept, 2);

	judge(arena, "{\"manifests\":[" BARE(OCI_INDEX, DB) "]}", &manifest, &index);
	filter_keep(&index.entries[0], 2, 2);
	assert_string_equal(finish(arena, &index), "unchanged");
	filter_replace(&index.entries[0], DE, STR("{}"), 1, 2);
	assert_string_not_equal(finish(arena, &index), "unchanged");
}

/* Digest, size and embedded content are renewed, the rest of the descriptor is not touched. */
static void test_replaced_descriptor(void **state)
{
	static const char before[] =
		"{\"manifests\":[ {\"data\":\"e30=\",\n\"annotations\":{\"digest\":\"x\",\"size\":"
		"\"y\"} , \"size\" : 12, "
		"\"mediaType\":\"application\\/vnd.oci.image.index.v1+json\",\"digest\" :\"" DB
		"\", \"x\":1} ]}";
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest manifest;
	struct filter_index index;
	(void)state;
	judge(arena, before, &manifest, &index);
	assert_int_equal(index.entries[0].verdict, FILTER_OPEN);
	filter_replace(&index.entries[0], DE, STR("[0]"), 1, 2);
	assert_string_equal(
		finish(arena, &index),
		"{\"manifests\":[ {\"data\":\"WzBd\",\n\"annotations\":{\"digest\":\"x\","
		"\"size\":\"y\"} , \"size\" : 3, "
		"\"mediaType\":\"application\\/vnd.oci.image.index.v1+json\",\"digest\" "
		":\"" DE "\", \"x\":1} ]" NOTED "}");
	judge(arena,
	      "{\"manifests\":[{\"data\":\"e30=\",\"data\":1,\"mediaType\":\"" OCI_INDEX
	      "\",\"digest\":\"" DB "\",\"size\":2}]}",
	      &manifest, &index);
	filter_replace(&index.entries[0], DE, STR("[0]"), 1, 2);
	assert_string_equal(
		finish(arena, &index),
		"{\"manifests\":[{\"data\":\"WzBd\",\"data\":\"WzBd\",\"mediaType\":\"" OCI_INDEX
		"\",\"digest\":\"" DE "\",\"size\":3}]" NOTED "}");
}

/* What a filter decides by must not depend on who reads it. */
static void test_ambiguous(void **state)
{
	static const struct {
		const char *entry, *error;
	} cases[] = {
		{"\"platform\":{},\"platform\":{\"os\":\"linux\"}",
		 "manifests: \"platform\" is given twice"},
		{"\"Platform\":{\"os\":\"windows\"}",
		 "manifests: \"Platform\" instead of \"platform\""},
		{"\"platform\":{\"os\":\"linux\",\"os\":\"windows\"}",
		 "platform: \"os\" is given twice"},
		{"\"platform\":{\"os\":\"linux\",\"OS\":\"windows\"}",
		 "platform: \"OS\" instead of \"os\""},
		{"\"platform\":{\"variant\":\"v7\",\"variant\":\"v8\"}",
		 "platform: \"variant\" is given twice"},
		{"\"annotations\":{\"vnd.docker.reference.digest\":\"" DA
		 "\",\"vnd.docker.reference.digest\":\"" DB "\"}",
		 "annotations: \"vnd.docker.reference.digest\" is given twice"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct manifest manifest;
		struct filter_index index;
		struct error err = {0};
		parse(arena,
		      arena_printf(arena, "{\"manifests\":[%.*s,%s}]}",
				   (int)sizeof(START(OCI_MANIFEST, DA)) - 1,
				   START(OCI_MANIFEST, DA), cases[i].entry),
		      &manifest);
		assert_false(filter_read(arena, &manifest, &filter, &index, &err));
		assert_int_equal(err.kind, ERROR_CORRUPT);
		assert_string_equal(err.text, cases[i].error);
	}
}

/* The same filter over what it left drops nothing: how the next run knows its own work. */
static void test_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct manifest manifest;
		struct filter_index index;
		if (rows[i].after[0] != '{')
			continue;
		judge(arena, rows[i].after, &manifest, &index);
		if (strcmp(finish(arena, &index), "unchanged") != 0)
			fail_msg("row %zu is filtered once more", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_replaced_descriptor),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
