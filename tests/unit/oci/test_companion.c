/* What accompanies an image: names, filters, lists of referrers. */
#include "oci/companion.h"
#include "oci/referrers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEX "0137a0f070991f4d655a52d44373699b5f953bce299ba540bb01e290e844fcb9"
#define OTHER "1111111111111111111111111111111111111111111111111111111111111111"
#define THIRD "2222222222222222222222222222222222222222222222222222222222222222"
#define INDEX "\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\""

static void test_tags(void **state)
{
	char tag[COMPANION_TAG_SIZE];
	(void)state;
	assert_true(companion_tag("sha256:" HEX, COMPANION_SIG, tag));
	assert_string_equal(tag, "sha256-" HEX ".sig");
	assert_true(companion_tag("sha256:" HEX, COMPANION_SBOM, tag));
	assert_string_equal(tag, "sha256-" HEX ".sbom");
	assert_false(companion_tag("sha512:" HEX HEX, COMPANION_ATT, tag));
	companion_fallback_tag("sha256:" HEX, tag);
	assert_string_equal(tag, "sha256-" HEX);
	companion_fallback_tag("sha512:" HEX OTHER, tag);
	assert_string_equal(tag, "sha512-" HEX);
	assert_true(companion_is_tag(STR("sha256-" HEX)));
	assert_true(companion_is_tag(STR("sha256-" HEX ".att")));
	assert_false(companion_is_tag(STR("sha256-" HEX "\0" + 1)));
	assert_false(companion_is_tag(str_head(STR("sha256-" HEX), 70)));
	assert_false(companion_is_tag(STR("v1")));
	assert_false(companion_is_tag(STR("sha256-G" HEX)));
}

static struct companion_filter filter_of(const char *words)
{
	struct companion_filter filter = {0};
	struct str word, text = str_of(words);
	while (str_cut(&text, ',', &word))
		assert_true(companion_filter_add(&filter, word));
	return filter;
}

static void test_filter(void **state)
{
	static const char bundle[] = "application/vnd.dev.sigstore.bundle.v0.3+json";
	static const struct {
		const char *words, *type;
		bool wanted;
	} cases[] = {
		{"all", "text/x", true},
		{"all", "", true},
		{"signatures", bundle, true},
		{"signatures", "application/vnd.cncf.notary.signature", true},
		{"signatures", "application/spdx+json", false},
		{"signatures", "", false},
		{"attestations", bundle, true},
		{"attestations", "application/vnd.in-toto+json", true},
		{"sboms", "application/spdx+json", true},
		{"sboms", "application/vnd.cyclonedx+json", true},
		{"sboms", bundle, false},
		{"application/spdx+json", "application/spdx+json; charset=utf-8", true},
		{"application/spdx+json", "application/SPDX+json", true},
		{"application/spdx+json", "application/spdx", false},
		{"text/a,text/b", "text/b", true},
	};
	struct companion_filter none = {0};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct companion_filter filter = filter_of(cases[i].words);
		assert_false(companion_filter_empty(&filter));
		if (companion_wanted(&filter, str_of(cases[i].type)) != cases[i].wanted)
			fail_msg("%s: %s", cases[i].words, cases[i].type);
	}
	assert_true(companion_filter_empty(&none));
	assert_false(companion_wanted(&none, str_of(bundle)));
	assert_false(companion_filter_add(&none, STR("everything")));
	assert_false(companion_filter_add(&none, STR("")));
	for (int i = 0; i < COMPANION_TYPES_MAX; i++)
		assert_true(companion_filter_add(&none, STR("a/b")));
	assert_false(companion_filter_add(&none, STR("a/b")));
}

static void test_equal(void **state)
{
	struct companion_filter all = filter_of("all"), a = filter_of("signatures,text/a"),
				b = filter_of("signatures,text/b"), none = {0};
	(void)state;
	assert_true(companion_filter_equal(NULL, &none));
	assert_false(companion_filter_equal(&all, NULL));
	assert_false(companion_filter_equal(&a, &b));
	assert_true(companion_filter_equal(&a, &a));
	assert_true(companion_tag_wanted(&a, COMPANION_SIG));
	assert_false(companion_tag_wanted(&a, COMPANION_ATT));
}

