/*
 * There is one loop over the mirrors (ask_mirrors()); each kind of question is a function that it
 * calls. A mirror that fails is worth one warning in a run, not one for each image.
 */
#include "store/mirrored.h"

#include "base/cancel.h"
#include "base/log.h"

#include <pthread.h>

struct mirrored_memory {
	struct arena *arena;
	pthread_mutex_t lock;  /* guards the members below */
	struct map spoiled;    /* digests of blobs that came damaged from a mirror */
	struct map complained; /* parties whose failure as a mirror was reported */
};

struct mirrored {
	struct store store;
	const struct store *own;
	const struct store *const *mirrors;
	size_t count;
	struct mirrored_memory *memory;
};

struct mirrored_memory *mirrored_memory_new(void)
{
	struct arena *arena = arena_new();
	struct mirrored_memory *memory = arena ? arena_new_of(arena, struct mirrored_memory) : NULL;
	if (!memory) {
		arena_free(&arena);
		return NULL;
	}
	memory->arena = arena;
	pthread_mutex_init(&memory->lock, NULL);
	return memory;
}

void mirrored_memory_free(struct mirrored_memory **memory)
{
	if (!*memory)
		return;
	struct arena *arena = (*memory)->arena;
	map_finish(&(*memory)->spoiled);
	map_finish(&(*memory)->complained);
	pthread_mutex_destroy(&(*memory)->lock);
	*memory = NULL;
	arena_free(&arena);
}

static const struct mirrored *of(const struct store *store)
{
	return (const struct mirrored *)store;
}

/* True for the first failure of a party; without memory for each one. */
static bool complain(struct mirrored_memory *memory, const struct store *mirror)
{
	const struct str key = {(const char *)&mirror->party, sizeof(mirror->party)};
	pthread_mutex_lock(&memory->lock);
	bool first = !map_get(&memory->complained, key);
	if (first)
		(void)map_put(&memory->complained, key, memory);
	pthread_mutex_unlock(&memory->lock);
	return first;
}

/* Reports why the next one is asked. */
static void pass_over(const struct mirrored *mirrored, const struct store *mirror,
		      const struct error *reason)
{
	if (reason->kind == ERROR_MISSING)
		log_debug("mirror %s has no such thing in %s", mirror->party_name, mirror->path);
	else if (complain(mirrored->memory, mirror))
		log_warn("mirror passed over: %s", reason->text);
	else
		log_debug("mirror passed over: %s", reason->text);
}

/*
 * Calls ask for each mirror until one has what is wanted. False: none has. ask fails with
 * ERROR_MISSING when that is all there is to say.
 */
static bool ask_mirrors(const struct store *store, void *ctx,
			bool (*ask)(const struct store *mirror, void *ctx, struct error *err))
{
	const struct mirrored *mirrored = of(store);
	for (size_t i = 0; i < mirrored->count && !cancel_requested(); i++) {
		struct error failure = {0};
		if (ask(mirrored->mirrors[i], ctx, &failure))
			return true;
		pass_over(mirrored, mirrored->mirrors[i], &failure);
	}
	return false;
}

/* --- questions that a mirror may answer ------------------------------------------------------ */

struct question {
	struct arena *arena;
	const char *reference;
	struct manifest_status *status;
	struct manifest_bytes *bytes;
	struct tag_list *tags;
	struct blob_part *part;
	struct reader **reader;
};

static bool ask_head(const struct store *mirror, void *ctx, struct error *err)
{
	const struct question *question = ctx;
	if (!store_head(mirror, question->arena, question->reference, question->status, err))
		return false;
	return question->status->found || error_set(err, ERROR_MISSING, "not found");
}

static bool head(const struct store *store, struct arena *arena, const char *reference,
		 struct manifest_status *out, struct error *err)
{
	struct question question = {.arena = arena, .reference = reference, .status = out};
	return ask_mirrors(store, &question, ask_head) ||
	       store_head(of(store)->own, arena, reference, out, err);
}

static bool ask_get(const struct store *mirror, void *ctx, struct error *err)
{
	const struct question *question = ctx;
	return store_get(mirror, question->arena, question->reference, question->bytes, err);
}

static bool get(const struct store *store, struct arena *arena, const char *reference,
		struct manifest_bytes *out, struct error *err)
{
	struct question question = {.arena = arena, .reference = reference, .bytes = out};
	return ask_mirrors(store, &question, ask_get) ||
	       store_get(of(store)->own, arena, reference, out, err);
}

