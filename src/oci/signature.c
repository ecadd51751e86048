/*
 * Whether a document is about the image is decided from the very bytes that are signed. Both
 * conditions must hold, so the order does not matter: the caller checks the signature afterwards,
 * and until then these documents may only be compared.
 */
#include "oci/signature.h"

#include "base/base64.h"
#include "doc/json.h"
#include "oci/digest.h"

#include <string.h>

static const char layer_type[] = "application/vnd.dev.cosign.simplesigning.v1+json";
static const char annotation[] = "dev.cosignproject.cosign/signature";
static const char statement_type[] = "application/vnd.in-toto+json";
static const char predicate_type[] = "https://sigstore.dev/cosign/sign/v1";

static unsigned char nibble(char c)
{
	return (unsigned char)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The 32 bytes of a sha256 digest; false for another algorithm. */
static bool raw_digest(struct str digest, unsigned char out[SIGNATURE_HASH_SIZE])
{
	if (!digest_valid(digest) || !str_starts(digest, "sha256:"))
		return false;
	struct str hex = str_from(digest, strlen("sha256:"));
	for (size_t i = 0; i < SIGNATURE_HASH_SIZE; i++)
		out[i] = (unsigned char)(nibble(hex.at[2 * i]) << 4 | nibble(hex.at[2 * i + 1]));
	return true;
}

static void hash(struct str bytes, unsigned char out[SIGNATURE_HASH_SIZE])
{
	char text[DIGEST_TEXT_SIZE];
	digest_of(bytes, text);
	raw_digest(str_of(text), out);
}

static bool decode_signature(struct str encoded, struct signature *out)
{
	scoped(buf_finish) struct buf bytes = buf_limit(SIGNATURE_BYTES_MAX);
	if (!encoded.len || !base64_decode(encoded, &bytes) || !buf_ok(&bytes) || !bytes.len)
		return false;
	memcpy(out->bytes, bytes.at, bytes.len);
	out->len = bytes.len;
	return true;
}

/* Keeps the name only if it fits: half a name would be another name. */
static void keep_name(struct str name, struct signature *out)
{
	size_t len = name.len < SIGNATURE_NAME_SIZE ? name.len : 0;
	memcpy(out->repository, len ? name.at : "", len);
	out->repository[len] = '\0';
}

bool signature_layers(struct arena *arena, const struct manifest *manifest,
		      struct signature_layer **out, size_t *count)
{
	const struct node *list = node_get(manifest->document, "layers");
	size_t most = list ? list->count : 0;
	struct signature_layer *layers = arena_array(arena, SIGNATURE_LAYERS_MAX, sizeof(*layers));
	*out = layers;
	*count = 0;
	for (size_t i = 0; layers && i < most && *count < SIGNATURE_LAYERS_MAX; i++) {
		const struct node *node = list->items[i];
		struct str digest = node_string(node_get(node, "digest"));
		struct signature_layer *layer = &layers[*count];
		if (!str_is(node_string(node_get(node, "mediaType")), layer_type) ||
		    !node_int64(node_get(node, "size"), &layer->blob.size) || !digest_valid(digest))
			continue;
		layer->encoded = node_string(node_get(node_get(node, "annotations"), annotation));
		layer->blob.media_type = layer_type;
		layer->blob.digest = arena_copy(arena, digest.at, digest.len);
		if (!layer->blob.digest)
			return false;
		++*count;
	}
	return layers != NULL;
}

/* Reads JSON that must be an object; NULL when it is not. */
static const struct node *read_object(struct arena *arena, struct str text)
{
	struct error ignored;
	const struct node *root = NULL;
	if (!arena || !json_read_foreign(arena, text, &root, &ignored) || root->kind != NODE_MAP)
		return NULL;
	return root;
}

bool signature_simple(struct str payload, struct str encoded, const char *digest,
		      struct signature *out, const char **why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root = read_object(arena, payload);
	const struct node *critical = node_get(root, "critical");
	struct str type = node_string(node_get(critical, "type"));
	struct str about =
		node_string(node_get(node_get(critical, "image"), "docker-manifest-digest"));
	*why = NULL;
	keep_name(node_string(node_get(node_get(critical, "identity"), "docker-reference")), out);
	if (!str_is(type, "cosign container image signature") &&
	    !str_is(type, "atomic container signature"))
		*why = "it does not sign a statement about an image";
	else if (!str_is(about, digest))
		*why = "it is about another image";
	else if (!decode_signature(encoded, out))
		*why = "its signature is damaged";
	if (*why)
		return false;
	hash(payload, out->hash);
	return true;
}

/* True when the statement has the image among its subjects; keeps the name it gives the image. */
static bool names_image(const struct node *statement, const char *digest, struct signature *out)
{
	const struct node *subjects = node_get(statement, "subject");
	struct str hex = str_of(digest), algorithm;
	if (!subjects || subjects->kind != NODE_LIST || !str_cut(&hex, ':', &algorithm))
		return false;
	for (size_t i = 0; i < subjects->count; i++) {
		const struct node *digests = node_get(subjects->items[i], "digest");
		struct str found = node_string(node_get(digests, "sha256"));
		keep_name(node_string(node_get(subjects->items[i], "name")), out);
		if (str_is(algorithm, "sha256") && found.len && str_equal(found, hex))
			return true;
	}
	return false;
}

static const char *judge_statement(struct str payload, const char *digest, struct signature *out)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *statement = read_object(arena, payload);
	if (!str_starts(node_string(node_get(statement, "_type")), "https://in-toto.io/Statement/"))
		return "it does not sign an in-toto statement";
	if (!str_is(node_string(node_get(statement, "predicateType")), predicate_type))
		return "it is an attestation, not a signature of the image";
	return names_image(statement, digest, out) ? NULL : "it is about another image";
}

