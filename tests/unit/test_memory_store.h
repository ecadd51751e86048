/*
 * Registries in memory, as stores: for tests of copy/ without a network.
 *
 * A world has registries, each with what it can do and what it refuses; their repositories come into
 * being when they are named. Every call of a store is counted, as is each piece of a blob that is
 * read or taken, and one of them, or from one on all of its kind, can be made to fail: before it
 * does anything, or after, as if its answer had got lost.
 *
 * A world watches over what a registry does not: a manifest that names something that is not there
 * is a violation when the registry is lax and takes it, and so is an upload that stays open.
 */
#pragma once

#include "base/buf.h"
#include "base/cancel.h"
#include "oci/companion.h"
#include "oci/manifest.h"
#include "oci/referrers.h"
#include "store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum memory_op {
	MEMORY_HEAD,
	MEMORY_LOOK,
	MEMORY_GET,
	MEMORY_PROBE,
	MEMORY_HOLDS,
	MEMORY_TAGS,
	MEMORY_REFERRERS,
	MEMORY_ACCEPTS,
	MEMORY_PUT,
	MEMORY_OPEN,
	MEMORY_READ, /* a piece of a blob comes from a source */
	MEMORY_HAS,
	MEMORY_OFFER,
	MEMORY_SEND,
	MEMORY_TAKE, /* a piece of a blob has arrived at a target */
	MEMORY_RESUME,
	MEMORY_CANCEL,
	MEMORY_OPS
};

/* One registry. */
struct memory_party {
	const char *name;
	bool api;            /* it has the referrers API */
	bool subjects;       /* and says so when it takes a manifest with a subject */
	bool lists;          /* the digests of its tags are known from a list, as Google's are */
	bool long_tags;      /* its list of tags is too long for a few pages */
	bool unmounted;      /* it takes no blob from its other repositories */
	bool lax;            /* it takes manifests whose parts it does not hold */
	bool strict;         /* it wants foreign layers, too */
	bool vague;          /* it says in words alone what it misses */
	bool denies;         /* it answers 403 for what is not there */
	bool forgets;        /* uploads that break off are gone */
	bool whole;          /* a part of a blob costs all of it */
	bool fixed;          /* its tags may not change */
	bool full;           /* it has no room for blobs of 2,000 bytes or more */
	const char *no_type; /* a media type that it refuses; NULL: none */
};

struct memory_content {
	struct str bytes;
	const char *type;
};

struct memory_repository {
	struct memory_party *party;
	const char *path;
	struct map manifests, blobs; /* digest -> struct memory_content */
	struct map tags;             /* tag -> digest */
};

/* An upload; it lives as long as the world. */
struct memory_upload {
	struct memory_upload *next;
	struct buf bytes;
	bool open;
};

struct memory_world {
	struct arena *arena;
	pthread_mutex_t lock; /* guards the members below, and arena */
	struct map parties, repositories;
	struct map elsewhere; /* address -> struct memory_content */
	unsigned calls, each[MEMORY_OPS];
	unsigned fail_at; /* the number of the call that fails, from 1 on; 0: none */
	bool fail_on;     /* so do all later ones of its kind */
	bool fail_late;   /* it has done its work, but nobody hears of it */
	enum error_kind fail_with;
	enum memory_op failed; /* the kind of call that did */
	bool has_failed;
	struct memory_upload *uploads;
	unsigned open;         /* of them */
	const char *violation; /* the first; NULL: none */
	void (*hook)(struct memory_world *world, enum memory_op op, unsigned call);
	void *ctx; /* of hook, which is called locked before each call does its work */
};

static inline void memory_start(struct memory_world *world)
{
	*world = (struct memory_world){.arena = arena_new()};
	pthread_mutex_init(&world->lock, NULL);
}

static inline void memory_finish(struct memory_world *world)
{
	for (size_t i = 0; i < world->repositories.count; i++) {
		struct memory_repository *each = world->repositories.entries[i].value;
		map_finish(&each->manifests);
		map_finish(&each->blobs);
		map_finish(&each->tags);
	}
	for (struct memory_upload *each = world->uploads; each; each = each->next)
		buf_finish(&each->bytes);
	map_finish(&world->parties);
	map_finish(&world->repositories);
	map_finish(&world->elsewhere);
	pthread_mutex_destroy(&world->lock);
	arena_free(&world->arena);
}