static bool ask_tags(const struct store *mirror, void *ctx, struct error *err)
{
	const struct question *question = ctx;
	if (!store_tags(mirror, question->arena, 0, question->tags, err))
		return false;
	return question->tags->count || error_set(err, ERROR_MISSING, "it lists no tags");
}

/* The first mirror that lists any tags counts as a whole. */
static bool tags(const struct store *store, struct arena *arena, int pages, struct tag_list *out,
		 struct error *err)
{
	struct question question = {.arena = arena, .tags = out};
	return (!pages && ask_mirrors(store, &question, ask_tags)) ||
	       store_tags(of(store)->own, arena, pages, out, err);
}

static bool ask_open(const struct store *mirror, void *ctx, struct error *err)
{
	const struct question *question = ctx;
	int64_t from = question->part->from;
	if (store_open(mirror, question->reference, question->part, question->reader, err))
		return true;
	question->part->from = from;
	return false;
}

/* True after a mirror's copy of the blob was damaged. */
static bool is_spoiled(struct mirrored_memory *memory, const char *digest)
{
	pthread_mutex_lock(&memory->lock);
	bool spoiled = map_get(&memory->spoiled, str_of(digest)) != NULL;
	pthread_mutex_unlock(&memory->lock);
	return spoiled;
}

static bool open_blob(const struct store *store, const char *digest, struct blob_part *part,
		      struct reader **out, struct error *err)
{
	struct question question = {.reference = digest, .part = part, .reader = out};
	return (!is_spoiled(of(store)->memory, digest) &&
		ask_mirrors(store, &question, ask_open)) ||
	       store_open(of(store)->own, digest, part, out, err);
}

/* Whose bytes they were is not known, so err stays. */
static void spoiled(const struct store *store, const char *digest, struct error *err)
{
	(void)err;
	struct mirrored_memory *memory = of(store)->memory;
	pthread_mutex_lock(&memory->lock);
	/* Without memory the mirror is believed once more, and its bytes are checked once more. */
	(void)map_put(&memory->spoiled, str_of(digest), memory);
	pthread_mutex_unlock(&memory->lock);
}

/* Any of them may come to answer. */
static bool parallel(const struct store *store)
{
	const struct mirrored *mirrored = of(store);
	bool all = store_parallel(mirrored->own);
	for (size_t i = 0; all && i < mirrored->count; i++)
		all = store_parallel(mirrored->mirrors[i]);
	return all;
}

/* --- questions for the source itself --------------------------------------------------------- */

static bool recall(const struct store *store, struct arena *arena, const char *tag,
		   struct manifest_status *out)
{
	const struct store *own = of(store)->own;
	return own->kind->recall && own->kind->recall(own, arena, tag, out);
}

static bool look(const struct store *store, struct arena *arena, const char *reference, bool *found,
		 struct manifest_bytes *out, struct error *err)
{
	return store_look(of(store)->own, arena, reference, found, out, err);
}

static bool probe(const struct store *store, const char *digest, bool *found, struct error *err)
{
	return store_probe(of(store)->own, digest, found, err);
}

static bool referrers(const struct store *store, struct arena *arena, const char *digest,
		      struct map *into, bool *supported, struct error *err)
{
	return store_referrers(of(store)->own, arena, digest, into, supported, err);
}

static bool open_url(const struct store *store, const char *url, struct blob_part *part,
		     struct reader **out, struct error *err)
{
	return store_open_url(of(store)->own, url, part, out, err);
}

static int64_t pushed(const struct store *store, const char *tag, const char *digest)
{
	return store_pushed(of(store)->own, tag, digest);
}

static const struct store_kind kind = {.recall = recall,
				       .pushed = pushed,
				       .head = head,
				       .look = look,
				       .get = get,
				       .probe = probe,
				       .tags = tags,
				       .referrers = referrers,
				       .open = open_blob,
				       .open_url = open_url,
				       .parallel = parallel,
				       .spoiled = spoiled};

const struct store *mirrored_store(struct arena *arena, const struct store *own,
				   const struct store *const *mirrors, size_t count,
				   struct mirrored_memory *memory)
{
	struct mirrored *mirrored = arena_new_of(arena, struct mirrored);
	if (!mirrored)
		return NULL;
	*mirrored = (struct mirrored){
		.store = *own, .own = own, .mirrors = mirrors, .count = count, .memory = memory};
	mirrored->store.kind = &kind;
	return &mirrored->store;
}
