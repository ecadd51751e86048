/*
 * Applies a platform filter to an index. Pure: documents in, a document out.
 *
 * filter_read() judges the entries. An entry that is an index without a platform is FILTER_OPEN:
 * the caller filters that index and reports the result with filter_keep(), filter_replace() or
 * filter_drop(). filter_settle() then decides about attestations, which stay or go with their
 * image, and filter_write() makes the new index. Entries that stay keep their text byte for byte,
 * and two annotations record the origin of the index. So the same source and filter always give the
 * same bytes, and the annotations show whether an index is up to date.
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
	const char *attests; /* the digest of the entry it attests, or NULL */
	enum filter_verdict verdict;
	size_t kept, total;     /* images below: 1 for an image, 0 for an attestation */
	const char *new_digest; /* the digest of the index that replaces this one, or NULL */
	struct str new_bytes;
	const struct node *node;
};

struct filter_index {
	const struct manifest *manifest;
	struct filter_entry *entries;
	size_t count;
	size_t kept, total; /* images, after filter_settle() */
	bool changed;       /* after filter_settle(): the index differs from the source's */
	bool nothing;       /* after filter_settle(): the index had entries, and none is left */
};

/*
 * Judges the entries of manifest, which is an index. ERROR_CORRUPT: the platform of an entry can be
 * read in two ways.
 */
bool filter_read(struct arena *arena, const struct manifest *manifest,
		 const struct platform_filter *filter, struct filter_index *out, struct error *err);

/* The index of an open entry is unchanged, and kept of its total images pass. */
void filter_keep(struct filter_entry *entry, size_t kept, size_t total);
/* Nothing is left of the open entry's index. */
void filter_drop(struct filter_entry *entry, size_t total);
/*
 * The open entry's index is replaced by another, with this digest and these bytes; both must
 * outlive the entry.
 */
void filter_replace(struct filter_entry *entry, const char *digest, struct str bytes, size_t kept,
		    size_t total);

/*
 * Decides about attestations and computes the sums; entries that are still open are kept. Fails
 * with ERROR_MEMORY only.
 */
bool filter_settle(struct filter_index *index, struct error *err);
/*
 * Writes the filtered form of an index that changed, with source_digest and the filter's text
 * patterns in its annotations. ERROR_CORRUPT: its annotations are not an object.
 */
bool filter_write(struct arena *arena, const struct filter_index *index, const char *source_digest,
		  const char *patterns, struct str *out, struct error *err);
