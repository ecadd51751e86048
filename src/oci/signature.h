/*
 * The two forms in which cosign stores a signature.
 *
 * Simple signing: the layers of a manifest under the tag sha256-<hex>.sig, each the signed text,
 * its signature in an annotation. Sigstore bundle v0.3: one layer with a JSON document that holds a
 * DSSE envelope around an in-toto statement, or a signature of the manifest itself.
 *
 * Pure: this reads documents and says which bytes a signature covers. Nothing is proved until that
 * signature has been checked with a key (net/ecdsa.h).
 */
#pragma once

#include "oci/manifest.h"

enum {
	SIGNATURE_HASH_SIZE = 32,
	SIGNATURE_BYTES_MAX = 256,
	SIGNATURE_DOCUMENT_MAX = 1024 * 1024,
	SIGNATURE_LAYERS_MAX = 64,
	SIGNATURE_NAME_SIZE = 1024,
};

/* A signature and the SHA-256 of what it signs. */
struct signature {
	unsigned char hash[SIGNATURE_HASH_SIZE];
	unsigned char bytes[SIGNATURE_BYTES_MAX]; /* ASN.1, as cosign writes it */
	size_t len;
	/*
	 * The repository of the image as the signed text names it; "": it names none, or not a
	 * valid one. Statements in cosign's bundles name none; other tools may use the subject's
	 * name.
	 */
	char repository[SIGNATURE_NAME_SIZE];
};

/* A layer of a manifest under a .sig tag. */
struct signature_layer {
	struct descriptor blob;
	struct str encoded; /* the signature in base64 */
};

/*
 * The layers of simple signing, at most SIGNATURE_LAYERS_MAX; other layers are skipped. False
 * without memory.
 */
bool signature_layers(struct arena *arena, const struct manifest *manifest,
		      struct signature_layer **out, size_t *count);
/*
 * Reads a signed text (containers' "atomic container signature", JSON) and its signature. False,
 * with a reason in *why: it is damaged, or about another image than digest.
 */
bool signature_simple(struct str payload, struct str encoded, const char *digest,
		      struct signature *out, const char **why);
/*
 * Reads a bundle. False, with a reason in *why: it is damaged, about another image, or a statement
 * that is not a signature of the image (for example an attestation).
 */
bool signature_bundle(struct str document, const char *digest, struct signature *out,
		      const char **why);
