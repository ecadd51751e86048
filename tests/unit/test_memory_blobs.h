/* Blobs of stores in memory: part of test_memory_store.h. */
#pragma once

#include "test_memory_world.h"

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

struct memory_reader {
	struct reader reader;
	struct memory_world *world;
	struct str rest;
	size_t piece;
	size_t left; /* until it breaks off */
};

/* A read that is made to fail with ERROR_CORRUPT brings bytes, but wrong ones. */
static inline bool memory_pull(struct reader *reader, void *at, size_t size, size_t *got,
			       struct error *err)
{
	struct memory_reader *from = (struct memory_reader *)reader;
	size_t most = from->piece < size ? from->piece : size;
	size_t len = from->rest.len < most ? from->rest.len : most;
	spared++;
	pthread_mutex_lock(&from->world->lock);
	bool fails = memory_counts(from->world, MEMORY_READ);
	bool damages = fails && from->world->fail_with == ERROR_CORRUPT;
	pthread_mutex_unlock(&from->world->lock);
	spared--;
	*got = 0;
	if (fails && !damages)
		return memory_error(MEMORY_READ, from->world->fail_with, err);
	if (len > from->left)
		return memory_error(MEMORY_READ, ERROR_NETWORK, err);
	from->left -= len;
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

/* cuts: as in struct memory_party. */
static inline struct reader *memory_reader(struct memory_world *world, struct str bytes,
					   size_t cuts)
{
	struct memory_reader *reader = calloc(1, sizeof(*reader));
	*reader = (struct memory_reader){.reader = {.read = memory_pull, .close = memory_close},
					 .world = world,
					 .rest = bytes,
					 .piece = bytes.len / 3 + 1,
					 .left = cuts ? cuts : SIZE_MAX};
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
	struct str bytes = content->bytes;
	if (at->repository->party->stale && !part->fresh && bytes.len) {
		char *damaged = arena_copy(at->world->arena, bytes.at, bytes.len);
		damaged[0] ^= 1;
		bytes.at = damaged;
	}
	*out = memory_reader(at->world, str_from(bytes, (size_t)part->from),
			     at->repository->party->cuts);
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
	if (offer->location) {
		const struct memory_repository *other =
			memory_repository(world, store->party_name, offer->location);
		struct memory_content *there = map_get(&other->blobs, str_of(offer->digest));
		if (!there)
			memory_blame(world, "%s does not hold %s", offer->location, offer->digest);
		if (mounts && !held && there)
			map_put(&at->repository->blobs, str_of(offer->digest), held = there);
	}
	out->present = held && !offer->thorough;
	if (!out->present && !(offer->reuse_only && !mounts) && !call.fails) {
		struct memory_upload *upload = arena_new_of(world->arena, struct memory_upload);
		*upload =
			(struct memory_upload){.next = world->uploads,
					       .digest = arena_string(world->arena, offer->digest),
					       .size = offer->size,
					       .open = true};
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
		spared--;
		ok = body->read(body, room, want, &got, err);
		spared++;
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
	if (!digest_verify(bytes, str_of(digest), err)) {
		if (!at->repository->party->lax)
			return false;
		memory_blame(at->world, "other bytes came for %s", digest);
	}
	memory_put_named(at->world, &at->repository->blobs, digest, bytes, "");
	memory_shut(at->world, upload);
	return true;
}

static inline bool memory_send(const struct store *store, struct blob_upload *out,
			       struct reader *body, struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_upload *upload = out->inside;
	struct memory_call call;
	/* What the store kept of an earlier try may be less than was sent. */
	upload->bytes.len =
		(size_t)out->offset < upload->bytes.len ? (size_t)out->offset : upload->bytes.len;
	if (!memory_begin(at->world, MEMORY_SEND, &call, err))
		return false;
	pthread_mutex_unlock(&at->world->lock);
	bool ok = memory_take(at, upload, body, upload->size - out->offset, err);
	pthread_mutex_lock(&at->world->lock);
	ok = ok && memory_commit(at, upload->digest, upload, err);
	return memory_end(&call, ok, err);
}

static inline bool memory_resume(const struct store *store, struct blob_upload *out,
				 struct error *err)
{
	const struct memory_store *at = memory_of(store);
	struct memory_upload *upload = out->inside;
	struct memory_call call;
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
