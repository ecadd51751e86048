/* Tasks whose rules demand a signature. */
#pragma once

#include "test_copy_terms.h"

#include <bearssl.h>

/* The private key 1: whoever wants to sign these images may. */
static unsigned char secret[32] = {[31] = 1};
static struct signer signer, stranger;

static void make_signer(struct signer *out, unsigned char number)
{
	secret[31] = number;
	const br_ec_private_key key = {BR_EC_secp256r1, secret, sizeof(secret)};
	unsigned char buffer[BR_EC_KBUF_PUB_MAX_SIZE];
	br_ec_public_key public;
	assert_int_equal(br_ec_compute_pub(br_ec_get_default(), &public, buffer, &key),
			 PUBLIC_KEY_POINT_SIZE);
	*out = (struct signer){.key = {.place = "key.pub"}};
	memcpy(out->key.point, public.q, public.qlen);
}

/* The signature of text by the key with that number, in base64. */
static const char *sign(struct arena *arena, struct str text, unsigned char number)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char hash[32], bytes[96] = {0};
	br_sha256_context sha;
	secret[31] = number;
	const br_ec_private_key key = {BR_EC_secp256r1, secret, sizeof(secret)};
	br_sha256_init(&sha);
	br_sha256_update(&sha, text.at, text.len);
	br_sha256_out(&sha, hash);
	size_t len =
		br_ecdsa_i31_sign_asn1(br_ec_get_default(), &br_sha256_vtable, hash, &key, bytes);
	char *out = arena_alloc(arena, 200);
	for (size_t i = 0, at = 0; i < len; i += 3) {
		unsigned group = (unsigned)(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
		for (size_t j = 0; j < 4; j++)
			out[at++] = i + j <= len ? letters[group >> (18 - 6 * j) & 63] : '=';
	}
	return out;
}

/* One of cosign's signatures by the key with that number, for the repository named. */
static void add_signature(struct world *world, unsigned char number, const char *repository)
{
	struct memory_world *memory = world->memory;
	char tag[COMPANION_TAG_SIZE];
	const char *digest = memory_find(world->from, "v1");
	const char *text =
		arena_printf(memory->arena,
			     "{\"critical\":{\"identity\":{\"docker-reference\":\"%s\"},\"image\":"
			     "{\"docker-manifest-digest\":\"%s\"},"
			     "\"type\":\"cosign container image signature\"},\"optional\":null}",
			     repository, digest);
	const char *layer = copy_descriptor(
		memory, "application/vnd.dev.cosign.simplesigning.v1+json",
		memory_blob(memory, world->from, str_of(text)), strlen(text),
		arena_printf(memory->arena,
			     ",\"annotations\":{\"dev.cosignproject.cosign/signature\":\"%s\"}",
			     sign(memory->arena, str_of(text), number)));
	const char *config = copy_config(memory, world->from, "", "");
	companion_tag(digest, COMPANION_SIG, tag);
	memory_manifest(memory, world->from,
			arena_printf(memory->arena,
				     "{\"schemaVersion\":2,\"mediaType\":\"" IMAGE_TYPE "\","
				     "\"config\":%s,\"layers\":[%s]}",
				     config, layer),
			IMAGE_TYPE, tag);
}

static void build_signed(struct world *world)
{
	build_image(world);
	add_signature(world, 1, "from.test/app");
	terms_of(world)->signer = &signer;
}

static void build_signed_for(struct world *world)
{
	build_signed(world);
	static struct signer named;
	named = signer;
	named.source = true;
	terms_of(world)->signer = &named;
}

static void build_signed_for_other(struct world *world)
{
	build_image(world);
	add_signature(world, 1, "from.test/other");
	static struct signer named;
	named = signer;
	named.source = true;
	terms_of(world)->signer = &named;
}

static void build_signed_by_other(struct world *world)
{
	build_signed(world);
	terms_of(world)->signer = &stranger;
}

static void build_unsigned(struct world *world)
{
	build_image(world);
	terms_of(world)->signer = &signer;
}

/* A bundle among the referrers that cannot be read, and one that is about something else. */
static void build_bad_bundles(struct world *world)
{
	const char *bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
	build_signed(world);
	world->from->party->api = true;
	const char *digest = memory_find(world->from, "v1");
	copy_referrer(world->memory, world->from, digest, bundle, "[]");
	copy_referrer(world->memory, world->from, digest, BOM, "[]");
}
