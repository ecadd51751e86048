/*
 * Somewhere images lie: what copy/ reads from and writes to, whatever is behind it.
 *
 * A store is one repository on one side of a copy. It is immutable, lives in the arena that it was
 * opened in, and may be used by any thread. struct store_kind is what an implementation provides: a
 * repository of a registry (registry/registry_store.h), mirrors of it that are asked first
 * (store/mirrored.h), and a table in memory for the unit tests.
 *
 * References are tags or digests. Strings and bytes that come out live in the arena that was given.
 * Each call makes its own tries as far as that helps, those that move the bytes of a blob excepted:
 * store_open(), store_send(), store_resume() are one try.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "base/reader.h"
#include "oci/digest.h"
#include "oci/reference.h"

struct creation;
struct store_kind;

struct store {
	const struct store_kind *kind;
	const char *party_name; /* the registry as it is configured: "docker.io" */
	const char *path;       /* the repository in it: "library/nginx" */
	const void *party;      /* the server that its requests keep busy; only compared */
	const void *space;      /* stores with the same one give each other blobs; only compared */
	bool target;            /* it is written to */
};

/* What a store says about a manifest without sending it. */
struct manifest_status {
	bool found;
	const char *digest; /* when found; as claimed by the store, or hashed from the bytes */
	bool denied; /* when not found, at a target: the answer was 403, which may mean anything */
	bool dated;  /* it comes from a list that may be older than what the store holds */
};

/* A manifest as served; its bytes match digest. */
struct manifest_bytes {
	struct str bytes;
	const char *content_type; /* "" when not sent */
	const char *digest;
	bool denied; /* as in struct manifest_status */
};

/* One manifest to push. */
struct push {
	const char *reference; /* a tag, or digest */
	const char *digest;    /* of bytes */
	const char *media_type;
	struct str bytes;
};

/* What the store said about a pushed manifest. */
struct push_answer {
	bool incomplete; /* refused: it misses what the manifest names (MANIFEST_BLOB_UNKNOWN) */
	bool vague;      /* incomplete by its words alone, which may mean something else */
	bool login;      /* refused: it says that we may not, whatever we push */
	bool type;       /* refused: it takes no manifests of that media type */
	bool subject;    /* it keeps the list of the subject's referrers itself (OCI-Subject) */
	char missing[DIGEST_TEXT_SIZE]; /* incomplete: the first digest that it names, or "" */
};

/* Whether one push sets several tags (distribution-spec 1.2, OCI-Tag). */
enum store_tagging {
	STORE_TAGS_ONE,     /* each tag takes a push of its own */
	STORE_TAGS_UNKNOWN, /* the answer to the next push of a tag shows it */
	STORE_TAGS_MANY,
};

/* What came of a removal. */
enum store_removal {
	STORE_REMOVED,
	STORE_GONE,      /* it was not there */
	STORE_NOT_SO,    /* the store removes nothing, or nothing by this kind of reference */
	STORE_IMMUTABLE, /* the store keeps it, as its settings say */
	STORE_KEPT,      /* it stays: something else needs it, or it has no tag to remove */
};

enum { BLOB_ETAG_SIZE = 128 };

/* Which part of a blob is wanted, and which one came. Zeroed but for size: all of it. */
struct blob_part {
	int64_t size; /* of the whole blob */
	int64_t from; /* the first byte: in wanted, less than size; out what came, this or 0 */
	int64_t end;  /* wanted: the byte after the last one; 0: all up to size */
	char etag[BLOB_ETAG_SIZE]; /* in: of an earlier part, or ""; out: of this one */
	bool fresh;                /* no cache on the way may answer */
	bool whole;                /* the store's ranges are of no use: it is not asked again */
};

/* A blob that is offered to a target. */
struct blob_offer {
	const char *digest;
	int64_t size;
	const char
		*location; /* another path of the same party that holds it; NULL: none is known */
	bool thorough;     /* the target's word that it has the blob does not count */
	bool reuse_only;   /* it is not going to be sent: no upload need be opened */
};

/* What came of an offer. */
struct blob_upload {
	bool present;   /* the store holds the blob: it did before, or took it from the location */
	bool open;      /* else an upload is open, even with reuse_only; neither: reuse_only */
	int64_t offset; /* bytes that the store has of it: what is sent next begins there */
	void *inside;   /* the implementation's own, in the arena of the offer */
};

/* A list of tags, each once, in the store's order. */
struct tag_list {
	const char *const *items;
	size_t count;
	bool complete; /* false: there are more, or the store does not say */
};

/* Opens stores: a registry client, or a table in memory. */
struct stores {
	bool (*open)(void *ctx, const struct reference *name, const struct creation *target,
		     struct arena *arena, const struct store **out, struct error *err);
	void *ctx;
};

