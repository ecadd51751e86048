/*
 * Artifacts that accompany an image without being part of it: signatures, attestations, bills of
 * materials. They are stored in the same repository, as referrers (image-spec "subject") or under
 * tags that cosign derives from the image's digest; a filter says which of them are wanted. Pure;
 * plain records.
 */
#pragma once

#include "oci/reference.h"

enum { COMPANION_TYPES_MAX = 32, COMPANION_TAG_SIZE = REFERENCE_TAG_MAX + 1 };

/* Which companions are wanted; all zero: none. Texts must outlive the filter. */
struct companion_filter {
	bool all, signatures, attestations, sboms;
	struct str types[COMPANION_TYPES_MAX]; /* artifact types */
	size_t type_count;
};

/* The suffixes of cosign's tags for a digest, which are "sha256-<hex>" and one of these. */
enum companion_suffix { COMPANION_SIG, COMPANION_ATT, COMPANION_SBOM, COMPANION_SUFFIXES };

/*
 * Adds one word to the filter: "all", "signatures", "attestations", "sboms" or an artifact type as
 * in application/spdx+json. False: it is none of these, or there are too many.
 */
bool companion_filter_add(struct companion_filter *filter, struct str word);
/* True when both want the same; NULL wants nothing. */
bool companion_filter_equal(const struct companion_filter *a, const struct companion_filter *b);
bool companion_filter_empty(const struct companion_filter *filter);
/* Adds what other wants. False: too many artifact types. */
bool companion_filter_join(struct companion_filter *filter, const struct companion_filter *other);
/* The filter's word with that number, and it alone as a filter. False: it has no more. */
bool companion_filter_part(const struct companion_filter *filter, size_t number,
			   struct companion_filter *part, struct str *word);
/* True when a referrer of this artifact type is wanted. */
bool companion_wanted(const struct companion_filter *filter, struct str artifact_type);
/* The same for an artifact under one of cosign's tags. */
bool companion_tag_wanted(const struct companion_filter *filter, enum companion_suffix suffix);
/* True for the artifact types of sigstore bundles, in which cosign 3 keeps signatures. */
bool companion_is_bundle(struct str artifact_type);
/* Writes cosign's tag for a (valid) digest; false when the digest is too long for a tag. */
bool companion_tag(const char *digest, enum companion_suffix suffix, char out[COMPANION_TAG_SIZE]);
/*
 * Writes the tag under which registries without the referrers API keep the list of a digest's
 * referrers (distribution-spec 1.1 "Referrers Tag Schema").
 */
void companion_fallback_tag(const char *digest, char out[COMPANION_TAG_SIZE]);
/*
 * True for a tag that may be one of these: "sha256-" or "sha512-", hexadecimal digits, and perhaps
 * a suffix.
 */
bool companion_is_tag(struct str tag);
