/*
 * What a platform filter leaves of an index: pure, documents in, a document out.
 *
 * filter_read() judges the entries. Those that are indexes without a platform are FILTER_OPEN: the
 * caller filters what they name and says with filter_replace() or filter_drop() what became of it.
 * filter_settle() then decides about the attestations, which go where their image goes, and
 * filter_write() makes the new index. Everything that stays keeps its text byte for byte, and two
 * annotations say where the index comes from; so the same source and filter always give the same
 * bytes, and a look at the annotations tells whether an index is still the right one.
 *
 * Records live in the caller's arena, beside the manifest, which must outlive them.
 */
#pragma once

#include "oci/manifest.h"
#include "oci/platform.h"

/* The annotations of a filtered index: the source's digest, and platform_filter_text(). */
#define FILTER_SOURCE_KEY "io.github.image-syncer.source-digest"
#define FILTER_PATTERNS_KEY "io.github.image-syncer.platforms"

enum filter_verdict { FILTER_KEEP, FILTER_DROP, FILTER_OPEN };

struct filter_entry {
	struct platform platform;
	const char *media_type; /* "" when absent */
	const char *digest;
	const char *attests; /* digest of the entry this one is an attestation of, or NULL */
	enum filter_verdict verdict;
	size_t kept, total;     /* images below: 1 for an image, 0 for an attestation */
	const char *new_digest; /* of the index that takes this one's place, or NULL */
	struct str new_bytes;
	const struct node *node;
};

struct filter_index {
	const struct manifest *manifest;
	struct filter_entry *entries;
	size_t count;
	size_t kept, total; /* images, after filter_settle() */
	bool changed;       /* after filter_settle(): it is not the source's index any more */
	bool nothing;       /* after filter_settle(): it had entries, and none is left */
};

/*
 * Judges the entries of manifest, which is an index. ERROR_CORRUPT: what one of them says of its
 * platform can be read in two ways.
 */
bool filter_read(struct arena *arena, const struct manifest *manifest,
		 const struct platform_filter *filter, struct filter_index *out, struct error *err);

/* The index that an open entry names stays as it is, with so many images. */
void filter_keep(struct filter_entry *entry, size_t kept, size_t total);
/* Nothing is left of it. */
void filter_drop(struct filter_entry *entry, size_t total);
/* It stays as another document, with this digest and these bytes (both must live on). */
void filter_replace(struct filter_entry *entry, const char *digest, struct str bytes, size_t kept,
		    size_t total);

/* Decides about attestations and sums up; entries still open are kept. ERROR_MEMORY only. */
bool filter_settle(struct filter_index *index, struct error *err);
/*
 * Writes the filtered index, which is made from source_digest and has the filter's text patterns in
 * its annotations. For an index that changed. ERROR_CORRUPT: it has annotations that are no object.
 */
bool filter_write(struct arena *arena, const struct filter_index *index, const char *source_digest,
		  const char *patterns, struct str *out, struct error *err);
