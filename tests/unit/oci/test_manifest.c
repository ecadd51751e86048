/* Manifests: what they refer to, and what is no manifest. */
#include "oci/manifest.h"

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
#define DA "sha256:" A8 A8 A8 A8 A8 A8 A8 A8
#define DB "sha256:" B8 B8 B8 B8 B8 B8 B8 B8
#define DC "sha512:" C8 C8 C8 C8 C8 C8 C8 C8 C8 C8 C8 C8 C8 C8 C8 C8

#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define ARTIFACT "application/vnd.oci.artifact.manifest.v1+json"

#define ITEM(digest, size) "{\"mediaType\":\"x/y\",\"digest\":\"" digest "\",\"size\":" size "}"
#define TYPE(type) "\"mediaType\":\"" type "\""
#define CONFIG "\"config\":" ITEM(DA, "2")
#define LAYERS(items) "\"layers\":[" items "]"
#define MANIFESTS(items) "\"manifests\":[" items "]"

#define DIGITS64 "1000000000000000000000000000000000000000000000000000000000000000"
#define OPEN40 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
#define CLOSE40 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"

/* summary: kind, media type, blobs, children and subject, as show() writes them. */
struct row {
	const char *served, *document;
	const char *summary; /* NULL: refused */
	enum error_kind kind;
	const char *error;
};

