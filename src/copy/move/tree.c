/*
 * Blobs and child manifests are copied first, the children by digest, then the manifest itself:
 * nothing at the target ever refers to something incomplete. A manifest's bytes never change.
 *
 * A target may have claimed to hold a part and then report it as missing when the parent is pushed.
 * Then all parts are sent again, whatever is known about them (oras-go#1212: a half-copied index
 * never healed). If it misses a layer that was left out on purpose, that is reported.
 */
#include "copy/move/tree.h"

#include "base/retry.h"
#include "copy/claim.h"
#include "copy/fetch.h"
#include "copy/judge/drift.h"
#include "copy/judge/remember.h"
#include "copy/move/blob.h"
#include "copy/move/sizing.h"
#include "store/store.h"

#include <string.h>

/* A manifest, and where it goes. */
struct tree_node {
	struct image *image;
	const char *digest, *reference;
	int depth;
	struct sizing *sizing;
};

static bool copy_manifest(const struct tree_node *node, struct push_answer *answer,
			  struct error *err);

/* The manifest from image->known, else from the source. */
static bool get_manifest(struct image *image, struct arena *arena, const char *digest,
			 struct manifest *out, struct error *err)
{
	const struct manifest *known = map_get(&image->known, str_of(digest));
	if (!known)
		return fetch_closure(image, arena, digest, out, err);
	*out = *known;
	return true;
}

/* The parts of one manifest, copied in parallel. */
struct tree_parts {
	const struct tree_node *node;
	struct image *image;
	const struct manifest *manifest;
	bool thorough;
};

/* Asks whether the target already has the child, with everything below it. */
static bool at_target(struct image *image, const char *digest, bool *found, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest_status status;
	*found = false;
	if (image->target.fresh || image->copier->options.force)
		return true;
	if (!arena)
		return error_memory(err);
	if (!store_head(image->to, arena, digest, &status, err))
		return false;
	*found = status.found && strcmp(status.digest, digest) == 0;
	return true;
}

/*
 * An index may list blobs as well as manifests: build caches list layers. A layer shows in its
 * type; for an unknown type the source is first asked for a manifest, because a registry may also
 * serve manifests as blobs, and a manifest copied as a blob would lack its layers.
 */
static bool is_blob(struct tree_parts *parts, const struct descriptor *child, bool *blob,
		    struct error *err)
{
	bool manifest = false;
	*blob = media_is_content(str_of(child->media_type));
	if (*blob || media_kind(str_of(child->media_type)) != MEDIA_OTHER)
		return true;
	if (!store_probe(parts->image->from, child->digest, &manifest, err))
		return false;
	*blob = !manifest;
	return true;
}

static bool copy_untyped(struct tree_parts *parts, const struct descriptor *child,
			 struct sizing *sizing, struct error *err)
{
	const struct tree_node below = {.image = parts->image,
					.digest = child->digest,
					.reference = child->digest,
					.depth = parts->node->depth + 1,
					.sizing = sizing};
	struct push_answer ignored;
	bool blob = false;
	if (!is_blob(parts, child, &blob, err))
		return false;
	if (blob)
		return blob_copy(parts->image, child, parts->thorough, err);
	return copy_manifest(&below, &ignored, err);
}

static bool copy_child(struct tree_parts *parts, const struct descriptor *child, struct error *err)
{
	struct image *image = parts->image;
	scoped(sizing_close) struct sizing sizing = {.image = image, .parent = parts->node->sizing};
	scoped(claim_end) struct claim claim = {0};
	bool found = false;
	if (parts->thorough)
		return copy_untyped(parts, child, &sizing, err);
	if (!claim_begin(&claim, image, err, "manifest %s/%s@%s", image->to->party_name,
			 image->to->path, child->digest))
		return claim.done;
	bool ok = at_target(image, child->digest, &found, err) &&
		  (found || copy_untyped(parts, child, &sizing, err));
	return claim_settle(&claim, ok, err);
}

static bool copy_part(void *ctx, size_t index, struct error *err)
{
	struct tree_parts *parts = ctx;
	const struct manifest *manifest = parts->manifest;
	if (index < manifest->child_count)
		return copy_child(parts, &manifest->children[index], err);
	return blob_copy(parts->image, &manifest->blobs[index - manifest->child_count],
			 parts->thorough, err);
}

static bool copy_parts(const struct tree_node *node, const struct manifest *manifest, bool thorough,
		       struct error *err)
{
	struct tree_parts parts = {node, node->image, manifest, thorough};
	sizing_read(node->sizing, manifest);
	bool ok = pool_try(node->image->copier->options.pool,
			   manifest->child_count + manifest->blob_count, copy_part, &parts, err);
	if (!ok)
		sizing_drop(node->sizing, manifest);
	return ok;
}

/* Registries on object storage may find a blob only seconds after they accepted it. */
static const struct retry_policy settling = {.attempts = 5, .base_ms = 1000, .cap_ms = 12000};

/*
 * After a push that the target refused because parts are missing: in the first round the parts are
 * sent again; after that the only thing left is to wait, unless the refusal is vague. False: no
 * further try, err is the refusal.
 */
