/*
 * Blobs of a repository (distribution-spec 1.1: "Pulling blobs", "Pushing blobs", "Mounting a
 * blob from another repository").
 *
 * Each function makes one attempt; copy/move/transfer.c repeats a transfer as a whole.
 */
#pragma once

#include "net/stream.h"
#include "registry/registry.h"
#include "store/store.h"

/* An upload that was opened, or turned out not to be needed. */
struct upload {
	struct arena *arena; /* the strings are in it */
	const char *digest;  /* the digest of the blob */
	int64_t size;        /* its size in bytes */
	bool present;        /* the repository has the blob: it was mounted, or already there */
	bool open;           /* the upload is open, and bytes may be sent */
	bool unmounted;      /* the registry opened an upload instead of mounting the blob */
	struct url location; /* the URL that the bytes go to */
	int64_t chunk_min;   /* its OCI-Chunk-Min-Length; 0: there is none */
	int64_t offset;      /* bytes that the registry has, where sending continues */
};

/*
 * Opens the blob's bytes for reading. ERROR_MISSING: there is no such blob. The caller checks the
 * digest.
 */
bool blobs_open(const struct repository *repository, const char *digest, struct blob_part *part,
		struct stream **out, struct error *err);
/*
 * Checks an answer of 200, 206 or 416 to a request for a part, and fills in the part that came.
 * False: the answer cannot be used.
 */
bool blobs_judge(const struct http_answer *answer, struct blob_part *part, struct error *err);
/*
 * Asks whether the blob exists with that size. A refusal by a target means no: some registries hide
 * missing blobs that way, and some logins may only push. The upload that follows gets the answer
 * that matters.
 */
bool blobs_exists(const struct repository *repository, const char *digest, int64_t size,
		  bool *found, struct error *err);
/*
 * Offers the blob. A registry that supports mounting is asked to mount it from offer->location, or
 * from the repository itself, and so says in the same request whether it has the blob. Any other
 * registry is asked for the blob first. A mount that is refused, with any status, is followed by a
 * request without a mount; if that succeeds, no mount between the two repositories is tried again.
 * With offer->thorough the registry is only asked for an upload. With offer->reuse_only a registry
 * that was asked for the blob is asked for no upload, so *out may be neither present nor open; a
 * mount may open one all the same. arena and offer->digest must outlive the upload.
 */
bool blobs_offer(const struct repository *repository, struct arena *arena,
		 const struct blob_offer *offer, struct upload *out, struct error *err);
/*
 * Asks how much of a broken upload the registry has kept, and where to continue (distribution-spec
 * "Pushing a blob in chunks"): updates upload->offset and upload->location. False: the upload
 * cannot be continued, only canceled.
 */
bool blobs_resume(const struct repository *repository, struct upload *upload, struct error *err);
/*
 * Parses "0-N" from the Range header of an upload: *kept is N plus one. "0-0" may mean one byte or
 * none, and counts as none.
 */
bool blobs_parse_kept(struct str value, int64_t *kept);
/* Cancels an upload; failure does not matter. */
void blobs_cancel(const struct repository *repository, const struct upload *upload);