static const struct row accepted[] = {
	{OCI_MANIFEST, "{" TYPE(OCI_MANIFEST) "," CONFIG "," LAYERS(ITEM(DB, "3")) "}",
	 "manifest " OCI_MANIFEST " blobs a2 b3", 0, NULL},
	{OCI_MANIFEST, "{" CONFIG "," LAYERS("") "}", "manifest " OCI_MANIFEST " blobs a2", 0,
	 NULL},
	{OCI_MANIFEST, "{" CONFIG ",\"layers\":null}", "manifest " OCI_MANIFEST " blobs a2", 0,
	 NULL},
	{OCI_MANIFEST, "{" CONFIG ",\"manifests\":null,\"subject\":null}",
	 "manifest " OCI_MANIFEST " blobs a2", 0, NULL},
	{"", "{" CONFIG ",\"layers\":[],\"manifests\":null}", "manifest " OCI_MANIFEST " blobs a2",
	 0, NULL},
	{DOCKER_MANIFEST "; charset=utf-8", "{" TYPE(DOCKER_MANIFEST) "," CONFIG "}",
	 "manifest " DOCKER_MANIFEST " blobs a2", 0, NULL},
	/* the document's own type wins where the server's says nothing */
	{"", "{" TYPE(DOCKER_MANIFEST) "," CONFIG "}", "manifest " DOCKER_MANIFEST " blobs a2", 0,
	 NULL},
	{"application/octet-stream", "{" TYPE(OCI_INDEX) "," MANIFESTS("") "}", "index " OCI_INDEX,
	 0, NULL},
	{"", "{" CONFIG "}", "manifest " OCI_MANIFEST " blobs a2", 0, NULL},
	{"application/json", "{" MANIFESTS(ITEM(DB, "3")) "}", "index " OCI_INDEX " children b3", 0,
	 NULL},
	{"Application/Vnd.oci.image.manifest.v1+json", "{" TYPE(OCI_MANIFEST) "," CONFIG "}",
	 "manifest " OCI_MANIFEST " blobs a2", 0, NULL},
	/* types of the future are judged by their members */
	{"application/vnd.new.v3+json", "{" CONFIG "}",
	 "manifest application/vnd.new.v3+json blobs a2", 0, NULL},
	{"", "{" TYPE("application/vnd.new.v3+json") "," MANIFESTS("") "}",
	 "index application/vnd.new.v3+json", 0, NULL},
	/* indexes */
	{DOCKER_LIST, "{" TYPE(DOCKER_LIST) "," MANIFESTS(ITEM(DA, "5") "," ITEM(DC, "0")) "}",
	 "index " DOCKER_LIST " children a5 c0", 0, NULL},
	{OCI_INDEX, "{\"manifests\":null}", "index " OCI_INDEX, 0, NULL},
	{OCI_INDEX, "{" MANIFESTS(ITEM(DA, "5") "," ITEM(DA, "5")) "}",
	 "index " OCI_INDEX " children a5", 0, NULL},
	{OCI_INDEX, "{" MANIFESTS("") ",\"subject\":" ITEM(DB, "7") "}",
	 "index " OCI_INDEX " subject " DB, 0, NULL},
	/* artifacts */
	{OCI_MANIFEST,
	 "{\"artifactType\":\"a/b\"," CONFIG "," LAYERS("") ",\"subject\":" ITEM(DB, "7") "}",
	 "manifest " OCI_MANIFEST " blobs a2 subject " DB, 0, NULL},
	{ARTIFACT, "{" TYPE(ARTIFACT) ",\"blobs\":[" ITEM(DB, "3") "]}",
	 "manifest " ARTIFACT " blobs b3", 0, NULL},
	{ARTIFACT, "{\"subject\":" ITEM(DB, "7") "}", "manifest " ARTIFACT " subject " DB, 0, NULL},
	/* the same blob twice, zero bytes, sizes beyond a double, unknown members */
	{OCI_MANIFEST, "{" CONFIG "," LAYERS(ITEM(DB, "0") "," ITEM(DB, "0") "," ITEM(DA, "2")) "}",
	 "manifest " OCI_MANIFEST " blobs a2 b0", 0, NULL},
	{OCI_MANIFEST, "{" CONFIG "," LAYERS(ITEM(DB, "9007199254740993")) "}",
	 "manifest " OCI_MANIFEST " blobs a2 b9007199254740993", 0, NULL},
	{OCI_MANIFEST, "{\"x\":{\"layers\":1}," CONFIG ",\"annotations\":{\"Layers\":\"1\"}}",
	 "manifest " OCI_MANIFEST " blobs a2", 0, NULL},
	{OCI_MANIFEST, "{\"schemaVersion\":2,\"config\":{\"digest\":\"" DA "\",\"size\":2}}",
	 "manifest " OCI_MANIFEST " blobs a2", 0, NULL},
	/* bytes on which nothing depends: Latin-1, half a surrogate, a tab, NUL, twice, too much */
	{OCI_MANIFEST, "{" CONFIG ",\"annotations\":{\"a\":\"caf\xe9\",\"\xff\":\"\\ud800\"}}",
	 "manifest " OCI_MANIFEST " blobs a2", 0, NULL},
	{OCI_MANIFEST, "{" CONFIG ",\"annotations\":{\"a\":\"\t\n\\u0000\",\"a\":\"\\x\"}}",
	 "manifest " OCI_MANIFEST " blobs a2", 0, NULL},
	{OCI_MANIFEST, "\xef\xbb\xbf{" CONFIG ",\"x\":1,\"x\":" DIGITS64 "}",
	 "manifest " OCI_MANIFEST " blobs a2", 0, NULL},
	{OCI_MANIFEST, "{" CONFIG ",\"x\":" OPEN40 "\"]\xe9\"" CLOSE40 "}",
	 "manifest " OCI_MANIFEST " blobs a2", 0, NULL},
	{OCI_INDEX,
	 "{\"manifests\":[{\"digest\":\"" DB "\",\"size\":3,\"data\":\"\xe9\",\"data\":1,"
	 "\"platform\":{\"os\":\"\xe9\",\"os\":1},\"urls\":[\"\t\"]}]}",
	 "index " OCI_INDEX " children b3", 0, NULL},
	{OCI_MANIFEST, "{\"config\":" ITEM(DA, "2,\"annotations\":{\"\":1,\"\":\"\xe9\"}") "}",
	 "manifest " OCI_MANIFEST " blobs a2", 0, NULL},
};