/*
 * What an implementation provides; each function as the one below that bears its name. A store that
 * is only read from needs none of holds, accepts, put, has, offer, send, resume and cancel.
 */
struct store_kind {
	/* Optional: the digest of a tag, or that there is none, is known from a list of tags. */
	bool (*recall)(const struct store *store, struct arena *arena, const char *tag,
		       struct manifest_status *out);
	/* Optional: when a list of tags says so. */
	int64_t (*pushed)(const struct store *store, const char *tag, const char *digest);
	bool (*head)(const struct store *store, struct arena *arena, const char *reference,
		     struct manifest_status *out, struct error *err);
	bool (*look)(const struct store *store, struct arena *arena, const char *reference,
		     bool *found, struct manifest_bytes *out, struct error *err);
	bool (*get)(const struct store *store, struct arena *arena, const char *reference,
		    struct manifest_bytes *out, struct error *err);
	bool (*probe)(const struct store *store, const char *digest, bool *found,
		      struct error *err);
	bool (*holds)(const struct store *store, struct arena *arena, const char *reference,
		      const char *digest, bool *same, struct error *err);
	bool (*tags)(const struct store *store, struct arena *arena, int pages,
		     struct tag_list *out, struct error *err);
	bool (*referrers)(const struct store *store, struct arena *arena, const char *digest,
			  struct map *into, bool *supported, struct error *err);
	bool (*accepts)(const struct store *store, const char *media_type, struct error *err);
	bool (*put)(const struct store *store, const struct push *push, struct push_answer *answer,
		    struct error *err);
	/* Optional, both. */
	enum store_tagging (*tagging)(const struct store *store);
	bool (*put_tags)(const struct store *store, const struct push *push,
			 const char *const *tags, size_t count, bool *set, struct error *err);
	/* Optional. */
	bool (*remove)(const struct store *store, const char *reference, enum store_removal *out,
		       struct error *err);
	bool (*open)(const struct store *store, const char *digest, struct blob_part *part,
		     struct reader **out, struct error *err);
	/* Optional. */
	bool (*open_url)(const struct store *store, const char *url, struct blob_part *part,
			 struct reader **out, struct error *err);
	/* Optional. */
	bool (*parallel)(const struct store *store);
	/* Optional. */
	void (*spoiled)(const struct store *store, const char *digest, struct error *err);
	bool (*has)(const struct store *store, const char *digest, int64_t size, bool *found,
		    struct error *err);
	bool (*offer)(const struct store *store, struct arena *arena,
		      const struct blob_offer *offer, struct blob_upload *out, struct error *err);
	bool (*send)(const struct store *store, struct blob_upload *upload, struct reader *body,
		     struct error *err);
	bool (*resume)(const struct store *store, struct blob_upload *upload, struct error *err);
	void (*cancel)(const struct store *store, struct blob_upload *upload);
};

/*
 * Opens the repository that name names; its strings must outlive the store. target: what may be
 * created where a push finds it missing; NULL: the store is only read from. ERROR_MEMORY only.
 */
bool store_at(const struct stores *stores, const struct reference *name,
	      const struct creation *target, struct arena *arena, const struct store **out,
	      struct error *err);
/* True when both are in one space: one takes blobs from the other. */
bool store_shares(const struct store *a, const struct store *b);

/* --- manifests ------------------------------------------------------------------------------ */

/* Asks for the manifest that reference names. Not found is an answer. */
bool store_head(const struct store *store, struct arena *arena, const char *reference,
		struct manifest_status *out, struct error *err);
/*
 * The same for the first look at a tag: one whose digest came with a list of tags costs no request,
 * once. What it holds may be as old as that list; out->dated: or older.
 */
bool store_head_listed(const struct store *store, struct arena *arena, const char *reference,
		       struct manifest_status *out, struct error *err);
/*
 * When the tag got the manifest with that digest, in seconds since 1970, as the registry says and
 * not the image; 0: it does not say so in a list that was read. No request.
 */
int64_t store_pushed(const struct store *store, const char *tag, const char *digest);
/*
 * Reads what reference stands for past mirrors and caches: what comes is what is served now. Not
 * found is an answer.
 */
bool store_look(const struct store *store, struct arena *arena, const char *reference, bool *found,
		struct manifest_bytes *out, struct error *err);
/*
 * Fetches a manifest. With a digest as reference the bytes are checked against it (ERROR_CORRUPT),
 * with a tag the digest is computed. ERROR_MISSING: there is none.
 */
bool store_get(const struct store *store, struct arena *arena, const char *reference,
	       struct manifest_bytes *out, struct error *err);