/* Hashes the bytes that a DSSE signature covers (DSSE v1 "PAE"). */
static bool hash_envelope(struct str type, struct str payload, struct signature *out)
{
	scoped(buf_finish) struct buf bytes = buf_limit(SIGNATURE_DOCUMENT_MAX);
	buf_printf(&bytes, "DSSEv1 %zu %.*s %zu ", type.len, STR_ARGS(type), payload.len);
	buf_add_str(&bytes, payload);
	hash(buf_str(&bytes), out->hash);
	return buf_ok(&bytes);
}

static const char *read_envelope(const struct node *envelope, const char *digest,
				 struct signature *out)
{
	scoped(buf_finish) struct buf payload = buf_limit(SIGNATURE_DOCUMENT_MAX);
	const struct node *list = node_get(envelope, "signatures");
	struct str type = node_string(node_get(envelope, "payloadType"));
	if (!str_is(type, statement_type))
		return "it does not sign an in-toto statement";
	/* The bundle format allows exactly one signature. */
	if (!list || list->kind != NODE_LIST || list->count != 1 ||
	    !decode_signature(node_string(node_get(list->items[0], "sig")), out))
		return "its signature is damaged";
	if (!base64_decode(node_string(node_get(envelope, "payload")), &payload) ||
	    !buf_ok(&payload))
		return "its payload is damaged";
	const char *why = judge_statement(buf_str(&payload), digest, out);
	if (!why && !hash_envelope(type, buf_str(&payload), out))
		return "it is too large";
	return why;
}

/* The signature covers the manifest, so the signed hash is the digest itself. */
static const char *read_message(const struct node *message, const char *digest,
				struct signature *out)
{
	scoped(buf_finish) struct buf claimed = buf_limit(SIGNATURE_BYTES_MAX);
	const struct node *about = node_get(message, "messageDigest");
	keep_name((struct str){0}, out);
	if (!raw_digest(str_of(digest), out->hash))
		return "the image's digest is not sha256";
	if (about && (!base64_decode(node_string(node_get(about, "digest")), &claimed) ||
		      claimed.len != SIGNATURE_HASH_SIZE ||
		      memcmp(claimed.at, out->hash, SIGNATURE_HASH_SIZE) != 0))
		return "it is about another image";
	return decode_signature(node_string(node_get(message, "signature")), out)
		       ? NULL
		       : "its signature is damaged";
}

bool signature_bundle(struct str document, const char *digest, struct signature *out,
		      const char **why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root = read_object(arena, document);
	const struct node *envelope = node_get(root, "dsseEnvelope");
	const struct node *message = node_get(root, "messageSignature");
	if (!str_starts(node_string(node_get(root, "mediaType")),
			"application/vnd.dev.sigstore.bundle"))
		*why = "it is not a sigstore bundle";
	else if (!envelope == !message)
		*why = "it does not hold exactly one signature";
	else if (envelope)
		*why = read_envelope(envelope, digest, out);
	else
		*why = read_message(message, digest, out);
	return *why == NULL;
}
