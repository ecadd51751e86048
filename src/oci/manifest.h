/*
 * The references of a manifest, one level deep (image-spec "Image Manifest" and "Image Index").
 *
 * The bytes of a manifest are never changed or rebuilt; parsing only finds what else must be
 * copied. Plain records in the caller's arena; the text given to manifest_parse() must outlive
 * them.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "oci/media.h"

struct node;

enum {
	MANIFEST_BYTES_MAX = 8 * 1024 * 1024,
	MANIFEST_LARGE = 128 * 1024,
	MANIFEST_CHILDREN_MAX = 10000,
	MANIFEST_DEPTH_MAX = 8,
	MANIFEST_URLS_MAX = 16
};

struct descriptor {
	const char *media_type; /* "" when absent */
	const char *digest;     /* valid by digest_valid() */
	int64_t size;           /* bytes, not negative */
	bool nondistributable;
	const char *const *urls; /* other places that have it; for nondistributable layers only */
	size_t url_count;
};

struct manifest {
	struct str bytes; /* exactly as served */
	const char
		*media_type; /* what to send as Content-Type: the document's own, else the served */
	enum media_kind kind;           /* MEDIA_MANIFEST or MEDIA_INDEX */
	const struct descriptor *blobs; /* config and layers, each digest once */
	size_t blob_count;
	const struct descriptor *config;   /* one of blobs; NULL when there is none */
	const struct descriptor *children; /* entries of an index, each digest once */
	size_t child_count;
	const char *subject; /* digest of the subject, or NULL */
	/* the whole document; lives in the arena of manifest_parse() */
	const struct node *document;
};

/*
 * Parses bytes served with content_type (may be empty). ERROR_CORRUPT: not JSON, manifests together
 * with layers, config or fsLayers (CVE-2021-41190), a mediaType that contradicts the served one, or
 * invalid descriptors. ERROR_UNSUPPORTED: schema 1, or a digest that cannot be verified here. An
 * unknown config, layer or artifact type is fine.
 */
bool manifest_parse(struct arena *arena, struct str bytes, struct str content_type,
		    struct manifest *out, struct error *err);
/*
 * As manifest_parse(), but without the document, which takes many times the memory of its text.
 * Texts longer than MANIFEST_LARGE are parsed one at a time, whatever the number of threads.
 */
bool manifest_closure(struct arena *arena, struct str bytes, struct str content_type,
		      struct manifest *out, struct error *err);
/* A copy of a descriptor that outlives its manifest. False without memory. */
bool manifest_keep(struct arena *arena, const struct descriptor *descriptor,
		   struct descriptor *out);
/* The value of one of the document's own annotations; the empty slice when it is missing. */
struct str manifest_annotation(const struct manifest *manifest, const char *key);