static inline struct memory_party *memory_party(struct memory_world *world, const char *name)
{
	struct memory_party *party = map_get(&world->parties, str_of(name));
	if (party)
		return party;
	party = arena_new_of(world->arena, struct memory_party);
	party->name = arena_string(world->arena, name);
	map_put(&world->parties, str_of(name), party);
	return party;
}

static inline struct memory_repository *memory_repository(struct memory_world *world,
							  const char *party, const char *path)
{
	const char *key = arena_printf(world->arena, "%s/%s", party, path);
	struct memory_repository *repository = map_get(&world->repositories, str_of(key));
	if (repository)
		return repository;
	repository = arena_new_of(world->arena, struct memory_repository);
	repository->party = memory_party(world, party);
	repository->path = arena_string(world->arena, path);
	map_put(&world->repositories, str_of(key), repository);
	return repository;
}

/* --- what lies there ------------------------------------------------------------------------ */

static inline struct memory_content *memory_keep(struct memory_world *world, struct str bytes,
						 const char *type)
{
	struct memory_content *content = arena_new_of(world->arena, struct memory_content);
	content->bytes = (struct str){arena_copy(world->arena, bytes.at, bytes.len), bytes.len};
	content->type = arena_string(world->arena, type);
	return content;
}

static inline void memory_put_named(struct memory_world *world, struct map *into,
				    const char *digest, struct str bytes, const char *type)
{
	map_put(into, str_of(digest), memory_keep(world, bytes, type));
}

/* Puts a blob there and returns its digest. */
static inline const char *memory_blob(struct memory_world *world,
				      struct memory_repository *repository, struct str bytes)
{
	char digest[DIGEST_TEXT_SIZE];
	digest_of(bytes, digest);
	memory_put_named(world, &repository->blobs, digest, bytes, "");
	return arena_string(world->arena, digest);
}

/* Puts a manifest there, under tag unless that is NULL, and returns its digest. */
static inline const char *memory_manifest(struct memory_world *world,
					  struct memory_repository *repository, const char *text,
					  const char *type, const char *tag)
{
	char digest[DIGEST_TEXT_SIZE];
	digest_of(str_of(text), digest);
	memory_put_named(world, &repository->manifests, digest, str_of(text), type);
	const char *kept = arena_string(world->arena, digest);
	if (tag)
		map_put(&repository->tags, str_of(tag), (void *)(uintptr_t)kept);
	return kept;
}

/* The digest of a tag, or of a digest that is there; NULL: it is not. */
static inline const char *memory_find(const struct memory_repository *repository,
				      const char *reference)
{
	const char *digest =
		strchr(reference, ':') ? reference : map_get(&repository->tags, str_of(reference));
	return digest && map_get(&repository->manifests, str_of(digest)) ? digest : NULL;
}

static inline struct memory_content *memory_read(const struct memory_repository *repository,
						 const char *digest)
{
	return map_get(&repository->manifests, str_of(digest));
}

/*
 * The first digest below manifest that the repository does not hold with the right bytes; NULL: it
 * is complete. Foreign layers count only with foreign.
 */
static inline const char *memory_missing(const struct memory_repository *repository,
					 struct arena *arena, const char *digest, bool foreign)
{
	const struct memory_content *content = memory_read(repository, digest);
	struct manifest manifest;
	struct error err;
	if (!content || !digest_verify(content->bytes, str_of(digest), &err))
		return digest;
	if (!manifest_parse(arena, content->bytes, str_of(content->type), &manifest, &err))
		return digest;
	for (size_t i = 0; i < manifest.blob_count; i++) {
		const struct descriptor *blob = &manifest.blobs[i];
		const struct memory_content *held =
			map_get(&repository->blobs, str_of(blob->digest));
		if (blob->nondistributable && !foreign && !held)
			continue;
		if (!held || !digest_verify(held->bytes, str_of(blob->digest), &err))
			return blob->digest;
	}
	for (size_t i = 0; i < manifest.child_count; i++) {
		const struct descriptor *child = &manifest.children[i];
		if (child->nondistributable || map_get(&repository->blobs, str_of(child->digest)))
			continue;
		const char *missing = memory_missing(repository, arena, child->digest, foreign);
		if (missing)
			return missing;
	}
	return NULL;
}

