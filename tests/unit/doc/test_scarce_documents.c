/* Memory that runs out while documents, descriptions of images and answers are read. */
#include "test_scarce_fixture.h"

#include "doc/json.h"
#include "doc/json_writer.h"
#include "doc/yaml.h"
#include "doc/yaml_quote.h"
#include "net/tls_pem.h"
#include "net/url.h"
#include "oci/filter.h"
#include "oci/referrers.h"
#include "registry/challenge.h"
#include "registry/scope.h"
#include "registry/token_fetch.h"

static void describe(const struct node *node, struct buf *out)
{
	buf_printf(out, "%d:%.*s[", (int)node->kind, STR_ARGS(node->text));
	for (size_t i = 0; i < node->count; i++) {
		if (node->keys)
			describe(node->keys[i], out);
		describe(node->items[i], out);
	}
	buf_add_string(out, "]");
}

static bool yaml(struct arena *arena, struct buf *out)
{
	static const char text[] = "base: &base {a: 1, b: [x, 'y', \"z\\u00e9\"]}\n"
				   "list: [{<<: *base, c: true}, {<<: [*base, {d: ~}]}]\n"
				   "block: |\n  two\n  lines\nempty: {}\nnone: []\n";
	const struct node *root = NULL;
	struct error err = {0};
	if (!yaml_read(arena, str_of(text), &root, &err))
		return out_of_memory(&err);
	counting = false;
	describe(root, out);
	return true;
}

static bool json(struct arena *arena, struct buf *out)
{
	static const char text[] = "{\"a\": [1, 2.5, true, null, \"x\\u00e9\\n\"],\n"
				   " \"b\": {\"c\": {}, \"d\": [], \"e\": -1}, \"f\": \"\"}";
	const struct node *root = NULL;
	struct error err = {0};
	if (!json_read(arena, str_of(text), &root, &err))
		return out_of_memory(&err);
	counting = false;
	describe(root, out);
	return true;
}

static bool foreign(struct arena *arena, struct buf *out)
{
	static const char text[] =
		"{\"a\": \"\xe9\\ud800\", \"b\": {\"c\": 1, \"c\": 2}, \"a\": []}";
	const struct node *root = NULL;
	struct error err = {0};
	if (!json_read_foreign(arena, str_of(text), &root, &err))
		return out_of_memory(&err);
	counting = false;
	describe(root, out);
	return true;
}

static bool written(struct arena *arena, struct buf *out)
{
	scoped(buf_finish) struct buf text = {0};
	struct json_writer writer = {.out = &text};
	(void)arena;
	json_writer_open_object(&writer);
	for (int i = 0; i < 40; i++) {
		json_writer_name(&writer, "a name that takes room");
		json_writer_string(&writer, "and a value: \"\xff\" ##[group]");
	}
	json_writer_close_object(&writer);
	yaml_quote(STR("a \"quoted\" text, ##[group]"), &text);
	if (!buf_ok(&text))
		return false;
	counting = false;
	buf_add_str(out, buf_str(&text));
	return true;
}

#define DIGEST(letter)                                                                             \
	"sha256:" letter letter letter letter letter letter letter letter letter letter letter     \
		letter letter letter letter letter
#define DA DIGEST("aaaa")
#define DB DIGEST("bbbb")
#define DC DIGEST("cccc")
#define DD DIGEST("dddd")
#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define ENTRY(digest, more)                                                                        \
	"{\"mediaType\":\"" MANIFEST_TYPE "\",\"digest\":\"" digest "\",\"size\":7" more "}"
#define PLATFORM(arch) ",\"platform\":{\"os\":\"linux\",\"architecture\":\"" arch "\"}"

