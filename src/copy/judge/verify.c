/*
 * A registry that has lost or damaged a blob still answers HEAD with its digest, so only the bytes
 * prove anything. They are read in full, with one slot for each blob, as for copying.
 */
#include "copy/judge/verify.h"

#include "base/cancel.h"
#include "copy/claim.h"
#include "copy/download.h"
#include "oci/digest.h"
#include "store/store.h"

#include <string.h>

enum { PIECE = 64 * 1024 };

/* The parts of one manifest, read back in parallel. */
struct verify_parts {
	struct image *image;
	const struct manifest *manifest;
	int depth;
};

static bool verify_tree(struct image *image, const char *reference, const char *digest, int depth,
			struct error *err);

/* A missing part counts as corrupt, because the target claims to have the image. */
static bool lost(struct error *err)
{
	if (err->kind == ERROR_MISSING)
		err->kind = ERROR_CORRUPT;
	return false;
}

/* --- blobs ---------------------------------------------------------------------------------- */

/* Reads the download to its end through reader. */
static bool hash_bytes(struct download *download, struct reader *reader, char *piece,
		       struct error *err)
{
	struct digest_hash hash;
	char digest[DIGEST_TEXT_SIZE];
	size_t got = 0;
	digest_start(&hash, str_of(download->blob->digest));
	do {
		if (!reader->read(reader, piece, PIECE, &got, err))
			return false;
		digest_update(&hash, piece, got);
	} while (got);
	digest_finish(&hash, digest);
	if (strcmp(digest, download->blob->digest) != 0)
		return error_set(err, ERROR_CORRUPT, "its bytes have the digest %s", digest);
	return download_end(download, err);
}

/* Reads past all caches, because the bytes of the registry itself are to be verified. */
static bool read_once(struct image *image, const struct descriptor *blob, struct error *err)
{
	scoped(download_close) struct download download = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	char *piece = arena ? arena_alloc(arena, PIECE) : NULL;
	struct throttle_reader slow;
	if (!piece)
		return error_memory(err);
	if (!download_open(&download, image->to, blob, 0, true, err))
		return false;
	throttle_attach(image->copier->options.throttle, &download.reader, &slow);
	if (hash_bytes(&download, &slow.reader, piece, err))
		return true;
	store_spoiled(image->to, blob->digest, err);
	return false;
}

static bool read_blob(struct image *image, const struct descriptor *blob, struct error *err)
{
	bool ok = false;
	slots_enter(image->copier->slots, image->lane);
	if (cancel_requested())
		error_canceled(err);
	else
		ok = read_once(image, blob, err);
	slots_leave(image->copier->slots, image->lane);
	return ok || (error_wrap(err, "blob %s", blob->digest), lost(err));
}

/* --- each thing once ------------------------------------------------------------------------ */

/* Reads back a blob, or a manifest if blob is NULL, unless this run has already done so. */
static bool once(struct image *image, const char *digest, const struct descriptor *blob, int depth,
		 struct error *err)
{
	scoped(claim_end) struct claim claim = {.reads_back = true};
	if (!claim_begin(&claim, image, err, "verified %s/%s@%s", image->to->party_name,
			 image->to->path, digest))
		return claim.done;
	return claim_settle(&claim,
			    blob ? read_blob(image, blob, err)
				 : verify_tree(image, digest, digest, depth, err),
			    err);
}

static bool verify_child(struct verify_parts *parts, const struct descriptor *child,
			 struct error *err)
{
	struct str type = str_of(child->media_type);
	bool manifest = media_kind(type) != MEDIA_OTHER;
	if (!manifest && !media_is_content(type) &&
	    !store_probe(parts->image->to, child->digest, &manifest, err))
		return false;
	return once(parts->image, child->digest, manifest ? NULL : child, parts->depth + 1, err);
}

/* Reads back one part, unless it is a layer that was left out. */
static bool verify_part(void *ctx, size_t index, struct error *err)
{
	struct verify_parts *parts = ctx;
	const struct manifest *manifest = parts->manifest;
	size_t children = manifest->child_count;
	bool child = index < children;
	const struct descriptor *part =
		child ? &manifest->children[index] : &manifest->blobs[index - children];
	bool foreign = part->nondistributable;
	if (foreign && parts->image->foreign != FOREIGN_COPY)
		return true;
	bool ok = child ? verify_child(parts, part, err)
			: once(parts->image, part->digest, part, parts->depth, err);
	if (!ok && foreign)
		error_wrap(err, "foreign layer, which --force would copy");
	return ok;
}

static bool verify_tree(struct image *image, const char *reference, const char *digest, int depth,
			struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest_bytes served;
	struct manifest manifest;
	struct error ignored;
	if (!arena)
		return error_memory(err);
	if (depth > MANIFEST_DEPTH_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "indexes nested deeper than %d",
				 MANIFEST_DEPTH_MAX);
	if (cancel_requested())
		return error_canceled(err);
	if (!store_get(image->to, arena, reference, &served, err))
		return lost(err);
	if (strcmp(served.digest, digest) != 0 &&
	    !digest_verify(served.bytes, str_of(digest), &ignored))
		return error_set(err, ERROR_CORRUPT, "%s is %s and not %s", reference,
				 served.digest, digest);
	if (!manifest_parse(arena, served.bytes, str_of(served.content_type), &manifest, err))
		return error_wrap(err, "manifest %s", digest);
	struct verify_parts parts = {image, &manifest, depth};
	return pool_try(image->copier->options.pool, manifest.child_count + manifest.blob_count,
			verify_part, &parts, err);
}

static bool describe(const struct image *image, struct error *err)
{
	return error_wrap(err, "reading %s/%s back", image->to->party_name, image->to->path);
}

bool verify_image(struct image *image, struct error *err)
{
	const char *tag = image->target.tag;
	return !image->copier->options.verify ||
	       verify_tree(image, tag ? tag : image->wanted, image->wanted, 1, err) ||
	       describe(image, err);
}

bool verify_companion(struct image *image, const char *tag, const char *digest, struct error *err)
{
	return (tag ? verify_tree(image, tag, digest, 1, err)
		    : once(image, digest, NULL, 1, err)) ||
	       describe(image, err);
}