/* --- calls that fail ------------------------------------------------------------------------ */

/* An error as a store would report it: what was tried often enough is exhausted. */
static inline bool memory_error(enum memory_op op, enum error_kind kind, struct error *err)
{
	static const int statuses[] = {
		[ERROR_DENIED] = 403,      [ERROR_MISSING] = 404,  [ERROR_LIMITED] = 429,
		[ERROR_UNAVAILABLE] = 503, [ERROR_REJECTED] = 400, [ERROR_FULL] = 413,
		[ERROR_CANCELED] = 0};
	bool once = op == MEMORY_OPEN || op == MEMORY_READ || op == MEMORY_SEND ||
		    op == MEMORY_TAKE || op == MEMORY_RESUME;
	error_set(err, kind, "call of kind %d was made to fail", (int)op);
	err->http_status = (size_t)kind < array_count(statuses) ? statuses[kind] : 0;
	err->retry_after = -1;
	err->exhausted = !once && kind != ERROR_CORRUPT;
	err->awaited = false;
	err->shared = 0;
	return false;
}

/* Counts a call. True: it is the one that fails. Caller holds the lock. */
static inline bool memory_counts(struct memory_world *world, enum memory_op op)
{
	unsigned call = ++world->calls;
	world->each[op]++;
	if (world->hook)
		world->hook(world, op, call);
	if (call == world->fail_at) {
		world->failed = op;
		world->has_failed = true;
		if (world->fail_with == ERROR_CANCELED && cancel_current())
			cancel_run(cancel_current());
	}
	return (world->fail_at && call == world->fail_at) ||
	       (world->has_failed && world->fail_on && op == world->failed);
}

/* One call under way. */
struct memory_call {
	struct memory_world *world;
	enum memory_op op;
	bool fails;
};

/* False: it fails before it does anything. True: the lock is held until memory_end(). */
static inline bool memory_begin(struct memory_world *world, enum memory_op op,
				struct memory_call *call, struct error *err)
{
	pthread_mutex_lock(&world->lock);
	*call = (struct memory_call){world, op, memory_counts(world, op)};
	if (!call->fails || world->fail_late)
		return true;
	pthread_mutex_unlock(&world->lock);
	return memory_error(op, world->fail_with, err);
}

static inline bool memory_end(const struct memory_call *call, bool ok, struct error *err)
{
	pthread_mutex_unlock(&call->world->lock);
	return call->fails ? memory_error(call->op, call->world->fail_with, err) : ok;
}

/* --- the store ------------------------------------------------------------------------------ */

struct memory_store {
	struct store store;
	struct memory_world *world;
	struct memory_repository *repository;
};

static inline const struct memory_store *memory_of(const struct store *store)
{
	return (const struct memory_store *)store;
}

static inline bool memory_absent(const struct store *store, const char *what, struct error *err)
{
	error_set(err, ERROR_MISSING, "%s/%s has no %s", store->party_name, store->path, what);
	err->http_status = 404;
	err->exhausted = false;
	err->retry_after = -1;
	err->shared = 0;
	return false;
}

static inline bool memory_recall(const struct store *store, struct arena *arena, const char *tag,
				 struct manifest_status *out)
{
	const struct memory_store *at = memory_of(store);
	if (!at->repository->party->lists)
		return false;
	pthread_mutex_lock(&at->world->lock);
	const char *digest = memory_find(at->repository, tag);
	*out = (struct manifest_status){.found = digest != NULL,
					.digest = digest ? arena_string(arena, digest) : NULL};
	pthread_mutex_unlock(&at->world->lock);
	return true;
}

static inline bool memory_head(const struct store *store, struct arena *arena,
			       const char *reference, struct manifest_status *out,
			       struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_call call;
	*out = (struct manifest_status){0};
	if (!memory_begin(at->world, MEMORY_HEAD, &call, err))
		return false;
	const char *digest = memory_find(at->repository, reference);
	*out = (struct manifest_status){.found = digest != NULL,
					.digest = digest ? arena_string(arena, digest) : NULL,
					.denied = !digest && at->repository->party->denies};
	return memory_end(&call, true, err);
}