/*
 * Whether the store serves digest as a manifest, asked once. Anything but a plain yes counts as no,
 * refusals of the login excepted.
 */
bool store_probe(const struct store *store, const char *digest, bool *found, struct error *err);
/*
 * Whether reference holds the manifest with that digest, which the store may know by another
 * algorithm. Nothing there is an answer, *same false.
 */
bool store_holds(const struct store *store, struct arena *arena, const char *reference,
		 const char *digest, bool *same, struct error *err);
/*
 * The tags of the repository: with pages 0 all of them, from a mirror if one lists any. Else those
 * that come with at most so many requests, from the store itself; out->complete says whether these
 * are all. ERROR_MISSING: there is no such repository.
 */
bool store_tags(const struct store *store, struct arena *arena, int pages, struct tag_list *out,
		struct error *err);
/*
 * Adds the referrers of digest to the map (digest -> struct referrer), by the referrers API.
 * *supported false: the store has no such API. What is no list is an error, never an empty list.
 */
bool store_referrers(const struct store *store, struct arena *arena, const char *digest,
		     struct map *into, bool *supported, struct error *err);
/*
 * False with ERROR_UNSUPPORTED when the store has refused manifests of this media type before:
 * nothing need be sent for another one.
 */
bool store_accepts(const struct store *store, const char *media_type, struct error *err);
/*
 * Pushes the bytes as they are. When an answer gets lost the store is asked what it holds. A tag
 * that it does not let become another image: ERROR_IMMUTABLE, unless it holds the same already. A
 * tag for a digest that it cannot set: ERROR_UNSUPPORTED.
 */
bool store_put(const struct store *store, const struct push *push, struct push_answer *answer,
	       struct error *err);
/*
 * Removes what reference names: a tag, or with a digest the manifest and all tags that have it.
 * Blobs are left to the store. That it is not removed is an answer: see enum store_removal.
 */
bool store_remove(const struct store *store, const char *reference, enum store_removal *out,
		  struct error *err);
/* Whether store_put_tags() may be of use; learnt from the answers to store_put(). */
enum store_tagging store_tagging(const struct store *store);
/*
 * Pushes the bytes once for all count tags, in one try; push->reference does not count. set[i]: the
 * store says that it has set that tag. False: it may have set some or none.
 */
bool store_put_tags(const struct store *store, const struct push *push, const char *const *tags,
		    size_t count, bool *set, struct error *err);

/* --- blobs ---------------------------------------------------------------------------------- */

/*
 * Opens the blob's bytes, which the caller closes with reader_close(), and checks against the
 * digest. ERROR_MISSING: there is none.
 */
bool store_open(const struct store *store, const char *digest, struct blob_part *part,
		struct reader **out, struct error *err);
/*
 * The same for a layer that may not be distributed, at the address that its manifest names.
 * ERROR_REFUSED: it may not be asked. ERROR_UNSUPPORTED: the store follows no addresses.
 */
bool store_open_url(const struct store *store, const char *url, struct blob_part *part,
		    struct reader **out, struct error *err);
/*
 * Whether the store is asked for several parts of a blob at a time: it is in a network, and is not
 * known to count requests.
 */
bool store_parallel(const struct store *store);
/*
 * The blob broke off or did not fit its digest, as err says: it comes past all mirrors the next
 * time. A store of files names the file in err, which becomes ERROR_DAMAGED.
 */
void store_spoiled(const struct store *store, const char *digest, struct error *err);
/*
 * Asks whether the blob is there with that size. A target's refusal means no: what is then sent
 * gets the answer that matters.
 */
bool store_has(const struct store *store, const char *digest, int64_t size, bool *found,
	       struct error *err);
/*
 * Offers a blob, in one request if the store can: it is there, or is taken from the location, or
 * an upload is opened, which ends with store_send() or store_cancel(). arena and offer->digest must
 * outlive the upload.
 */
bool store_offer(const struct store *store, struct arena *arena, const struct blob_offer *offer,
		 struct blob_upload *out, struct error *err);
/*
 * Sends the rest of the blob, the bytes from upload->offset on, and closes the upload; the store
 * checks the digest, too. body may be NULL for an empty blob. *upload follows what the store took.
 * ERROR_UNAVAILABLE also when it may take the bytes in another way: the next try is made so.
 */
bool store_send(const struct store *store, struct blob_upload *upload, struct reader *body,
		struct error *err);
/*
 * After an upload broke off: fills upload->offset with what the store kept of it. False: it cannot
 * go on, only be canceled.
 */
bool store_resume(const struct store *store, struct blob_upload *upload, struct error *err);
/* Gives the open upload up; failure does not matter. */
void store_cancel(const struct store *store, struct blob_upload *upload);
