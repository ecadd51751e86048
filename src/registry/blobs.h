/*
 * Blobs of a repository (distribution-spec 1.1: "Pulling blobs", "Pushing blobs", "Mounting a
 * blob from another repository").
 *
 * Each function makes one attempt; copy/move/blob.c repeats a transfer as a whole.
 */
#pragma once

#include "base/reader.h"
#include "net/stream.h"
#include "registry/registry.h"

/* An upload that was begun, or not needed. */
struct upload {
	bool present;        /* the blob is in the repository now: mounted, or there already */
	bool unmounted;      /* an upload was opened in place of the mount that was offered */
	struct url location; /* else: where its bytes go */
	int64_t chunk_min;   /* its OCI-Chunk-Min-Length, 0: it named none */
	int64_t offset;      /* bytes the registry has of it: what is sent next begins there */
};

enum { BLOB_ETAG_SIZE = 128 };

/* Which part of a blob is wanted, and which one came. Zeroed but for size: all of it. */
struct blob_part {
	int64_t size; /* of the whole blob */
	int64_t from; /* the first byte: in wanted, less than size; out what came, this or 0 */
	char etag[BLOB_ETAG_SIZE]; /* in: of an earlier part, or ""; out: of this one */
	bool fresh;                /* no cache on the way may answer */
	bool whole;                /* the registry's ranges are of no use: it is not asked again */
};

/*
 * Opens the blob's bytes for reading, at a source's mirror if one has them. ERROR_MISSING: there is
 * none. The caller checks the digest, and says so when it does not fit.
 */
bool blobs_open(const struct repository *repository, const char *digest, struct blob_part *part,
		struct stream **out, struct error *err);
/*
 * Judges an answer of 200, 206 or 416 to a request for a part, and fills in which part came. False:
 * it is of no use.
 */
bool blobs_judge(const struct http_answer *answer, struct blob_part *part, struct error *err);
/*
 * Tells that the blob broke off or did not fit its digest: the next one to open it gets it past all
 * mirrors.
 */
void blobs_spoiled(const struct repository *repository, const char *digest);
/*
 * Asks whether the blob is there with that size. A target's refusal means no: registries hide what
 * is missing, and logins exist that may only push; what is sent then gets the answer that matters.
 */
bool blobs_exists(const struct repository *repository, const char *digest, int64_t size,
		  bool *found, struct error *err);
/*
 * Begins an upload, offering to mount the blob from the repository named from. from may be the
 * repository itself: then a registry that knows mounting says in the same request whether the blob
 * is there already. NULL: no mount. A mount that is refused, by whatever status, is followed by one
 * request without, and where that is taken, no mount between the two is offered again. Strings of
 * *out live in arena.
 */
bool blobs_begin(const struct repository *repository, struct arena *arena, const char *digest,
		 const char *from, struct upload *out, struct error *err);
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
/*
 * What blobs_begin() is to offer as a mount: place, a repository of the same registry that holds
 * the blob, or without one (NULL) the repository itself. NULL: mounting is not worth a try here, so
 * blobs_exists() is to be asked.
 */
const char *blobs_mount_offer(const struct repository *repository, const char *place);
/* Remembers that the registry did not mount a blob that another of its repositories holds. */
void blobs_mount_undone(const struct repository *repository);