static inline void memory_serve(const struct memory_store *at, struct arena *arena,
				const char *reference, bool *found, struct manifest_bytes *out)
{
	const char *digest = memory_find(at->repository, reference);
	*out = (struct manifest_bytes){.denied = !digest && at->repository->party->denies};
	*found = digest != NULL;
	if (!digest)
		return;
	const struct memory_content *content = memory_read(at->repository, digest);
	out->bytes = (struct str){arena_copy(arena, content->bytes.at, content->bytes.len),
				  content->bytes.len};
	out->content_type = arena_string(arena, content->type);
	out->digest = arena_string(arena, digest);
}

static inline bool memory_look(const struct store *store, struct arena *arena,
			       const char *reference, bool *found, struct manifest_bytes *out,
			       struct error *err)
{
	struct memory_call call;
	if (!memory_begin(memory_of(store)->world, MEMORY_LOOK, &call, err))
		return false;
	memory_serve(memory_of(store), arena, reference, found, out);
	return memory_end(&call, true, err);
}

static inline bool memory_get(const struct store *store, struct arena *arena, const char *reference,
			      struct manifest_bytes *out, struct error *err)
{
	struct memory_call call;
	bool found = false;
	*out = (struct manifest_bytes){0};
	if (!memory_begin(memory_of(store)->world, MEMORY_GET, &call, err))
		return false;
	memory_serve(memory_of(store), arena, reference, &found, out);
	return memory_end(&call, found || memory_absent(store, reference, err), err);
}

static inline bool memory_probe(const struct store *store, const char *digest, bool *found,
				struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_call call;
	if (!memory_begin(at->world, MEMORY_PROBE, &call, err))
		return false;
	*found = memory_read(at->repository, digest) != NULL;
	return memory_end(&call, true, err);
}

static inline bool memory_holds(const struct store *store, struct arena *arena,
				const char *reference, const char *digest, bool *same,
				struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_call call;
	struct error ignored;
	(void)arena;
	*same = false;
	if (!memory_begin(at->world, MEMORY_HOLDS, &call, err))
		return false;
	const char *held = memory_find(at->repository, reference);
	*same = held &&
		digest_verify(memory_read(at->repository, held)->bytes, str_of(digest), &ignored);
	return memory_end(&call, true, err);
}

static inline bool memory_tags(const struct store *store, struct arena *arena, int pages,
			       struct tag_list *out, struct error *err)
{
	const struct memory_store *at = memory_of(store);
	const struct map *tags = &at->repository->tags;
	struct memory_call call;
	*out = (struct tag_list){0};
	if (!memory_begin(at->world, MEMORY_TAGS, &call, err))
		return false;
	const char **list = arena_array(arena, tags->count + 1, sizeof(*list));
	for (size_t i = 0; i < tags->count; i++)
		list[i] = arena_copy(arena, tags->entries[i].key, tags->entries[i].len);
	*out = (struct tag_list){.items = list,
				 .count = tags->count,
				 .complete = !pages || !at->repository->party->long_tags};
	bool known = tags->count || at->repository->manifests.count;
	return memory_end(&call, known || memory_absent(store, "such repository", err), err);
}

static inline bool memory_referrers(const struct store *store, struct arena *arena,
				    const char *digest, struct map *into, bool *supported,
				    struct error *err)
{
	const struct memory_store *at = memory_of(store);
	const struct map *all = &at->repository->manifests;
	struct memory_call call;
	bool ok = true;
	*supported = false;
	if (!memory_begin(at->world, MEMORY_REFERRERS, &call, err))
		return false;
	*supported = at->repository->party->api;
	for (size_t i = 0; ok && *supported && i < all->count; i++) {
		const struct memory_content *content = all->entries[i].value;
		struct manifest manifest;
		struct error ignored;
		if (!content ||
		    !manifest_parse(arena, content->bytes, str_of(content->type), &manifest,
				    &ignored) ||
		    !manifest.subject || strcmp(manifest.subject, digest) != 0)
			continue;
		struct str list;
		struct str each = referrers_describe(
			arena, &manifest,
			arena_copy(arena, all->entries[i].key, all->entries[i].len));
		ok = referrers_append(arena, (struct str){0}, &each, 1, &list, err) &&
		     referrers_read(arena, list, into, err);
	}
	return memory_end(&call, ok, err);
}