static void test_read(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(map_finish) struct map list = {0};
	struct error err;
	(void)state;
	assert_true(referrers_read(
		arena,
		STR("{" INDEX ",\"manifests\":[{\"digest\":\"sha256:" HEX "\",\"size\":1,"
		    "\"mediaType\":\"a/b\",\"artifactType\":\"c/d\"},{\"digest\":\"sha256:" HEX
		    "\",\"size\":1},{\"digest\":\"sha256:" OTHER "\",\"size\":2,"
		    "\"artifactType\":\"application/vnd.oci.empty.v1+json\"}]}"),
		&list, &err));
	assert_int_equal(list.count, 2);
	const struct referrer *first = list.entries[0].value, *second = list.entries[1].value;
	assert_string_equal(first->media_type, "a/b");
	assert_string_equal(first->artifact_type, "c/d");
	assert_string_equal(second->digest, "sha256:" OTHER);
	assert_string_equal(second->artifact_type, "");
	/* A type given twice is as good as none: then the manifest itself is asked. */
	assert_true(referrers_read(
		arena,
		STR("{\"manifests\":[{\"digest\":\"sha256:" THIRD
		    "\",\"size\":1,\"artifactType\":\"a/b\",\"artifactType\":\"c/d\","
		    "\"annotations\":{\"\xe9\":\"\t\"}}]}"),
		&list, &err));
	assert_string_equal(((struct referrer *)list.entries[2].value)->artifact_type, "");
	assert_false(referrers_read(arena, STR("{}"), &list, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_false(referrers_read(arena, STR("{\"layers\":[]}"), &list, &err));
	assert_string_equal(err.text, "it is an image, not a list of referrers");
	assert_true(referrers_read(arena, STR("{" INDEX ",\"manifests\":null}"), &list, &err));
	assert_int_equal(list.count, 3);
}

static void test_describe(void **state)
{
	static const char text[] =
		"{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"layers\":[],"
		"\"config\":{\"mediaType\":\"x/y\",\"size\":2,\"digest\":\"sha256:" HEX "\"},"
		"\"annotations\":{\"a\" : \"\\u00e9\"}}";
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest manifest;
	struct error err;
	(void)state;
	assert_true(manifest_parse(arena, str_of(text), STR(""), &manifest, &err));
	struct str shown = referrers_describe(arena, &manifest, "sha256:" OTHER);
	assert_string_equal(shown.at,
			    "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
			    "\"digest\":\"sha256:" OTHER "\",\"size\":222,\"artifactType\":\"x/y\","
			    "\"annotations\":{\"a\" : \"\\u00e9\"}}");
}

/* A list of referrers repeats what the manifest says, down to bytes that are no text. */
static void test_describe_bytes(void **state)
{
	static const struct {
		const char *members, *described;
	} cases[] = {
		{"\"artifactType\":\"a/\xe9\\ud800\",\"annotations\":{\"a\":\"\t\xe9\",\"a\":1}",
		 ",\"artifactType\":\"a/\xe9\\ud800\",\"annotations\":{\"a\":\"\t\xe9\",\"a\":1}"},
		{"\"config\":{\"mediaType\":\"\xe9\",\"size\":2,\"digest\":\"sha256:" HEX "\"}",
		 ",\"artifactType\":\"\xe9\""},
		{"\"annotations\":{\"a\":\"b\"},\"annotations\":{\"c\":\"d\"}", ""},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct manifest manifest;
		struct error err;
		const char *text = arena_printf(arena, "{\"layers\":[],%s}", cases[i].members);
		assert_true(manifest_parse(arena, str_of(text), STR(""), &manifest, &err));
		struct str shown = referrers_describe(arena, &manifest, "sha256:" OTHER);
		assert_string_equal(
			shown.at,
			arena_printf(
				arena,
				"{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
				"\"digest\":\"sha256:" OTHER "\",\"size\":%zu%s}",
				strlen(text), cases[i].described));
	}
}

static void test_append(void **state)
{
	static const struct {
		const char *old, *new;
	} cases[] = {
		{"", "{" INDEX ",\"manifests\":[{1},{2}]}"},
		{"{\"manifests\":[ ] , " INDEX "}", "{\"manifests\":[ {1},{2}] , " INDEX "}"},
		{"{\"manifests\":null," INDEX "}", "{\"manifests\":[{1},{2}]," INDEX "}"},
		{"{\"manifests\":[{\"digest\":\"sha256:" HEX "\",\"size\":1}\n]," INDEX "}",
		 "{\"manifests\":[{\"digest\":\"sha256:" HEX "\",\"size\":1}\n,{1},{2}]," INDEX
		 "}"},
		{"{\"manifests\":[{\"digest\":\"sha256:" HEX
		 "\",\"size\":1,\"annotations\":{\"a\":\"\xe9\",\"a\":1}}],\"x\":\"\\ud800\"}",
		 "{\"manifests\":[{\"digest\":\"sha256:" HEX
		 "\",\"size\":1,\"annotations\":{\"a\":\"\xe9\",\"a\":1}},{1},{2}],"
		 "\"x\":\"\\ud800\"}"},
	};
	const struct str added[] = {STR("{1}"), STR("{2}")};
	scoped(arena_free) struct arena *arena = arena_new();
	struct str out;
	struct error err;
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		assert_true(referrers_append(arena, str_of(cases[i].old), added, 2, &out, &err));
		assert_string_equal(out.at, cases[i].new);
	}
	assert_false(referrers_append(arena, STR("{\"layers\":[]}"), added, 2, &out, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_false(referrers_append(arena, STR("no"), added, 2, &out, &err));
}

/* A filter is the sum of its words. */
static void test_parts(void **state)
{
	static const char *const words[] = {"all", "attestations", "text/a", "text/b"};
	struct companion_filter filter = {0}, sum = {0}, part;
	struct str word;
	(void)state;
	for (size_t i = 0; i < array_count(words); i++)
		assert_true(companion_filter_add(&filter, str_of(words[i])));
	for (size_t i = 0; i < array_count(words); i++) {
		assert_true(companion_filter_part(&filter, i, &part, &word));
		assert_true(str_is(word, words[i]));
		assert_int_equal(part.all + part.attestations + part.type_count, 1);
		assert_false(companion_filter_equal(&filter, &sum));
		assert_true(companion_filter_join(&sum, &part));
	}
	assert_false(companion_filter_part(&filter, array_count(words), &part, &word));
	assert_true(companion_filter_join(&sum, &filter));
	assert_true(companion_filter_equal(&filter, &sum));
	sum.type_count = COMPANION_TYPES_MAX;
	assert_false(companion_filter_join(
		&sum, &(struct companion_filter){.types = {STR("text/new")}, .type_count = 1}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags),           cmocka_unit_test(test_filter),
		cmocka_unit_test(test_equal),          cmocka_unit_test(test_read),
		cmocka_unit_test(test_describe),       cmocka_unit_test(test_append),
		cmocka_unit_test(test_describe_bytes), cmocka_unit_test(test_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
