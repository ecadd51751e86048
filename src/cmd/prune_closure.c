/*
 * A manifest of a kind that nobody knows is read as well: it may be an index. What is missing
 * inside of an image is no error: some registries keep only a part of the platforms.
 */
#include "cmd/prune_closure.h"

#include "oci/manifest.h"

#include <string.h>

void prune_closure_init(struct closure *closure, bool subjects)
{
	*closure = (struct closure){.subjects = subjects};
	pthread_mutex_init(&closure->lock, NULL);
}

void prune_closure_finish(struct closure *closure)
{
	map_finish(&closure->digests);
	pthread_mutex_destroy(&closure->lock);
}

bool prune_closure_has(struct closure *closure, const char *digest)
{
	pthread_mutex_lock(&closure->lock);
	bool has = map_get(&closure->digests, str_of(digest)) != NULL;
	pthread_mutex_unlock(&closure->lock);
	return has;
}

/* *fresh: it was not there. */
static bool note(struct closure *closure, const char *digest, bool *fresh, struct error *err)
{
	pthread_mutex_lock(&closure->lock);
	*fresh = !map_get(&closure->digests, str_of(digest));
	bool ok = map_put(&closure->digests, str_of(digest), closure);
	pthread_mutex_unlock(&closure->lock);
	return ok || error_memory(err);
}

bool prune_closure_note(struct closure *closure, const char *digest, struct error *err)
{
	bool fresh;
	return note(closure, digest, &fresh, err);
}

bool prune_closure_join(struct closure *closure, const struct closure *other, struct error *err)
{
	for (size_t i = 0; i < other->digests.count; i++)
		if (!prune_closure_note(closure, other->digests.entries[i].key, err))
			return false;
	return true;
}

bool prune_closure_absent(const struct store *store, const char *reference, bool *absent,
			  struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest_bytes bytes = {0};
	bool found = false;
	if (!arena)
		return error_memory(err);
	if (!store_look(store, arena, reference, &found, &bytes, err))
		return false;
	if (!found && bytes.denied)
		return error_set(err, ERROR_DENIED, "%s/%s may not be asked for %s",
				 store->party_name, store->path, reference);
	*absent = !found;
	return true;
}

static bool read_manifest(struct closure *closure, const struct store *store, const char *reference,
			  int depth, char own[DIGEST_TEXT_SIZE], struct error *err);

static bool add_child(struct closure *closure, const struct store *store,
		      const struct descriptor *child, int depth, struct error *err)
{
	char own[DIGEST_TEXT_SIZE];
	bool fresh;
	if (!note(closure, child->digest, &fresh, err))
		return false;
	if (!fresh || media_kind(str_of(child->media_type)) == MEDIA_MANIFEST)
		return true;
	if (depth >= MANIFEST_DEPTH_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "%s/%s@%s has more than %d levels",
				 store->party_name, store->path, child->digest, depth);
	return read_manifest(closure, store, child->digest, depth + 1, own, err);
}

/* Reads one manifest. own is its digest; "" where there is none. */
static bool read_manifest(struct closure *closure, const struct store *store, const char *reference,
			  int depth, char own[DIGEST_TEXT_SIZE], struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest_bytes bytes = {0};
	struct manifest manifest;
	own[0] = '\0';
	if (!arena)
		return error_memory(err);
	if (!store_get(store, arena, reference, &bytes, err)) {
		bool absent = false;
		if (err->kind != ERROR_MISSING || bytes.denied ||
		    !prune_closure_absent(store, reference, &absent, err))
			return false;
		return absent || error_set(err, ERROR_CORRUPT, "%s/%s has %s, and then has not",
					   store->party_name, store->path, reference);
	}
	snprintf(own, DIGEST_TEXT_SIZE, "%s", bytes.digest);
	if (!prune_closure_note(closure, own, err) ||
	    !manifest_closure(arena, bytes.bytes, str_of(bytes.content_type), &manifest, err) ||
	    (closure->subjects && manifest.subject &&
	     !prune_closure_note(closure, manifest.subject, err)))
		return false;
	for (size_t i = 0; i < manifest.child_count; i++)
		if (!add_child(closure, store, &manifest.children[i], depth, err))
			return false;
	return true;
}

bool prune_closure_add(struct closure *closure, const struct store *store, const char *reference,
		       char own[DIGEST_TEXT_SIZE], struct error *err)
{
	return read_manifest(closure, store, reference, 1, own, err);
}
