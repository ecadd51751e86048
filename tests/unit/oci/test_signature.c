/* Signatures as cosign keeps them, made with openssl, and the keys they are checked with. */
#include "base/base64.h"
#include "net/ecdsa.h"
#include "oci/public_key.h"
#include "oci/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN "-----BEGIN PUBLIC KEY-----\n"
#define END "-----END PUBLIC KEY-----"
#define LINE_1 "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELWuHBSbKJVtqGXxJuEhvg1MNiVVq\n"
#define LINE_2 "cvGJCV3Rn7ngzdTthcP0eeK3UWbf+L8Qan37ij2JxXtAoUE8zn05Eqm8JA==\n"
#define DIGEST "sha256:0137a0f070991f4d655a52d44373699b5f953bce299ba540bb01e290e844fcb9"
#define ELSE "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define BUNDLE "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
#define ENVELOPE(payload, signature)                                                               \
	BUNDLE "\"dsseEnvelope\":{\"payload\":\"" payload                                          \
	       "\",\"payloadType\":\"application/vnd.in-toto+json\","                              \
	       "\"signatures\":[{\"sig\":\"" signature "\"}]}}"

#define PAYLOAD                                                                                    \
	"{\"critical\":{\"identity\":{\"docker-reference\":\"a\"},\"image\":{\"docker"             \
	"-manifest-digest\":\"sha256:0137a0f070991f4d655a52d44373699b5f953bce299ba540"             \
	"bb01e290e844fcb9\"},\"type\":\"cosign container image signature\"},\"optiona"             \
	"l\":null}"
#define SIGNATURE                                                                                  \
	"MEQCIELPJRkdEqT3aA7lUyqdzsiFylN66YoFd+vrG9"                                               \
	"0RywBNAiAEyACMLFYFlKRmi8H77L5TEfgqmK3dzeFu1DzxBy4EeA=="
#define STATEMENT                                                                                  \
	"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJzdWJqZWN0IjpbeyJk"             \
	"aWdlc3QiOnsic2hhMjU2IjoiMDEzN2EwZjA3MDk5MWY0ZDY1NWE1MmQ0NDM3MzY5OWI1Zjk1M2Jj"             \
	"ZTI5OWJhNTQwYmIwMWUyOTBlODQ0ZmNiOSJ9fV0sInByZWRpY2F0ZVR5cGUiOiJodHRwczovL3Np"             \
	"Z3N0b3JlLmRldi9jb3NpZ24vc2lnbi92MSIsInByZWRpY2F0ZSI6e319"
#define STATEMENT_SIGNATURE                                                                        \
	"MEQCID+XH6+E6+zbP2C56+oi+L9pJVzxLXkIL7s2wl"                                               \
	"XwORifAiA7N8wXC6BFgaARqDbfIptmh8i1GWH4cjSyvpoVNoMcJQ=="

static struct public_key key(void)
{
	struct public_key key = {0};
	struct error err;
	assert_true(public_key_parse(STR(BEGIN LINE_1 LINE_2 END "\n"), &key, &err));
	return key;
}

static bool good(const struct signature *signature)
{
	const struct public_key trusted = key();
	return ecdsa_verify(trusted.point, signature->hash, signature->bytes, signature->len);
}

static void test_keys(void **state)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
		{"", "it is not a public key in PEM"},
		{BEGIN LINE_1 LINE_2, "it is not a public key in PEM"},
		{BEGIN END, "it is not an ECDSA P-256 key, the kind that cosign generates"},
		{BEGIN LINE_1 END, "it is not an ECDSA P-256 key, the kind that cosign generates"},
		{BEGIN LINE_1 LINE_2 LINE_2 END, "its base64 is damaged"},
		{BEGIN LINE_1 LINE_2 END "\n" BEGIN LINE_1 LINE_2 END, "its base64 is damaged"},
		{"x" BEGIN LINE_1 LINE_2 END, "it is not a public key in PEM"},
		{"-----BEGIN PRIVATE KEY-----\n" LINE_1 LINE_2 END,
		 "it holds \"-----BEGIN PRIVATE KEY-----\" instead of a PUBLIC KEY"},
	};
	struct public_key a = key(), b = key();
	struct error err;
	(void)state;
	for (size_t i = 0; i < array_count(bad); i++) {
		assert_false(public_key_parse(str_of(bad[i].text), &b, &err));
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_string_equal(err.text, bad[i].error);
	}
	assert_true(
		public_key_parse(STR(" \r\n" BEGIN " " LINE_1 "\r\n" LINE_2 END "\r\n"), &b, &err));
	assert_true(public_key_equal(&a, &b));
	assert_true(public_key_equal(NULL, NULL));
	assert_false(public_key_equal(&a, NULL));
}

