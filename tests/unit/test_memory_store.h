/* Stores in memory; test_memory_world.h says what they are for. */
#pragma once

#include "test_memory_blobs.h"

/* --- manifests ------------------------------------------------------------------------------ */

static inline bool memory_recall(const struct store *store, struct arena *arena, const char *tag,
				 struct manifest_status *out)
{
	const struct memory_store *at = memory_of(store);
	if (!at->repository->party->lists)
		return false;
	spared++;
	pthread_mutex_lock(&at->world->lock);
	const char *digest = memory_find(at->repository, tag);
	*out = (struct manifest_status){.found = digest != NULL,
					.digest = digest ? arena_string(arena, digest) : NULL};
	pthread_mutex_unlock(&at->world->lock);
	spared--;
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
		memory_blame(at->world, "%s:%s was pushed without %s", at->store.path,
			     push->reference, missing);
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
	scoped(arena_free) struct arena *arena = NULL;
	struct manifest manifest;
	struct memory_call call;
	struct error ignored;
	*answer = (struct push_answer){0};
	if (!memory_begin(at->world, MEMORY_PUT, &call, err))
		return false;
	arena = arena_new();
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

/* --- opening -------------------------------------------------------------------------------- */

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

/* NULL without memory. */
static inline const struct store *memory_store_at(struct memory_world *world, const char *host,
						  const char *path, bool target,
						  struct arena *arena)
{
	struct memory_store *made = arena_new_of(arena, struct memory_store);
	if (!made)
		return NULL;
	spared++;
	pthread_mutex_lock(&world->lock);
	struct memory_repository *repository = memory_repository(world, host, path);
	pthread_mutex_unlock(&world->lock);
	spared--;
	*made = (struct memory_store){.store = {.kind = &memory_kind,
						.party_name = repository->party->name,
						.path = repository->path,
						.party = repository->party,
						.space = repository->party,
						.target = target},
				      .world = world,
				      .repository = repository};
	return &made->store;
}

static inline bool memory_open_store(void *ctx, const struct reference *name,
				     const struct creation *target, struct arena *arena,
				     const struct store **out, struct error *err)
{
	struct memory_world *world = ctx;
	const struct store *made =
		memory_store_at(world, name->host, name->repository, target != NULL, arena);
	const char *mirror = made ? memory_of(made)->repository->party->mirror : NULL;
	if (mirror && !target) {
		const struct store **mirrors = arena_array(arena, 1, sizeof(*mirrors));
		const struct store *first =
			memory_store_at(world, mirror, name->repository, false, arena);
		if (mirrors)
			mirrors[0] = first;
		made = mirrors && first ? mirrored_store(arena, made, mirrors, 1, world->learnt)
					: NULL;
	}
	*out = made;
	return made || error_memory(err);
}

static inline struct stores memory_stores(struct memory_world *world)
{
	return (struct stores){.open = memory_open_store, .ctx = world};
}