static const struct row refused[] = {
	/* the same bytes where something depends on them */
	{OCI_MANIFEST, "{" CONFIG "," CONFIG "}", NULL, ERROR_CORRUPT,
	 "manifest: \"config\" is given twice"},
	{OCI_MANIFEST, "{" CONFIG ",\"\\u006cayers\":[],\"layers\":null}", NULL, ERROR_CORRUPT,
	 "manifest: \"layers\" is given twice"},
	{OCI_INDEX, "{" MANIFESTS("") "," MANIFESTS("") "}", NULL, ERROR_CORRUPT,
	 "manifest: \"manifests\" is given twice"},
	{"", "{" TYPE(OCI_MANIFEST) "," TYPE(OCI_INDEX) "," CONFIG "}", NULL, ERROR_CORRUPT,
	 "manifest: \"mediaType\" is given twice"},
	{OCI_MANIFEST, "{" CONFIG ",\"subject\":null,\"subject\":null}", NULL, ERROR_CORRUPT,
	 "manifest: \"subject\" is given twice"},
	{OCI_MANIFEST, "{" CONFIG ",\"artifactType\":\"a/b\",\"artifactType\":\"c/d\"}", NULL,
	 ERROR_CORRUPT, "manifest: \"artifactType\" is given twice"},
	{OCI_MANIFEST, "{" CONFIG ",\"schemaVersion\":2,\"schemaVersion\":1}", NULL, ERROR_CORRUPT,
	 "manifest: \"schemaVersion\" is given twice"},
	{OCI_MANIFEST, "{\"config\":" ITEM(DA, "2,\"digest\":\"" DB "\"") "}", NULL, ERROR_CORRUPT,
	 "config: \"digest\" is given twice"},
	{OCI_MANIFEST, "{\"config\":" ITEM(DA, "2,\"size\":2") "}", NULL, ERROR_CORRUPT,
	 "config: \"size\" is given twice"},
	{OCI_MANIFEST, "{" LAYERS(ITEM(DA, "2,\"mediaType\":\"x/z\"")) "}", NULL, ERROR_CORRUPT,
	 "layers: \"mediaType\" is given twice"},
	{OCI_MANIFEST, "{" CONFIG ",\"subject\":" ITEM(DA, "2,\"digest\":\"" DB "\"") "}", NULL,
	 ERROR_CORRUPT, "subject: \"digest\" is given twice"},
	{OCI_MANIFEST, "{\"config\":" ITEM(DA, "2,\"Digest\":\"" DB "\"") "}", NULL, ERROR_CORRUPT,
	 "config: \"Digest\" instead of \"digest\""},
	{OCI_MANIFEST, "{" CONFIG ",\"layer\xc5\xbf\":[]}", NULL, ERROR_CORRUPT,
	 "instead of \"layers\""},
	{OCI_INDEX, "{" MANIFESTS(ITEM(DA, "2,\"\xc5\xbfize\":3")) "}", NULL, ERROR_CORRUPT,
	 "instead of \"size\""},
	{OCI_MANIFEST, "{\"config\":" ITEM(DA "\xe9", "2") "}", NULL, ERROR_CORRUPT,
	 "config: invalid digest"},
	{OCI_MANIFEST, "{\"config\":" ITEM("\\ud800" DA, "2") "}", NULL, ERROR_CORRUPT,
	 "config: invalid digest"},
	{OCI_MANIFEST, "{\"config\":" ITEM(DA, DIGITS64) "}", NULL, ERROR_CORRUPT, "no valid size"},
	{"", "{" TYPE("a/b\t") "," CONFIG "}", NULL, ERROR_CORRUPT, "invalid media type"},
	{OCI_MANIFEST, "{" CONFIG ",\"layers\":" DIGITS64 "}", NULL, ERROR_CORRUPT,
	 "\"layers\" is a string"},
	/* where a string ends is the same for everybody */
	{OCI_MANIFEST, "{" CONFIG ",\"x\":\"\\u12\"}", NULL, ERROR_CORRUPT,
	 "four hexadecimal digits"},
	{OCI_MANIFEST, "", NULL, ERROR_CORRUPT, "not valid JSON"},
	{OCI_MANIFEST, "{", NULL, ERROR_CORRUPT, "not valid JSON"},
	{OCI_MANIFEST, "<html>", NULL, ERROR_CORRUPT, "not valid JSON"},
	{OCI_MANIFEST, "{" CONFIG "} x", NULL, ERROR_CORRUPT, "not valid JSON"},
	{OCI_MANIFEST, "[]", NULL, ERROR_CORRUPT, "not an object"},
	{OCI_MANIFEST, "{}", NULL, ERROR_CORRUPT, "do not match"},
	{"", "{}", NULL, ERROR_CORRUPT, "do not match"},
	{OCI_INDEX, "{}", NULL, ERROR_CORRUPT, "do not match"},
	/* read as one thing here and as another there */
	{OCI_INDEX, "{" MANIFESTS("") "," LAYERS("") "}", NULL, ERROR_CORRUPT, "CVE-2021-41190"},
	{OCI_INDEX, "{" MANIFESTS("") "," CONFIG "}", NULL, ERROR_CORRUPT, "CVE-2021-41190"},
	{OCI_INDEX, "{" MANIFESTS("") ",\"fsLayers\":[]}", NULL, ERROR_CORRUPT, "CVE-2021-41190"},
	{OCI_INDEX, "{" CONFIG "}", NULL, ERROR_CORRUPT, "do not match"},
	{OCI_MANIFEST, "{" MANIFESTS("") "}", NULL, ERROR_CORRUPT, "do not match"},
	{OCI_MANIFEST, "{" CONFIG ",\"Layers\":[]}", NULL, ERROR_CORRUPT, "\"Layers\" instead of"},
	{OCI_MANIFEST, "{" CONFIG ",\"MEDIATYPE\":\"" OCI_INDEX "\"}", NULL, ERROR_CORRUPT,
	 "instead"},
	{OCI_MANIFEST, "{" TYPE(OCI_INDEX) "," MANIFESTS("") "}", NULL, ERROR_CORRUPT,
	 "calls itself " OCI_INDEX},
	{DOCKER_MANIFEST, "{" TYPE(OCI_MANIFEST) "," CONFIG "}", NULL, ERROR_CORRUPT,
	 "was served as"},
	{"", "{" TYPE("a/b\\r\\nX: y") "," CONFIG "}", NULL, ERROR_CORRUPT, "invalid media type"},
	{OCI_MANIFEST, "{\"mediaType\":1," CONFIG "}", NULL, ERROR_CORRUPT,
	 "\"mediaType\" is a number"},
	{OCI_MANIFEST, "{" CONFIG ",\"layers\":{}}", NULL, ERROR_CORRUPT, "\"layers\" is"},
	{OCI_MANIFEST, "{\"config\":[]}", NULL, ERROR_CORRUPT, "\"config\" is"},
	{OCI_INDEX, "{\"manifests\":\"x\"}", NULL, ERROR_CORRUPT, "\"manifests\" is"},
	/* schema 1 */
	{"application/vnd.docker.distribution.manifest.v1+prettyjws", "{" CONFIG "}", NULL,
	 ERROR_UNSUPPORTED, "schema 1"},
	{"", "{\"schemaVersion\":1,\"fsLayers\":[]}", NULL, ERROR_UNSUPPORTED, "schema 1"},
	{"", "{\"schemaVersion\":1}", NULL, ERROR_UNSUPPORTED, "schema 1"},
	{"", "{\"fsLayers\":[]}", NULL, ERROR_UNSUPPORTED, "schema 1"},
	/* descriptors */
	{OCI_MANIFEST, "{\"config\":{}}", NULL, ERROR_CORRUPT, "config: invalid digest"},
	{OCI_MANIFEST, "{\"config\":" ITEM("sha256:abc", "1") "}", NULL, ERROR_CORRUPT,
	 "invalid digest \"sha256:abc\""},
	{OCI_MANIFEST, "{\"config\":" ITEM("../../x", "1") "}", NULL, ERROR_CORRUPT,
	 "invalid digest"},
	{OCI_MANIFEST, "{\"config\":" ITEM("blake3:" A8, "1") "}", NULL, ERROR_UNSUPPORTED,
	 "cannot be verified"},
	{OCI_MANIFEST, "{\"config\":" ITEM("blake3:", "1") "}", NULL, ERROR_CORRUPT,
	 "invalid digest"},
	{OCI_MANIFEST, "{\"config\":" ITEM("blake3", "1") "}", NULL, ERROR_CORRUPT,
	 "invalid digest"},
	{OCI_MANIFEST, "{\"config\":" ITEM(":abc", "1") "}", NULL, ERROR_CORRUPT, "invalid digest"},
	{OCI_MANIFEST, "{\"config\":" ITEM("", "1") "}", NULL, ERROR_CORRUPT, "invalid digest"},
	{OCI_MANIFEST, "{" CONFIG "," LAYERS("1") "}", NULL, ERROR_CORRUPT, "not an object"},
	{OCI_MANIFEST, "{" CONFIG "," LAYERS("null") "}", NULL, ERROR_CORRUPT, "not an object"},
	{OCI_MANIFEST, "{\"config\":{\"digest\":\"" DA "\"}}", NULL, ERROR_CORRUPT,
	 "no valid size"},
	{OCI_MANIFEST, "{\"config\":" ITEM(DA, "-1") "}", NULL, ERROR_CORRUPT, "no valid size"},
	{OCI_MANIFEST, "{\"config\":" ITEM(DA, "1.5") "}", NULL, ERROR_CORRUPT, "no valid size"},
	{OCI_MANIFEST, "{\"config\":" ITEM(DA, "1e3") "}", NULL, ERROR_CORRUPT, "no valid size"},
	{OCI_MANIFEST, "{\"config\":" ITEM(DA, "\"2\"") "}", NULL, ERROR_CORRUPT, "no valid size"},
	{OCI_MANIFEST, "{\"config\":" ITEM(DA, "9223372036854775808") "}", NULL, ERROR_CORRUPT,
	 "no valid size"},
	{OCI_MANIFEST, "{\"config\":{\"mediaType\":5,\"digest\":\"" DA "\",\"size\":1}}", NULL,
	 ERROR_CORRUPT, "\"mediaType\" is"},
	{OCI_MANIFEST, "{" CONFIG "," LAYERS(ITEM(DA, "3")) "}", NULL, ERROR_CORRUPT,
	 "two different sizes"},
	{OCI_MANIFEST, "{" CONFIG ",\"subject\":{}}", NULL, ERROR_CORRUPT,
	 "subject: invalid digest"},
};

