/* The calls of copy/ go to the implementation; here is the answer to those it does not have. */
#include "store/store.h"

#include <string.h>

bool store_at(const struct stores *stores, const struct reference *name,
	      const struct creation *target, struct arena *arena, const struct store **out,
	      struct error *err)
{
	return stores->open(stores->ctx, name, target, arena, out, err);
}

bool store_shares(const struct store *a, const struct store *b)
{
	return a->space == b->space;
}

bool store_head(const struct store *store, struct arena *arena, const char *reference,
		struct manifest_status *out, struct error *err)
{
	return store->kind->head(store, arena, reference, out, err);
}

bool store_head_listed(const struct store *store, struct arena *arena, const char *reference,
		       struct manifest_status *out, struct error *err)
{
	*out = (struct manifest_status){0};
	if (store->kind->recall && !strchr(reference, ':') &&
	    store->kind->recall(store, arena, reference, out))
		return true;
	return store_head(store, arena, reference, out, err);
}

int64_t store_pushed(const struct store *store, const char *tag, const char *digest)
{
	return store->kind->pushed ? store->kind->pushed(store, tag, digest) : 0;
}

bool store_look(const struct store *store, struct arena *arena, const char *reference, bool *found,
		struct manifest_bytes *out, struct error *err)
{
	return store->kind->look(store, arena, reference, found, out, err);
}

bool store_get(const struct store *store, struct arena *arena, const char *reference,
	       struct manifest_bytes *out, struct error *err)
{
	return store->kind->get(store, arena, reference, out, err);
}

bool store_probe(const struct store *store, const char *digest, bool *found, struct error *err)
{
	return store->kind->probe(store, digest, found, err);
}

bool store_holds(const struct store *store, struct arena *arena, const char *reference,
		 const char *digest, bool *same, struct error *err)
{
	return store->kind->holds(store, arena, reference, digest, same, err);
}

bool store_tags(const struct store *store, struct arena *arena, int pages, struct tag_list *out,
		struct error *err)
{
	return store->kind->tags(store, arena, pages, out, err);
}

bool store_referrers(const struct store *store, struct arena *arena, const char *digest,
		     struct map *into, bool *supported, struct error *err)
{
	return store->kind->referrers(store, arena, digest, into, supported, err);
}

bool store_accepts(const struct store *store, const char *media_type, struct error *err)
{
	return store->kind->accepts(store, media_type, err);
}

bool store_put(const struct store *store, const struct push *push, struct push_answer *answer,
	       struct error *err)
{
	return store->kind->put(store, push, answer, err);
}

enum store_tagging store_tagging(const struct store *store)
{
	return store->kind->tagging ? store->kind->tagging(store) : STORE_TAGS_ONE;
}

bool store_put_tags(const struct store *store, const struct push *push, const char *const *tags,
		    size_t count, bool *set, struct error *err)
{
	return store->kind->put_tags(store, push, tags, count, set, err);
}

bool store_remove(const struct store *store, const char *reference, enum store_removal *out,
		  struct error *err)
{
	*out = STORE_NOT_SO;
	return !store->kind->remove || store->kind->remove(store, reference, out, err);
}

bool store_open(const struct store *store, const char *digest, struct blob_part *part,
		struct reader **out, struct error *err)
{
	return store->kind->open(store, digest, part, out, err);
}

bool store_open_url(const struct store *store, const char *url, struct blob_part *part,
		    struct reader **out, struct error *err)
{
	*out = NULL;
	if (!store->kind->open_url)
		return error_set(err, ERROR_UNSUPPORTED, "%s/%s follows no addresses",
				 store->party_name, store->path);
	return store->kind->open_url(store, url, part, out, err);
}

bool store_parallel(const struct store *store)
{
	return store->kind->parallel && store->kind->parallel(store);
}

void store_spoiled(const struct store *store, const char *digest, struct error *err)
{
	if (store->kind->spoiled)
		store->kind->spoiled(store, digest, err);
}

bool store_has(const struct store *store, const char *digest, int64_t size, bool *found,
	       struct error *err)
{
	return store->kind->has(store, digest, size, found, err);
}

bool store_offer(const struct store *store, struct arena *arena, const struct blob_offer *offer,
		 struct blob_upload *out, struct error *err)
{
	*out = (struct blob_upload){0};
	return store->kind->offer(store, arena, offer, out, err);
}

bool store_send(const struct store *store, struct blob_upload *upload, struct reader *body,
		struct error *err)
{
	return store->kind->send(store, upload, body, err);
}

bool store_resume(const struct store *store, struct blob_upload *upload, struct error *err)
{
	return store->kind->resume(store, upload, err);
}

void store_cancel(const struct store *store, struct blob_upload *upload)
{
	store->kind->cancel(store, upload);
}
