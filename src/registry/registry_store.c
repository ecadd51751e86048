/*
 * A mirror is a registry of its own: it gets the login that is configured under its own name, or
 * none. Mirrors in its own entry are ignored. A folder of layouts is one as well.
 */
#include "registry/registry_store.h"

#include "oci/layout_name.h"
#include "registry/blobs.h"
#include "registry/elsewhere.h"
#include "registry/host.h"
#include "registry/known.h"
#include "registry/manifests.h"
#include "registry/push.h"
#include "registry/referrals.h"
#include "registry/registry_private.h"
#include "registry/remove.h"
#include "registry/tags.h"
#include "registry/upload.h"
#include "store/mirrored.h"

struct registry_store {
	struct store store;
	struct repository repository;
};

static const struct repository *of(const struct store *store)
{
	return &((const struct registry_store *)store)->repository;
}

/* --- manifests ------------------------------------------------------------------------------ */

static bool recall(const struct store *store, struct arena *arena, const char *tag,
		   struct manifest_status *out)
{
	enum known_answer answer = known_take(of(store), arena, tag, &out->digest, &out->dated);
	out->found = answer == KNOWN_DIGEST;
	return answer != KNOWN_NOTHING;
}

static int64_t pushed(const struct store *store, const char *tag, const char *digest)
{
	return known_pushed_as(of(store), tag, digest);
}

static bool head(const struct store *store, struct arena *arena, const char *reference,
		 struct manifest_status *out, struct error *err)
{
	return manifests_head(of(store), arena, reference, out, err);
}

static bool look(const struct store *store, struct arena *arena, const char *reference, bool *found,
		 struct manifest_bytes *out, struct error *err)
{
	return manifests_look(of(store), arena, reference, found, out, err);
}

static bool get(const struct store *store, struct arena *arena, const char *reference,
		struct manifest_bytes *out, struct error *err)
{
	return manifests_get(of(store), arena, reference, out, err);
}

static bool probe(const struct store *store, const char *digest, bool *found, struct error *err)
{
	return manifests_probe(of(store), digest, found, err);
}

static bool holds(const struct store *store, struct arena *arena, const char *reference,
		  const char *digest, bool *same, struct error *err)
{
	return manifests_holds(of(store), arena, reference, digest, same, err);
}

static bool tags(const struct store *store, struct arena *arena, int pages, struct tag_list *out,
		 struct error *err)
{
	return pages ? tags_glance(of(store), arena, pages, out, err)
		     : tags_list(of(store), arena, out, err);
}

static bool referrers(const struct store *store, struct arena *arena, const char *digest,
		      struct map *into, bool *supported, struct error *err)
{
	return referrals_ask(of(store), arena, digest, into, supported, err);
}

static bool accepts(const struct store *store, const char *media_type, struct error *err)
{
	return push_accepts(of(store), media_type, err);
}

static bool put(const struct store *store, const struct push *push, struct push_answer *answer,
		struct error *err)
{
	return push_manifest(of(store), push, answer, err);
}

static enum store_tagging tagging(const struct store *store)
{
	return push_tagging(of(store));
}

static bool put_tags(const struct store *store, const struct push *push, const char *const *tags,
		     size_t count, bool *set, struct error *err)
{
	return push_tags(of(store), push, tags, count, set, err);
}

static bool remove_one(const struct store *store, const char *reference, enum store_removal *out,
		       struct error *err)
{
	return remove_manifest(of(store), reference, out, err);
}

/* --- blobs ---------------------------------------------------------------------------------- */

static bool open_blob(const struct store *store, const char *digest, struct blob_part *part,
		      struct reader **out, struct error *err)
{
	struct stream *stream = NULL;
	bool ok = blobs_open(of(store), digest, part, &stream, err);
	*out = stream ? stream_reader(stream) : NULL;
	return ok;
}

static bool open_url(const struct store *store, const char *url, struct blob_part *part,
		     struct reader **out, struct error *err)
{
	struct stream *stream = NULL;
	bool ok = elsewhere_open(of(store), url, part, &stream, err);
	*out = stream ? stream_reader(stream) : NULL;
	return ok;
}

static bool parallel(const struct store *store)
{
	return !host_counts(of(store)->access.host);
}

static bool has(const struct store *store, const char *digest, int64_t size, bool *found,
		struct error *err)
{
	return blobs_exists(of(store), digest, size, found, err);
}

/* Updates the public part of an upload from the registry's record of it. */
static void show(struct blob_upload *out)
{
	const struct upload *upload = out->inside;
	out->present = upload->present;
	out->open = upload->open;
	out->offset = upload->offset;
}