static void test_simple(void **state)
{
	static const struct {
		const char *payload, *signature, *digest, *why;
	} bad[] = {
		{PAYLOAD, SIGNATURE, ELSE, "it is about another image"},
		{PAYLOAD, "", DIGEST, "its signature is damaged"},
		{PAYLOAD, "*", DIGEST, "its signature is damaged"},
		{"", SIGNATURE, DIGEST, "it does not sign a statement about an image"},
		{"[]", SIGNATURE, DIGEST, "it does not sign a statement about an image"},
		{"{\"critical\":{\"type\":\"x\"}}", SIGNATURE, DIGEST,
		 "it does not sign a statement about an image"},
		/* of two digests neither is the one that was signed */
		{"{\"critical\":{\"image\":{\"docker-manifest-digest\":\"" DIGEST
		 "\",\"docker-manifest-digest\":\"" ELSE
		 "\"},\"type\":\"cosign container image signature\"}}",
		 SIGNATURE, DIGEST, "it is about another image"},
		{"{\"critical\":{},\"critical\":{\"image\":{\"docker-manifest-digest\":\"" DIGEST
		 "\"},\"type\":\"cosign container image signature\"}}",
		 SIGNATURE, DIGEST, "it does not sign a statement about an image"},
	};
	struct signature signature;
	const char *why = NULL;
	(void)state;
	assert_true(signature_simple(STR(PAYLOAD), STR(SIGNATURE), DIGEST, &signature, &why));
	assert_true(good(&signature));
	assert_string_equal(signature.repository, "a");
	signature.hash[31] ^= 1;
	assert_false(good(&signature));
	assert_true(signature_simple(STR(PAYLOAD " "), STR(SIGNATURE), DIGEST, &signature, &why));
	assert_false(good(&signature));
	/* Notes beside the statement may be in any bytes. */
	assert_true(signature_simple(
		STR("{\"critical\":{\"image\":{\"docker-manifest-digest\":\"" DIGEST
		    "\"},\"type\":\"cosign container image signature\"},"
		    "\"optional\":{\"a\":\"\xe9\\ud800\",\"a\":1}}"),
		STR(SIGNATURE), DIGEST, &signature, &why));
	for (size_t i = 0; i < array_count(bad); i++) {
		assert_false(signature_simple(str_of(bad[i].payload), str_of(bad[i].signature),
					      bad[i].digest, &signature, &why));
		assert_string_equal(why, bad[i].why);
	}
}

/* The name is that of the subject with the image's digest; too long a one, or two, is none. */
static void test_names_in_bundles(void **state)
{
	static const struct {
		const char *subjects, *name;
	} cases[] = {
		{"{\"digest\":{\"sha256\":\"%s\"}}", ""},
		{"{\"name\":\"ghcr.io/a\",\"digest\":{\"sha256\":\"%s\"}}", "ghcr.io/a"},
		{"{\"name\":\"b\",\"digest\":{\"sha256\":\"00\"}},{\"digest\":{\"sha256\":\"%s\"}}",
		 ""},
		{"{\"name\":\"b\",\"digest\":{\"sha256\":\"00\"}},"
		 "{\"name\":\"a\",\"digest\":{\"sha256\":\"%s\"}}",
		 "a"},
		{"{\"name\":5,\"digest\":{\"sha256\":\"%s\"}}", ""},
		{"{\"name\":\"a\",\"name\":\"b\",\"digest\":{\"sha256\":\"%s\"}}", ""},
		{"{\"name\":\"%01200d\",\"digest\":{\"sha256\":\"%s\"}}", ""},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		scoped(buf_finish) struct buf statement = {0};
		scoped(buf_finish) struct buf document = {0};
		struct signature signature;
		const char *why, *hex = strchr(DIGEST, ':') + 1;
		buf_add_string(&statement,
			       "{\"_type\":\"https://in-toto.io/Statement/v1\","
			       "\"predicateType\":\"https://sigstore.dev/cosign/sign/v1\","
			       "\"subject\":[");
		for (const char *at = cases[i].subjects; *at; at++)
			if (str_starts(str_of(at), "%s"))
				buf_add_string(&statement, hex), at++;
			else if (str_starts(str_of(at), "%01200d"))
				buf_printf(&statement, "%01200d", 0), at += 6;
			else
				buf_add_char(&statement, *at);
		buf_add_string(&statement, "]}");
		buf_add_string(&document,
			       BUNDLE "\"dsseEnvelope\":{\"payloadType\":"
				      "\"application/vnd.in-toto+json\",\"signatures\":[{"
				      "\"sig\":\"" SIGNATURE "\"}],\"payload\":\"");
		base64_encode(buf_str(&statement), &document);
		buf_add_string(&document, "\"}}");
		if (!signature_bundle(buf_str(&document), DIGEST, &signature, &why))
			fail_msg("%s: %s", cases[i].subjects, why);
		assert_string_equal(signature.repository, cases[i].name);
	}
}