static inline bool memory_refuses(const struct store *store, const char *media_type,
				  struct error *err)
{
	const char *refused = memory_of(store)->repository->party->no_type;
	if (!refused || strcmp(refused, media_type) != 0)
		return false;
	error_set(err, ERROR_UNSUPPORTED, "%s takes no manifests of the type %s", store->party_name,
		  media_type);
	err->shared = 0;
	return true;
}

static inline bool memory_accepts(const struct store *store, const char *media_type,
				  struct error *err)
{
	struct memory_call call;
	if (!memory_begin(memory_of(store)->world, MEMORY_ACCEPTS, &call, err))
		return false;
	return memory_end(&call, !memory_refuses(store, media_type, err), err);
}

/* A registry that misses a part says so; a lax one takes the manifest all the same. */
static inline bool memory_judge(const struct memory_store *at, const struct push *push,
				struct push_answer *answer, struct error *err)
{
	const struct memory_party *party = at->repository->party;
	scoped(arena_free) struct arena *arena = arena_new();
	const char *held = strchr(push->reference, ':')
				   ? NULL
				   : map_get(&at->repository->tags, str_of(push->reference));
	if (party->fixed && held && strcmp(held, push->digest) != 0)
		return error_set(err, ERROR_IMMUTABLE, "the tag %s may not change",
				 push->reference);
	struct memory_content *before = memory_read(at->repository, push->digest);
	memory_put_named(at->world, &at->repository->manifests, push->digest, push->bytes,
			 push->media_type);
	const char *missing = memory_missing(at->repository, arena, push->digest, party->strict);
	if (!missing)
		return true;
	if (party->lax) {
		if (!at->world->violation)
			at->world->violation =
				arena_printf(at->world->arena, "%s:%s was pushed without %s",
					     at->store.path, push->reference, missing);
		return true;
	}
	map_put(&at->repository->manifests, str_of(push->digest), before);
	answer->incomplete = true;
	answer->vague = party->vague;
	if (!party->vague)
		snprintf(answer->missing, sizeof(answer->missing), "%s", missing);
	error_set(err, ERROR_REJECTED, "it misses %s", missing);
	err->http_status = 400;
	err->exhausted = false;
	err->retry_after = -1;
	err->shared = 0;
	return false;
}

static inline bool memory_put(const struct store *store, const struct push *push,
			      struct push_answer *answer, struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_repository *repository = at->repository;
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest manifest;
	struct memory_call call;
	struct error ignored;
	*answer = (struct push_answer){0};
	if (!memory_begin(at->world, MEMORY_PUT, &call, err))
		return false;
	if (memory_refuses(store, push->media_type, err)) {
		answer->type = true;
		return memory_end(&call, false, err);
	}
	if (!memory_judge(at, push, answer, err))
		return memory_end(&call, false, err);
	if (!strchr(push->reference, ':'))
		map_put(&repository->tags, str_of(push->reference),
			arena_string(at->world->arena, push->digest));
	answer->subject =
		repository->party->subjects &&
		manifest_parse(arena, push->bytes, str_of(push->media_type), &manifest, &ignored) &&
		manifest.subject;
	return memory_end(&call, true, err);
}

/* --- blobs ---------------------------------------------------------------------------------- */

struct memory_reader {
	struct reader reader;
	struct memory_world *world;
	struct str rest;
	size_t piece;
};

/* A read that is made to fail with ERROR_CORRUPT brings bytes, but wrong ones. */
static inline bool memory_pull(struct reader *reader, void *at, size_t size, size_t *got,
			       struct error *err)
{
	struct memory_reader *from = (struct memory_reader *)reader;
	size_t most = from->piece < size ? from->piece : size;
	size_t len = from->rest.len < most ? from->rest.len : most;
	pthread_mutex_lock(&from->world->lock);
	bool fails = memory_counts(from->world, MEMORY_READ);
	bool damages = fails && from->world->fail_with == ERROR_CORRUPT;
	pthread_mutex_unlock(&from->world->lock);
	*got = 0;
	if (fails && !damages)
		return memory_error(MEMORY_READ, from->world->fail_with, err);
	memcpy(at, from->rest.at, len);
	if (damages && len)
		((char *)at)[0] ^= 1;
	from->rest = str_from(from->rest, len);
	*got = len;
	return true;
}