static bool offer(const struct store *store, struct arena *arena, const struct blob_offer *blob,
		  struct blob_upload *out, struct error *err)
{
	struct upload *upload = out->inside = arena_new_of(arena, struct upload);
	if (!upload)
		return error_memory(err);
	if (!blobs_offer(of(store), arena, blob, upload, err))
		return false;
	show(out);
	return true;
}

static bool send(const struct store *store, struct blob_upload *upload, struct reader *body,
		 struct error *err)
{
	bool ok = upload_send(of(store), upload->inside, body, err);
	show(upload);
	return ok;
}

static bool resume(const struct store *store, struct blob_upload *upload, struct error *err)
{
	bool ok = blobs_resume(of(store), upload->inside, err);
	show(upload);
	return ok;
}

static void cancel(const struct store *store, struct blob_upload *upload)
{
	blobs_cancel(of(store), upload->inside);
	upload->open = false;
}

static const struct store_kind kind = {.recall = recall,
				       .pushed = pushed,
				       .head = head,
				       .look = look,
				       .get = get,
				       .probe = probe,
				       .holds = holds,
				       .tags = tags,
				       .referrers = referrers,
				       .accepts = accepts,
				       .put = put,
				       .tagging = tagging,
				       .put_tags = put_tags,
				       .remove = remove_one,
				       .open = open_blob,
				       .open_url = open_url,
				       .parallel = parallel,
				       .has = has,
				       .offer = offer,
				       .send = send,
				       .resume = resume,
				       .cancel = cancel};

/* --- opening -------------------------------------------------------------------------------- */

static const struct store *make(struct arena *arena, const struct repository *repository)
{
	struct registry_store *made = arena_new_of(arena, struct registry_store);
	const struct access *access = &repository->access;
	if (!made)
		return NULL;
	/* An entry of the auth file is for one registry: its stores share blobs. */
	*made = (struct registry_store){
		.store = {.kind = &kind,
			  .party_name = access->host->name,
			  .path = repository->name,
			  .party = access->host,
			  .space = access->credential ? (const void *)access->credential
						      : access->host,
			  .target = access->target},
		.repository = *repository};
	return &made->store;
}

/* Opens one of the mirrors: a registry, or a folder with a layout of that name. */
static bool open_mirror(const struct repository *own, const char *mirror, struct arena *arena,
			const struct store **out, struct error *err)
{
	struct registry *registry = own->access.registry;
	const struct stores *folders = &registry->options.folders;
	struct repository repository;
	struct reference name = {.host = mirror, .repository = own->name};
	if (layout_name_scheme(str_of(mirror))) {
		const char *text = arena_printf(arena, "%s/%s", mirror, own->name);
		if (!text)
			return error_memory(err);
		return reference_parse(arena, str_of(text), &name, err) &&
		       store_at(folders, &name, NULL, arena, out, err);
	}
	if (!registry_open(registry, &name, false, &repository, err))
		return false;
	repository.mirror = true;
	*out = make(arena, &repository);
	return *out || error_memory(err);
}

/* Replaces *store, the source own, by one that asks the mirrors first. */
static bool put_mirrors_first(const struct repository *own, struct arena *arena,
			      const struct store **store, struct error *err)
{
	struct registry *registry = own->access.registry;
	const struct credential *credential = own->access.credential;
	const struct store **mirrors =
		arena_array(arena, credential->mirror_count, sizeof(*mirrors));
	for (size_t i = 0; mirrors && i < credential->mirror_count; i++)
		if (!open_mirror(own, credential->mirrors[i], arena, &mirrors[i], err))
			return false;
	if (mirrors)
		*store = mirrored_store(arena, *store, mirrors, credential->mirror_count,
					registry->mirrors);
	return (mirrors && *store) || error_memory(err);
}

static bool open_store(void *ctx, const struct reference *name, const struct creation *target,
		       struct arena *arena, const struct store **out, struct error *err)
{
	struct repository repository;
	if (!registry_open(ctx, name, target != NULL, &repository, err))
		return false;
	repository.creation = target;
	const struct credential *credential = repository.access.credential;
	*out = make(arena, &repository);
	if (!*out)
		return error_memory(err);
	return target || !credential || !credential->mirror_count ||
	       put_mirrors_first(&repository, arena, out, err);
}

struct stores registry_store_opener(struct registry *registry)
{
	return (struct stores){.open = open_store, .ctx = registry};
}