/* The algorithm is left out: 'a', 'b' and 'c' stand for DA, DB and DC. */
static void add_items(const char *name, const struct descriptor *items, size_t count,
		      struct buf *out)
{
	if (count)
		buf_printf(out, " %s", name);
	for (size_t i = 0; i < count; i++)
		buf_printf(out, " %c%lld", items[i].digest[7], (long long)items[i].size);
}

static void show(const struct manifest *manifest, struct buf *out)
{
	buf_printf(out, "%s %s", manifest->kind == MEDIA_INDEX ? "index" : "manifest",
		   manifest->media_type);
	add_items("blobs", manifest->blobs, manifest->blob_count, out);
	add_items("children", manifest->children, manifest->child_count, out);
	if (manifest->subject)
		buf_printf(out, " subject %s", manifest->subject);
}

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(accepted); i++) {
		const struct row *row = &accepted[i];
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(buf_finish) struct buf out = {0};
		struct manifest manifest;
		struct error err = {0};
		if (!manifest_parse(arena, str_of(row->document), str_of(row->served), &manifest,
				    &err))
			fail_msg("%s: %s", row->document, err.text);
		show(&manifest, &out);
		assert_string_equal(buf_string(&out), row->summary);
		assert_ptr_equal(manifest.bytes.at, row->document);
		assert_int_equal(manifest.bytes.len, strlen(row->document));
	}
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(refused); i++) {
		const struct row *row = &refused[i];
		scoped(arena_free) struct arena *arena = arena_new();
		struct manifest manifest;
		struct error err = {0};
		if (manifest_parse(arena, str_of(row->document), str_of(row->served), &manifest,
				   &err))
			fail_msg("accepted: %s", row->document);
		if (err.kind != row->kind || !strstr(err.text, row->error))
			fail_msg("%s: %s: %s", row->document, error_kind_name(err.kind), err.text);
	}
}