static inline void memory_close(struct reader *reader)
{
	free(reader);
}

static inline struct reader *memory_reader(struct memory_world *world, struct str bytes)
{
	struct memory_reader *reader = calloc(1, sizeof(*reader));
	*reader = (struct memory_reader){.reader = {.read = memory_pull, .close = memory_close},
					 .world = world,
					 .rest = bytes,
					 .piece = bytes.len / 3 + 1};
	if (reader->piece > 256 * 1024)
		reader->piece = 256 * 1024;
	return &reader->reader;
}

static inline bool memory_open_content(const struct memory_store *at,
				       const struct memory_content *content, struct blob_part *part,
				       struct reader **out)
{
	if (!content)
		return false;
	if (part->whole || at->repository->party->whole)
		part->from = 0;
	*out = memory_reader(at->world, str_from(content->bytes, (size_t)part->from));
	return true;
}

static inline bool memory_open(const struct store *store, const char *digest,
			       struct blob_part *part, struct reader **out, struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_call call;
	*out = NULL;
	if (!memory_begin(at->world, MEMORY_OPEN, &call, err))
		return false;
	const struct memory_content *content = map_get(&at->repository->blobs, str_of(digest));
	bool ok = call.fails || memory_open_content(at, content, part, out) ||
		  memory_absent(store, digest, err);
	return memory_end(&call, ok, err);
}

static inline bool memory_open_url(const struct store *store, const char *url,
				   struct blob_part *part, struct reader **out, struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_call call;
	*out = NULL;
	if (!memory_begin(at->world, MEMORY_OPEN, &call, err))
		return false;
	const struct memory_content *content = map_get(&at->world->elsewhere, str_of(url));
	bool ok = call.fails || memory_open_content(at, content, part, out) ||
		  memory_absent(store, url, err);
	return memory_end(&call, ok, err);
}

static inline bool memory_has(const struct store *store, const char *digest, int64_t size,
			      bool *found, struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_call call;
	*found = false;
	if (!memory_begin(at->world, MEMORY_HAS, &call, err))
		return false;
	const struct memory_content *content = map_get(&at->repository->blobs, str_of(digest));
	*found = content && (int64_t)content->bytes.len == size;
	return memory_end(&call, true, err);
}

static inline void memory_shut(struct memory_world *world, struct memory_upload *upload)
{
	world->open -= upload->open;
	upload->open = false;
	buf_finish(&upload->bytes);
}

static inline bool memory_offer(const struct store *store, struct arena *arena,
				const struct blob_offer *offer, struct blob_upload *out,
				struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_world *world = at->world;
	struct memory_call call;
	(void)arena;
	if (!memory_begin(world, MEMORY_OFFER, &call, err))
		return false;
	struct memory_content *held = map_get(&at->repository->blobs, str_of(offer->digest));
	bool mounts = offer->location && !at->repository->party->unmounted;
	if (mounts && !held) {
		const struct memory_repository *other =
			memory_repository(world, store->party_name, offer->location);
		held = map_get(&other->blobs, str_of(offer->digest));
		if (held)
			map_put(&at->repository->blobs, str_of(offer->digest), held);
	}
	out->present = held && !offer->thorough;
	if (!out->present && !(offer->reuse_only && !mounts) && !call.fails) {
		struct memory_upload *upload = arena_new_of(world->arena, struct memory_upload);
		*upload = (struct memory_upload){.next = world->uploads, .open = true};
		world->uploads = upload;
		out->open = true;
		out->inside = upload;
		world->open++;
	}
	return memory_end(&call, true, err);
}

/* Takes the bytes; what came before a failure stays with an upload that can go on. */
static inline bool memory_take(const struct memory_store *at, struct memory_upload *upload,
			       struct reader *body, int64_t size, struct error *err)
{
	struct memory_world *world = at->world;
	scoped(buf_finish) struct buf piece = {0};
	size_t want = (size_t)size / 3 + 1 < 256 * 1024 ? (size_t)size / 3 + 1 : 256 * 1024;
	char *room = malloc(want);
	bool ok = true;
	while (ok && size > 0) {
		size_t got = 0;
		ok = body->read(body, room, want, &got, err);
		if (!ok)
			break;
		pthread_mutex_lock(&world->lock);
		bool fails = memory_counts(world, MEMORY_TAKE);
		pthread_mutex_unlock(&world->lock);
		if (!got) {
			ok = error_set(err, ERROR_CORRUPT, "the body ended early");
		} else if (fails) {
			ok = memory_error(MEMORY_TAKE, world->fail_with, err);
		} else {
			buf_add(&upload->bytes, room, got);
			size -= (int64_t)got;
		}
	}
	free(room);
	return ok;
}

