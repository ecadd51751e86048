/*
 * Media types of manifests, and what they say about the document (image-spec "Media Types").
 */
#pragma once

#include "base/str.h"

enum media_kind {
	MEDIA_OTHER,    /* not a known manifest type: a blob, or a future type */
	MEDIA_MANIFEST, /* one image or artifact */
	MEDIA_INDEX,    /* OCI index or Docker manifest list */
	MEDIA_SCHEMA1,  /* Docker schema 1: deprecated, its digest is not that of its bytes */
};

/* The one Accept header value: every manifest type this program understands. */
extern const char media_accept[];

enum { MEDIA_TYPE_MAX = 255 };

/* The type without parameters and surrounding blanks; its case is kept. */
struct str media_bare(struct str type);
/* Classifies a type; parameters and case are ignored. */
enum media_kind media_kind(struct str type);
/* True for the types of layers and configs: content that is never a manifest. */
bool media_is_content(struct str type);
/* True for layers that may not be distributed (foreign, nondistributable): not uploaded. */
bool media_nondistributable(struct str type);
/* True for type/subtype of RFC 6838, without parameters: safe to send in a header. */
bool media_valid(struct str type);