#define FOREIGN(digest)                                                                            \
	"{\"mediaType\":\"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip\","            \
	"\"digest\":\"" digest "\",\"size\":3,\"urls\":[\"http://x/\"]}"

/* A layer is kept back only when every mention of it says so. */
static void test_nondistributable(void **state)
{
	static const struct {
		const char *layers;
		bool kept_back;
	} cases[] = {
		{FOREIGN(DB), true},
		{FOREIGN(DB) "," FOREIGN(DB), true},
		{FOREIGN(DB) "," ITEM(DB, "3"), false},
		{ITEM(DB, "3") "," FOREIGN(DB), false},
		{ITEM(DB, "3"), false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct manifest manifest;
		struct error err = {0};
		const char *text =
			arena_printf(arena, "{%s,\"layers\":[%s]}", CONFIG, cases[i].layers);
		assert_true(
			manifest_parse(arena, str_of(text), STR(OCI_MANIFEST), &manifest, &err));
		assert_int_equal(manifest.blob_count, 2);
		assert_false(manifest.blobs[0].nondistributable);
		assert_int_equal(manifest.blobs[1].nondistributable, cases[i].kept_back);
	}
}

#define ONE(text) "\"" text "\""
#define EIGHT(n)                                                                                   \
	ONE(n "a")                                                                                 \
	"," ONE(n "b") "," ONE(n "c") "," ONE(n "d") "," ONE(n "e") "," ONE(n "f") "," ONE(        \
		n "g") "," ONE(n "h")

/* Addresses are read of foreign layers only, and what is no text is passed over. */
static void test_urls(void **state)
{
	static const struct {
		const char *urls, *found;
	} cases[] = {
		{"[\"https://a/1\",\"http://b/2?x\"]", "https://a/1 http://b/2?x "},
		{"[7,null,\"\",\"https://a/1\",[\"x\"]]", "https://a/1 "},
		{"[]", ""},
		{"null", ""},
		{"\"https://a/1\"", ""},
		{"[\"https://a/1\"],\"urls\":[\"https://b/1\"]", ""},
		{"[" EIGHT("1") "," EIGHT("2") ",\"17\"]",
		 "1a 1b 1c 1d 1e 1f 1g 1h 2a 2b 2c 2d 2e 2f 2g 2h "},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(buf_finish) struct buf found = {0};
		struct manifest manifest;
		struct descriptor kept;
		struct error err = {0};
		const char *text = arena_printf(
			arena,
			"{%s,\"layers\":[{\"mediaType\":\"application/"
			"vnd.oci.image.layer.nondistributable.v1.tar\",\"digest\":\"" DB
			"\",\"size\":3,\"urls\":%s}]}",
			CONFIG, cases[i].urls);
		assert_true(
			manifest_closure(arena, str_of(text), STR(OCI_MANIFEST), &manifest, &err));
		assert_true(manifest_keep(arena, &manifest.blobs[1], &kept));
		for (size_t j = 0; j < kept.url_count; j++)
			buf_printf(&found, "%s ", kept.urls[j]);
		assert_string_equal(buf_string(&found), cases[i].found);
		assert_int_equal(manifest.blobs[0].url_count, 0);
	}
}

static void test_media_types(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest manifest;
	struct error err;
	const char *text = "{\"manifests\":[" ITEM(DA, "1") ",{\"digest\":\"" DB "\",\"size\":1}]}";
	(void)state;
	assert_true(manifest_parse(arena, str_of(text), STR(OCI_INDEX), &manifest, &err));
	assert_string_equal(manifest.children[0].media_type, "x/y");
	assert_string_equal(manifest.children[0].digest, DA);
	assert_string_equal(manifest.children[1].media_type, "");
}

static void test_config_and_annotations(void **state)
{
	static const struct {
		const char *text, *config, *note; /* NULL: there is none */
	} cases[] = {
		{"{" CONFIG "," LAYERS(ITEM(DB, "3")) "}", DA, NULL},
		{"{" CONFIG ",\"annotations\":{\"a\":\"b\",\"note\":\"x\\u0026y\"}}", DA, "x&y"},
		{"{" LAYERS(ITEM(DB, "3")) ",\"annotations\":null}", NULL, NULL},
		{"{\"config\":null," LAYERS(ITEM(DB, "3")) ",\"annotations\":{\"note\":1}}", NULL,
		 NULL},
		{"{" MANIFESTS(ITEM(DB, "3")) ",\"annotations\":{\"note\":\"\"}}", NULL, ""},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct manifest manifest;
		struct error err = {0};
		assert_true(manifest_parse(arena, str_of(cases[i].text), STR(""), &manifest, &err));
		assert_int_equal(manifest.config != NULL, cases[i].config != NULL);
		if (manifest.config)
			assert_string_equal(manifest.config->digest, cases[i].config);
		struct str note = manifest_annotation(&manifest, "note");
		assert_int_equal(note.at != NULL, cases[i].note != NULL);
		assert_true(str_is(note, cases[i].note ? cases[i].note : ""));
	}
}

/* Nothing of it may lie in the document, which is gone. */
static void test_closure(void **state)
{
	static const char text[] = "{" CONFIG "," LAYERS(ITEM(DB, "3")) "}";
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest manifest;
	struct error err = {0};
	(void)state;
	assert_true(manifest_closure(arena, str_of(text), STR(OCI_MANIFEST), &manifest, &err));
	assert_null(manifest.document);
	assert_string_equal(manifest.media_type, OCI_MANIFEST);
	assert_int_equal(manifest.blob_count, 2);
	assert_string_equal(manifest.config->digest, DA);
	assert_string_equal(manifest.blobs[1].digest, DB);
	assert_string_equal(manifest.blobs[1].media_type, "x/y");
	assert_false(manifest_closure(arena, STR("{"), STR(OCI_MANIFEST), &manifest, &err));
}

static bool parse_many(size_t count, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	struct manifest manifest;
	buf_add_string(&text, "{\"manifests\":[");
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s{\"digest\":\"sha256:%064zx\",\"size\":1}", i ? "," : "", i);
	buf_add_string(&text, "]}");
	bool parsed = manifest_parse(arena, buf_str(&text), STR(OCI_INDEX), &manifest, err);
	if (parsed)
		assert_int_equal(manifest.child_count, count);
	return parsed;
}

static void test_limits(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	struct manifest manifest;
	struct error err = {0};
	(void)state;
	assert_true(parse_many(MANIFEST_CHILDREN_MAX, &err));
	assert_false(parse_many(MANIFEST_CHILDREN_MAX + 1, &err));
	assert_int_equal(err.kind, ERROR_UNSUPPORTED);
	buf_add_string(&text, "{" CONFIG "}");
	while (text.len < MANIFEST_BYTES_MAX)
		buf_add_char(&text, ' ');
	assert_true(manifest_parse(arena, buf_str(&text), STR(OCI_MANIFEST), &manifest, &err));
	buf_add_char(&text, ' ');
	assert_false(manifest_parse(arena, buf_str(&text), STR(OCI_MANIFEST), &manifest, &err));
	assert_int_equal(err.kind, ERROR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nondistributable),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_media_types),
		cmocka_unit_test(test_config_and_annotations),
		cmocka_unit_test(test_closure),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
