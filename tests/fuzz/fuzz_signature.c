/*
 * Signatures in cosign's first form. The first byte: a manifest with layers of signatures, or a
 * signature in base64, a line break and the text that it signs.
 */
#include "fuzz.h"

#include "net/ecdsa.h"
#include "oci/digest.h"
#include "oci/signature.h"

#define DIGEST "sha256:0137a0f070991f4d655a52d44373699b5f953bce299ba540bb01e290e844fcb9"
/* Of the one text that the owner of the key has signed. */
#define SIGNED "sha256:f2468b145d5397694d9d89ca3b5bb89315fb5b342bc6301d17d0c26a826a625b"

/* The key of tests/unit/test_signature.c, which has signed one of the inputs. */
static const unsigned char point[ECDSA_POINT_SIZE] = {
	0x04, 0x2d, 0x6b, 0x87, 0x05, 0x26, 0xca, 0x25, 0x5b, 0x6a, 0x19, 0x7c, 0x49,
	0xb8, 0x48, 0x6f, 0x83, 0x53, 0x0d, 0x89, 0x55, 0x6a, 0x72, 0xf1, 0x89, 0x09,
	0x5d, 0xd1, 0x9f, 0xb9, 0xe0, 0xcd, 0xd4, 0xed, 0x85, 0xc3, 0xf4, 0x79, 0xe2,
	0xb7, 0x51, 0x66, 0xdf, 0xf8, 0xbf, 0x10, 0x6a, 0x7d, 0xfb, 0x8a, 0x3d, 0x89,
	0xc5, 0x7b, 0x40, 0xa1, 0x41, 0x3c, 0xce, 0x7d, 0x39, 0x12, 0xa9, 0xbc, 0x24,
};

static void check_layers(struct arena *arena, struct str text)
{
	struct manifest manifest;
	struct signature_layer *layers = NULL;
	struct error err = {0};
	size_t count = 0;
	if (!manifest_parse(arena, text, (struct str){0}, &manifest, &err))
		return;
	require(signature_layers(arena, &manifest, &layers, &count));
	require(count <= SIGNATURE_LAYERS_MAX);
	for (size_t i = 0; i < count; i++)
		require(layers[i].blob.digest && digest_valid(str_of(layers[i].blob.digest)));
}

static void check_payload(struct str encoded, struct str payload)
{
	char text[DIGEST_TEXT_SIZE], hash[DIGEST_TEXT_SIZE] = "sha256:";
	struct signature signature = {.len = 0};
	const char *why = NULL;
	if (!signature_simple(payload, encoded, DIGEST, &signature, &why)) {
		require(why && why[0]);
		return;
	}
	require(!why && signature.len && signature.len <= SIGNATURE_BYTES_MAX);
	digest_of(payload, text);
	for (size_t i = 0; i < SIGNATURE_HASH_SIZE; i++)
		snprintf(hash + 7 + 2 * i, 3, "%02x", signature.hash[i]);
	require(strcmp(hash, text) == 0);
	if (ecdsa_verify(point, signature.hash, signature.bytes, signature.len))
		require(strcmp(text, SIGNED) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str rest = input_text(data, size);
	require(arena);
	if (input_byte(&rest) % 2) {
		check_layers(arena, rest);
	} else {
		struct str encoded = input_part(&rest, '\n');
		check_payload(encoded, rest);
	}
	return 0;
}