static void test_bundle(void **state)
{
	static const char message[] =
		BUNDLE "\"messageSignature\":{\"signature\":\"" SIGNATURE "\"}}";
	static const struct {
		const char *document, *digest, *why;
	} bad[] = {
		{ENVELOPE(STATEMENT, STATEMENT_SIGNATURE), ELSE, "it is about another image"},
		{ENVELOPE(STATEMENT, ""), DIGEST, "its signature is damaged"},
		{ENVELOPE("*", STATEMENT_SIGNATURE), DIGEST, "its payload is damaged"},
		{ENVELOPE("e30=", STATEMENT_SIGNATURE), DIGEST,
		 "it does not sign an in-toto statement"},
		{BUNDLE "\"dsseEnvelope\":{}}", DIGEST, "it does not sign an in-toto statement"},
		{BUNDLE "\"x\":1}", DIGEST, "it does not hold exactly one signature"},
		{BUNDLE "\"dsseEnvelope\":{},\"messageSignature\":{}}", DIGEST,
		 "it does not hold exactly one signature"},
		{BUNDLE "\"messageSignature\":{\"messageDigest\":{\"digest\":\"AAAA\"}}}", DIGEST,
		 "it is about another image"},
		{BUNDLE "\"messageSignature\":{}}", DIGEST, "its signature is damaged"},
		{"{}", DIGEST, "it is not a sigstore bundle"},
		{"no", DIGEST, "it is not a sigstore bundle"},
	};
	struct signature signature;
	const char *why = NULL;
	(void)state;
	assert_true(signature_bundle(STR(ENVELOPE(STATEMENT, STATEMENT_SIGNATURE)), DIGEST,
				     &signature, &why));
	assert_true(good(&signature));
	assert_string_equal(signature.repository, "");
	/* Readable, and over the right thing, but not signed by the key. */
	assert_true(
		signature_bundle(STR(ENVELOPE(STATEMENT, SIGNATURE)), DIGEST, &signature, &why));
	assert_false(good(&signature));
	assert_true(signature_bundle(str_of(message), DIGEST, &signature, &why));
	assert_false(good(&signature));
	assert_int_equal(signature.hash[0], 0x01);
	assert_int_equal(signature.hash[31], 0xb9);
	for (size_t i = 0; i < array_count(bad); i++) {
		assert_false(
			signature_bundle(str_of(bad[i].document), bad[i].digest, &signature, &why));
		assert_string_equal(why, bad[i].why);
	}
}

/* Whatever stands where a signature should, nothing is read or written out of bounds. */
static void test_garbage(void **state)
{
	const struct public_key trusted = key();
	unsigned char point[ECDSA_POINT_SIZE] = {4}, hash[ECDSA_HASH_SIZE] = {1};
	unsigned char bytes[SIGNATURE_BYTES_MAX];
	(void)state;
	for (int fill = 0; fill < 256; fill += 51) {
		memset(bytes, fill, sizeof(bytes));
		for (size_t len = 0; len <= sizeof(bytes); len++)
			assert_false(ecdsa_verify(trusted.point, hash, bytes, len));
	}
	assert_false(ecdsa_verify(point, hash, bytes, 72));
}

static void test_layers(void **state)
{
	static const char text[] =
		"{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"layers\":["
		"{\"mediaType\":\"x/y\",\"size\":1,\"digest\":\"" ELSE "\"},"
		"{\"mediaType\":\"application/vnd.dev.cosign.simplesigning.v1+json\",\"size\":7,"
		"\"digest\":\"" DIGEST
		"\",\"annotations\":{\"dev.cosignproject.cosign/signature\":\"QQ==\"}}]}";
	scoped(arena_free) struct arena *arena = arena_new();
	struct signature_layer *layers;
	struct manifest manifest;
	struct error err;
	size_t count;
	(void)state;
	assert_true(manifest_parse(arena, str_of(text), STR(""), &manifest, &err));
	assert_true(signature_layers(arena, &manifest, &layers, &count));
	assert_int_equal(count, 1);
	assert_string_equal(layers[0].blob.digest, DIGEST);
	assert_int_equal(layers[0].blob.size, 7);
	assert_true(str_is(layers[0].encoded, "QQ=="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_in_bundles), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_simple),           cmocka_unit_test(test_bundle),
		cmocka_unit_test(test_garbage),          cmocka_unit_test(test_layers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
