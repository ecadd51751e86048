/*
 * Blobs of a repository (distribution-spec 1.1: "Pulling blobs", "Pushing blobs", "Mounting a
 * blob from another repository").
 *
 * Each function makes one attempt; copy/move/blob.c repeats a transfer as a whole.
 */
#pragma once

#include "net/stream.h"
#include "registry/registry.h"
#include "store/store.h"

/* An upload that was begun, or not needed. */
struct upload {
	bool present;        /* the blob is in the repository now: mounted, or there already */
	bool open;           /* else: its bytes may be sent */
	bool unmounted;      /* an upload was opened in place of the mount that was offered */
	struct url location; /* where its bytes go */
	int64_t chunk_min;   /* its OCI-Chunk-Min-Length, 0: it named none */
	int64_t offset;      /* bytes the registry has of it: what is sent next begins there */
};

/*
 * Opens the blob's bytes for reading. ERROR_MISSING: there is none. The caller checks the digest.
 */
bool blobs_open(const struct repository *repository, const char *digest, struct blob_part *part,
		struct stream **out, struct error *err);
/*
 * Judges an answer of 200, 206 or 416 to a request for a part, and fills in which part came. False:
 * it is of no use.
 */
bool blobs_judge(const struct http_answer *answer, struct blob_part *part, struct error *err);
/*
 * Asks whether the blob is there with that size. A target's refusal means no: registries hide what
 * is missing, and logins exist that may only push; what is sent then gets the answer that matters.
 */
bool blobs_exists(const struct repository *repository, const char *digest, int64_t size,
		  bool *found, struct error *err);
/*
 * Offers the blob. A registry that knows mounting is offered one from offer->location, or from the
 * repository itself: it then says in the same request whether the blob is there already. Any other
 * is asked for the blob first. A mount that is refused, by whatever status, is followed by one
 * request without, and where that is taken, no mount between the two is offered again. Neither
 * present nor open: offer->reuse_only, and no mount could be offered. Strings of *out are in arena.
 */
bool blobs_offer(const struct repository *repository, struct arena *arena,
		 const struct blob_offer *offer, struct upload *out, struct error *err);
/*
 * Asks how much of an upload the registry kept after it broke off, and where to go on
 * (distribution-spec "Pushing a blob in chunks"): fills upload->offset, and upload->location anew
 * in arena. False: it cannot go on, only be given up.
 */
bool blobs_resume(const struct repository *repository, struct arena *arena, struct upload *upload,
		  struct error *err);
/*
 * Reads the "0-N" of a Range header of an upload: *kept is N plus one. "0-0" may mean one byte or
 * none: none.
 */
bool blobs_parse_kept(struct str value, int64_t *kept);
/* Gives an upload up; failure does not matter. */
void blobs_cancel(const struct repository *repository, const struct upload *upload);