static bool may_settle(unsigned round, bool vague, struct error *err)
{
	struct error again = *err;
	again.kind = ERROR_UNAVAILABLE;
	if (round == 0 || (!vague && retry_wait(&settling, round - 1, &again)))
		return true;
	if (again.stopped)
		*err = again;
	return false;
}

/*
 * The layer that was left out and that the target misses, or NULL. If the target names no digest,
 * it must be that layer once all other parts were sent again.
 */
static const struct descriptor *find_left_out(const struct image *image,
					      const struct manifest *manifest,
					      const struct push_answer *answer, unsigned round)
{
	for (size_t i = 0; image->foreign != FOREIGN_COPY && i < manifest->blob_count; i++) {
		const struct descriptor *blob = &manifest->blobs[i];
		if (!blob->nondistributable)
			continue;
		if (strcmp(blob->digest, answer->missing) == 0 || (!answer->missing[0] && round))
			return blob;
	}
	return NULL;
}

static bool refuse_left_out(const struct image *image, const struct descriptor *layer,
			    struct error *err)
{
	err->kind = ERROR_UNSUPPORTED;
	return error_wrap(err,
			  "%s requires the layer %s, which was left out because it may not be "
			  "distributed (foreign: copy includes it)",
			  image->to->party_name, layer->digest);
}

static struct push describe_push(const struct manifest *manifest, const char *digest,
				 const char *reference)
{
	return (struct push){.reference = reference,
			     .digest = digest,
			     .media_type = manifest->media_type,
			     .bytes = manifest->bytes};
}

/* Pushes the manifest; before a tag that must not change to another image, checks that tag. */
static bool push_guarded(struct image *image, const struct push *push, struct push_answer *answer,
			 struct error *err)
{
	const struct image_target *target = &image->target;
	bool held = false;
	*answer = (struct push_answer){0};
	if (target->guarded && strcmp(push->reference, target->tag) == 0 &&
	    !drift_check(image, push->reference, push->digest, &held, err))
		return false;
	if (held)
		return true;
	if (!tagging_put(image, push, answer, err))
		return false;
	if (strcmp(push->reference, push->digest) != 0)
		remember_written(image, push->reference, push->digest);
	return true;
}

static bool copy_manifest(const struct tree_node *node, struct push_answer *answer,
			  struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct image *image = node->image;
	struct manifest manifest;
	if (!arena)
		return error_memory(err);
	if (node->depth > MANIFEST_DEPTH_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "indexes nested deeper than %d",
				 MANIFEST_DEPTH_MAX);
	if (!get_manifest(image, arena, node->digest, &manifest, err))
		return false;
	if (!store_accepts(image->to, manifest.media_type, err))
		return false;
	const struct push push = describe_push(&manifest, node->digest, node->reference);
	for (unsigned round = 0;; round++) {
		if (round <= 1 && !copy_parts(node, &manifest, round == 1, err))
			return false;
		if (push_guarded(image, &push, answer, err))
			return true;
		if (!answer->incomplete)
			return false;
		const struct descriptor *left_out = find_left_out(image, &manifest, answer, round);
		if (left_out)
			return refuse_left_out(image, left_out, err);
		if (!may_settle(round, answer->vague, err))
			return false;
	}
}

static bool copy_root(struct image *image, const char *digest, const char *reference,
		      struct push_answer *answer, struct error *err)
{
	scoped(sizing_close) struct sizing sizing = {.image = image};
	const struct tree_node node = {.image = image,
				       .digest = digest,
				       .reference = reference,
				       .depth = 1,
				       .sizing = &sizing};
	return copy_manifest(&node, answer, err);
}

/* Takes the tag off the list. done: its own push has written it. True: that or another one has. */
static bool leave(struct image *image, const char *digest, const char *tag, bool done)
{
	bool written = tagging_leave(image);
	if (written && !done)
		remember_written(image, tag, digest);
	return written || done;
}

bool tree_copy(struct image *image, const char *digest, const char *reference, struct error *err)
{
	struct push_answer ignored;
	tagging_enlist(image, digest, reference);
	bool ok = copy_root(image, digest, reference, &ignored, err);
	return leave(image, digest, reference, ok);
}

bool tree_copy_companion(struct image *image, const char *digest, const char *reference,
			 bool *listed, struct error *err)
{
	struct push_answer answer;
	*listed = false;
	if (!copy_root(image, digest, reference, &answer, err))
		return false;
	*listed = answer.subject;
	return true;
}

bool tree_tag(struct image *image, const char *digest, const char *tag, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct push_answer answer;
	struct manifest manifest;
	if (!arena)
		return error_memory(err);
	if (!get_manifest(image, arena, digest, &manifest, err))
		return false;
	const struct push push = describe_push(&manifest, digest, tag);
	tagging_enlist(image, digest, tag);
	bool ok = push_guarded(image, &push, &answer, err);
	if (leave(image, digest, tag, ok))
		return true;
	return answer.incomplete && tree_copy(image, digest, tag, err);
}