static const char an_index[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" INDEX_TYPE "\",\"manifests\":[" ENTRY(
		DA, PLATFORM("amd64")) "," ENTRY(DB, PLATFORM("arm64")) "," ENTRY(DC, "") "]}";
static const char an_image[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE
	"\",\"artifactType\":\"application/x\",\"config\":" ENTRY(DA, "") ",\"layers\":[" ENTRY(
		DB, "") "," ENTRY(DC, "") "],\"subject\":" ENTRY(DA, "") ",\"annotations\":{"
									 "\"a\":\"b\"}}";
static const struct platform_pattern amd64 = {{"amd64", 5}, {0}};
static const struct platform_filter filter = {.arch = &amd64, .arch_count = 1};

static bool narrowed(struct arena *arena, struct buf *out)
{
	struct manifest manifest;
	struct filter_index index;
	struct str bytes;
	struct error err = {0};
	const char *patterns = platform_filter_text(arena, &filter);
	if (!patterns)
		return false;
	if (!manifest_parse(arena, str_of(an_index), STR(INDEX_TYPE), &manifest, &err) ||
	    !filter_read(arena, &manifest, &filter, &index, &err) || !filter_settle(&index, &err) ||
	    !filter_write(arena, &index, DC, patterns, &bytes, &err))
		return out_of_memory(&err);
	counting = false;
	buf_add_str(out, bytes);
	return true;
}

static bool referrers(struct arena *arena, struct buf *out)
{
	scoped(map_finish) struct map found = {0};
	struct manifest manifest;
	struct str bytes;
	struct error err = {0};
	if (!manifest_parse(arena, str_of(an_image), STR(MANIFEST_TYPE), &manifest, &err))
		return out_of_memory(&err);
	struct str descriptor = referrers_describe(arena, &manifest, DD);
	if (!descriptor.len)
		return false;
	if (!referrers_append(arena, str_of(an_index), &descriptor, 1, &bytes, &err) ||
	    !referrers_read(arena, bytes, &found, &err))
		return out_of_memory(&err);
	counting = false;
	buf_printf(out, "%zu %zu %s %.*s", found.count, manifest.blob_count, manifest.subject,
		   STR_ARGS(bytes));
	return true;
}

static bool answers(struct arena *arena, struct buf *out)
{
	static const char challenge_text[] =
		"Basic realm=\"x\", Bearer realm=\"/token\",service=\"a \\\"b\\\"\",scope=\"c\"";
	struct url base, realm;
	struct challenge challenge = {0};
	struct error err = {0};
	int64_t life = 0;
	scoped(buf_finish) struct buf token = {0};
	const char *scope = scope_default(arena, "a/b", true, "c/d");
	if (!scope || !challenge_parse(arena, str_of(challenge_text), &challenge))
		return false;
	/* Without memory libcurl has other words for what it thinks of a URL. */
	if (!url_parse(arena, "https://A.io:443/v2/", &base, &err) ||
	    !url_resolve(arena, &base, challenge.realm, &realm, &err))
		return false;
	if (!token_fetch_parse(STR("{\"token\":\"word-5\",\"expires_in\":90}"), &token, &life,
			       &err))
		return out_of_memory(&err);
	counting = false;
	buf_printf(out, "%s %s %s %s %lld", scope, realm.text, challenge.service,
		   buf_string(&token), (long long)life);
	return true;
}

static bool anchors(struct arena *arena, struct buf *out)
{
	static const char pem[] =
		"-----BEGIN CERTIFICATE-----\n"
		"MIIBVzCB/qADAgECAhQXsIsrmK8Y6MaS1dN6xAUujdg9IjAKBggqhkjOPQQDAjAR\n"
		"MQ8wDQYDVQQDDAZzY2FyY2UwIBcNMjYxMTI4MTkyNjU4WhgPMjEyNjExMDQxOTI2\n"
		"NThaMBExDzANBgNVBAMMBnNjYXJjZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA\n"
		"BHfr4Nr+BnxZUwfdDuBHBuhBGJaizjv0cJYZcjbywI1B+Y11ngj1YIUe1HI9CaKz\n"
		"xqTYYzPxT1BMVFYhFApnSKujMjAwMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYE\n"
		"FOIR2bgP5HXGeyzJ9VDgLtymPdVcMAoGCCqGSM49BAMCA0gAMEUCIFb9WyNtQE2P\n"
		"x5cFee4i3Wll1+p4DAk7iRCJrstSJvG0AiEAlv1uiFoht5uBRl2wOeyU4NIBCMXF\n"
		"id8L8KzREvPO870=\n"
		"-----END CERTIFICATE-----\n"
		"-----BEGIN CERTIFICATE-----\n"
		"MIIBfTCCASOgAwIBAgIUQjzH0W0Ue2mM2o2xWj0cXl0b0lQwCgYIKoZIzj0EAwIw\n"
		"-----END CERTIFICATE-----\n";
	struct tls_anchors found = {0};
	struct error err = {0};
	if (!tls_pem_anchors(arena, str_of(pem), &found, &err)) {
		counting = false;
		if (err.kind == ERROR_MEMORY)
			return false;
		buf_printf(out, "a certificate and a damaged one: %s", err.text);
		return true;
	}
	counting = false;
	buf_printf(out, "%zu anchors, %zu certificates refused", found.count, found.refused_count);
	return true;
}

static void test_yaml(void **state)
{
	(void)state;
	starve(yaml);
}

static void test_json(void **state)
{
	(void)state;
	starve(json);
	starve(foreign);
}

static void test_written(void **state)
{
	(void)state;
	starve(written);
}

static void test_narrowed(void **state)
{
	(void)state;
	starve(narrowed);
}

static void test_referrers(void **state)
{
	(void)state;
	starve(referrers);
}

static void test_answers(void **state)
{
	(void)state;
	starve(answers);
}

static void test_anchors(void **state)
{
	(void)state;
	starve(anchors);
}

static bool with_a_name(struct arena *arena, struct buf *out)
{
	struct url url;
	struct error err = {0};
	(void)out;
	return url_parse(arena, "https://user@a.io/", &url, &err);
}

/* What is refused stays refused, whatever could not be looked at. */
static void test_refused(void **state)
{
	(void)state;
	for (unsigned at = 0; at < 30; at++) {
		scoped(buf_finish) struct buf out = {0};
		assert_false(attempt(with_a_name, at, 1, &out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml),      cmocka_unit_test(test_json),
		cmocka_unit_test(test_written),   cmocka_unit_test(test_narrowed),
		cmocka_unit_test(test_referrers), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_anchors),   cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