static inline bool memory_commit(const struct memory_store *at, const char *digest,
				 struct memory_upload *upload, struct error *err)
{
	struct str bytes = buf_str(&upload->bytes);
	if (at->repository->party->full && bytes.len >= 2000) {
		memory_error(MEMORY_SEND, ERROR_FULL, err);
		return false;
	}
	if (!digest_verify(bytes, str_of(digest), err))
		return false;
	memory_put_named(at->world, &at->repository->blobs, digest, bytes, "");
	memory_shut(at->world, upload);
	return true;
}

static inline bool memory_send(const struct store *store, struct arena *arena,
			       struct blob_upload *out, const char *digest, struct reader *body,
			       int64_t size, struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_upload *upload = out->inside;
	struct memory_call call;
	(void)arena;
	/* What the store kept of an earlier try may be less than was sent. */
	upload->bytes.len =
		(size_t)out->offset < upload->bytes.len ? (size_t)out->offset : upload->bytes.len;
	if (!memory_begin(at->world, MEMORY_SEND, &call, err))
		return false;
	pthread_mutex_unlock(&at->world->lock);
	bool ok = memory_take(at, upload, body, size, err);
	pthread_mutex_lock(&at->world->lock);
	ok = ok && memory_commit(at, digest, upload, err);
	return memory_end(&call, ok, err);
}

static inline bool memory_resume(const struct store *store, struct arena *arena,
				 struct blob_upload *out, struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_upload *upload = out->inside;
	struct memory_call call;
	(void)arena;
	if (!memory_begin(at->world, MEMORY_RESUME, &call, err))
		return false;
	bool goes_on = upload->open && !at->repository->party->forgets;
	out->offset = goes_on ? (int64_t)upload->bytes.len : 0;
	return memory_end(&call, goes_on || error_set(err, ERROR_UNSUPPORTED, "it cannot go on"),
			  err);
}

static inline void memory_cancel(const struct store *store, struct blob_upload *out)
{
	struct memory_world *world = memory_of(store)->world;
	pthread_mutex_lock(&world->lock);
	memory_counts(world, MEMORY_CANCEL);
	memory_shut(world, out->inside);
	out->open = false;
	pthread_mutex_unlock(&world->lock);
}

static const struct store_kind memory_kind = {.recall = memory_recall,
					      .head = memory_head,
					      .look = memory_look,
					      .get = memory_get,
					      .probe = memory_probe,
					      .holds = memory_holds,
					      .tags = memory_tags,
					      .referrers = memory_referrers,
					      .accepts = memory_accepts,
					      .put = memory_put,
					      .open = memory_open,
					      .open_url = memory_open_url,
					      .has = memory_has,
					      .offer = memory_offer,
					      .send = memory_send,
					      .resume = memory_resume,
					      .cancel = memory_cancel};

static inline bool memory_open_store(void *ctx, const struct reference *name, bool target,
				     struct arena *arena, const struct store **out,
				     struct error *err)
{
	struct memory_world *world = ctx;
	struct memory_store *made = arena_new_of(arena, struct memory_store);
	if (!made)
		return error_memory(err);
	pthread_mutex_lock(&world->lock);
	struct memory_repository *repository =
		memory_repository(world, name->host, name->repository);
	pthread_mutex_unlock(&world->lock);
	*made = (struct memory_store){.store = {.kind = &memory_kind,
						.party_name = repository->party->name,
						.path = repository->path,
						.party = repository->party,
						.space = repository->party,
						.target = target},
				      .world = world,
				      .repository = repository};
	*out = &made->store;
	return true;
}

static inline struct stores memory_stores(struct memory_world *world)
{
	return (struct stores){.open = memory_open_store, .ctx = world};
}
