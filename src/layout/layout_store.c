/* A folder neither lists digests in advance nor knows other addresses; its bytes come at once. */
#include "layout/layout_store.h"

#include "layout/archive.h"
#include "layout/layout_blobs.h"
#include "layout/layout_manifests.h"
#include "layout/layout_put.h"

#include <string.h>

struct layout_store {
	struct store store;
	struct layouts *layouts;
	struct layout *layout;
	const char *host;  /* of its name */
	const char *named; /* the digest that its rule names; NULL: none */
};

static const struct layout_store *of(const struct store *store)
{
	return (const struct layout_store *)store;
}

static bool head(const struct store *store, struct arena *arena, const char *reference,
		 struct manifest_status *out, struct error *err)
{
	return layout_manifests_head(of(store)->layout, store->target, arena, reference, out, err);
}

static bool look(const struct store *store, struct arena *arena, const char *reference, bool *found,
		 struct manifest_bytes *out, struct error *err)
{
	return layout_manifests_look(of(store)->layout, arena, reference, found, out, err);
}

static bool get(const struct store *store, struct arena *arena, const char *reference,
		struct manifest_bytes *out, struct error *err)
{
	bool found;
	if (!layout_manifests_look(of(store)->layout, arena, reference, &found, out, err))
		return false;
	return found || error_set(err, ERROR_MISSING, "%s does not have %s",
				  of(store)->layout->path, reference);
}

static bool probe(const struct store *store, const char *digest, bool *found, struct error *err)
{
	return layout_manifests_probe(of(store)->layout, digest, found, err);
}

static bool holds(const struct store *store, struct arena *arena, const char *reference,
		  const char *digest, bool *same, struct error *err)
{
	bool found;
	struct manifest_bytes bytes;
	struct error ignored;
	if (!layout_manifests_look(of(store)->layout, arena, reference, &found, &bytes, err))
		return false;
	*same = found && digest_verify(bytes.bytes, str_of(digest), &ignored);
	return true;
}

static bool tags(const struct store *store, struct arena *arena, int pages, struct tag_list *out,
		 struct error *err)
{
	(void)pages;
	return layout_manifests_tags(of(store)->layout, arena, out, err);
}

static bool referrers(const struct store *store, struct arena *arena, const char *digest,
		      struct map *into, bool *supported, struct error *err)
{
	*supported = true;
	return layout_manifests_referrers(of(store)->layout, arena, digest, into, err);
}

static bool accepts(const struct store *store, const char *media_type, struct error *err)
{
	(void)store;
	(void)media_type;
	(void)err;
	return true;
}

static bool put(const struct store *store, const struct push *push, struct push_answer *answer,
		struct error *err)
{
	return layout_put(of(store)->layout, of(store)->named, push, answer, err);
}

static bool remove_one(const struct store *store, const char *reference, enum store_removal *out,
		       struct error *err)
{
	return layout_put_away(of(store)->layout, reference, out, err);
}

static bool open_blob(const struct store *store, const char *digest, struct blob_part *part,
		      struct reader **out, struct error *err)
{
	return layout_blobs_open(of(store)->layout, digest, part, out, err);
}

static void spoiled(const struct store *store, const char *digest, struct error *err)
{
	if (err->kind == ERROR_CORRUPT)
		layout_blame(of(store)->layout, digest, store->target, err);
}

static bool has(const struct store *store, const char *digest, int64_t size, bool *found,
		struct error *err)
{
	return layout_has(of(store)->layout, digest, size, found, err);
}

/* The layout of another path of the same party. */
static const struct layout *other(const struct layout_store *at, const char *path)
{
	const struct reference name = {.host = at->host, .repository = path};
	return layouts_at(at->layouts, &name);
}

static bool offer(const struct store *store, struct arena *arena, const struct blob_offer *offered,
		  struct blob_upload *out, struct error *err)
{
	const struct layout_store *at = of(store);
	const struct layout *location = offered->location ? other(at, offered->location) : NULL;
	return layout_blobs_offer(at->layout, arena, offered, location, out, err);
}

static bool send(const struct store *store, struct blob_upload *upload, struct reader *body,
		 struct error *err)
{
	return layout_blobs_send(of(store)->layout, upload, body, err);
}

static bool resume(const struct store *store, struct blob_upload *upload, struct error *err)
{
	(void)upload;
	return error_set(err, ERROR_UNSUPPORTED, "%s keeps no part of a blob",
			 of(store)->layout->path);
}

static void cancel(const struct store *store, struct blob_upload *upload)
{
	layout_blobs_cancel(of(store)->layout, upload);
}

static const struct store_kind kind = {.head = head,
				       .look = look,
				       .get = get,
				       .probe = probe,
				       .holds = holds,
				       .tags = tags,
				       .referrers = referrers,
				       .accepts = accepts,
				       .put = put,
				       .remove = remove_one,
				       .open = open_blob,
				       .spoiled = spoiled,
				       .has = has,
				       .offer = offer,
				       .send = send,
				       .resume = resume,
				       .cancel = cancel};

static bool open_store(void *ctx, const struct reference *name, const struct creation *target,
		       struct arena *arena, const struct store **out, struct error *err)
{
	struct layouts *layouts = ctx;
	struct layout *layout = layouts_at(layouts, name);
	struct layout_store *made = layout ? arena_new_of(arena, struct layout_store) : NULL;
	const void *party = layouts_party(layouts, name->host);
	if (!made || !party)
		return error_memory(err);
	*made = (struct layout_store){.store = {.kind = &kind,
						.party_name = name->host,
						.path = name->repository,
						.party = party,
						.space = target ? (void *)layouts : layout,
						.target = target != NULL},
				      .layouts = layouts,
				      .layout = layout,
				      .host = name->host,
				      .named = name->tag ? NULL : name->digest};
	*out = &made->store;
	return true;
}

struct stores layout_store_opener(struct layouts *layouts)
{
	return (struct stores){.open = open_store, .ctx = layouts};
}
