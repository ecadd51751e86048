/*
 * Registries in memory, as stores: for tests of copy/ without a network.
 *
 * A world has registries, each with what it can do and what it refuses; repositories are made when
 * they are first named. Every call of a store is counted, as is each piece of a blob that is
 * read or taken, and one of them, or from one on all of its kind, can be made to fail: before it
 * does anything, or after, as if its answer had got lost.
 *
 * A world watches over what a registry does not: what only a lax registry takes is a violation, and
 * so are a location that does not hold the blob and an upload that stays open.
 */
#pragma once

#include "base/buf.h"
#include "base/cancel.h"
#include "oci/companion.h"
#include "oci/manifest.h"
#include "oci/referrers.h"
#include "store/mirrored.h"
#include "store/store.h"

#include "spared.h"

#include <pthread.h>
#include <stdarg.h>
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
	bool lax;            /* it takes manifests without their parts, and blobs of any bytes */
	bool strict;         /* it wants foreign layers, too */
	bool vague;          /* it says in words alone what it misses */
	bool denies;         /* it answers 403 for what is not there */
	bool forgets;        /* uploads that break off are gone */
	bool whole;          /* a part of a blob costs all of it */
	size_t cuts;         /* its blobs break off after so many bytes; 0: they do not */
	bool stale;          /* a cache in front of it has damaged blobs */
	bool fixed;          /* its tags may not change */
	bool full;           /* it has no room for blobs of 2,000 bytes or more */
	const char *no_type; /* a media type that it refuses; NULL: none */
	const char *mirror;  /* a registry that is asked first where it is a source; NULL: none */
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
	const char *digest;
	int64_t size;
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
	struct mirrored_memory *learnt;
	struct memory_upload *uploads;
	unsigned open;         /* of them */
	const char *violation; /* the first; NULL: none */
	void (*hook)(struct memory_world *world, enum memory_op op, unsigned call);
	void *ctx; /* of hook, which is called locked before each call does its work */
};

static inline void memory_start(struct memory_world *world)
{
	*world = (struct memory_world){.arena = arena_new(), .learnt = mirrored_memory_new()};
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
	mirrored_memory_free(&world->learnt);
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

/* Only the first violation is kept. */
printf_like(2, 3) static inline void memory_blame(struct memory_world *world, const char *format,
						  ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!world->violation)
		world->violation = arena_string(world->arena, text);
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
	spared++;
	pthread_mutex_lock(&world->lock);
	*call = (struct memory_call){world, op, memory_counts(world, op)};
	if (!call->fails || world->fail_late)
		return true;
	pthread_mutex_unlock(&world->lock);
	spared--;
	return memory_error(op, world->fail_with, err);
}

static inline bool memory_end(const struct memory_call *call, bool ok, struct error *err)
{
	pthread_mutex_unlock(&call->world->lock);
	spared--;
	return call->fails ? memory_error(call->op, call->world->fail_with, err) : ok;
}
