/*
 * A page must bring something new or be the last one: an endless chain of links, by mistake or
 * malice, ends the listing with an error instead of never.
 */
#include "registry/tags.h"

#include "base/map.h"
#include "base/retry.h"
#include "doc/json.h"
#include "oci/digest.h"
#include "registry/host.h"
#include "registry/known.h"
#include "registry/location.h"
#include "registry/mirror.h"
#include "registry/request.h"

enum { PAGE_MAX = 16 * 1024 * 1024, PAGE_TAGS = 1000 };

/* What the pages of a list bring. */
struct listing {
	struct map *seen;           /* tags */
	struct known_list *digests; /* NULL: the registry does not list them, or not all */
};

static void listing_finish(struct listing *listing)
{
	known_list_free(&listing->digests);
}

/* The tags of one manifest in Google's list: "sha256:...": {"tag": ["v1"], ...}. */
static bool take_manifest(struct known_list *digests, struct str digest, const struct node *entry)
{
	const struct node *tags = node_get(entry, "tag");
	if (!tags || tags->kind != NODE_LIST || !digest_valid(digest))
		return true;
	for (size_t i = 0; i < tags->count; i++)
		if (!known_list_add(digests, node_string(tags->items[i]), digest))
			return false;
	return true;
}

/* Google lists manifests with their tags; one page without them, and nothing is known. */
static void take_digests(struct listing *listing, const struct node *root)
{
	const struct node *manifests = node_get(root, "manifest");
	bool ok = listing->digests && manifests && manifests->kind == NODE_MAP;
	for (size_t i = 0; ok && i < manifests->count; i++)
		ok = take_manifest(listing->digests, manifests->keys[i]->text, manifests->items[i]);
	if (!ok)
		known_list_free(&listing->digests);
}

static bool take_page(struct listing *listing, const struct http_answer *answer, struct error *err)
{
	struct map *seen = listing->seen;
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root = NULL;
	if (!arena)
		return error_memory(err);
	if (!json_read_foreign(arena, buf_str(&answer->body), &root, err)) {
		err->kind = err->kind == ERROR_MEMORY ? ERROR_MEMORY : ERROR_CORRUPT;
		return false;
	}
	const struct node *list = node_get(root, "tags");
	if (!list || (list->kind != NODE_LIST && list->kind != NODE_NULL))
		return error_set(err, ERROR_CORRUPT, "the answer holds no list of tags");
	for (size_t i = 0; i < list->count; i++) {
		struct str tag = node_string(list->items[i]);
		if (!reference_tag_valid(tag))
			continue;
		if (seen->count >= TAGS_MAX)
			return error_set(err, ERROR_CORRUPT, "more than %d tags", TAGS_MAX);
		if (!map_get(seen, tag) && !map_put(seen, tag, seen))
			return error_memory(err);
	}
	take_digests(listing, root);
	return true;
}

/* One page. What makes no sense is asked for once more. */
static bool fetch_page(const struct repository *repository, const struct request *request,
		       struct http_answer *answer, struct listing *listing, struct error *err)
{
	for (unsigned attempt = 0;; attempt++) {
		if (!request_send(repository, request, answer, err))
			return false;
		if (answer->status != 200)
			return request_refused(repository, request, answer, err);
		if (take_page(listing, answer, err))
			return true;
		if (!retry_wait(&retry_default, attempt, err))
			return false;
	}
}

/* Reads at most pages pages. *more: there would have been another one. */
static bool collect_pages(const struct repository *repository, struct arena *arena, int pages,
			  struct listing *listing, bool *more, struct error *err)
{
	const char *path =
		arena_printf(arena, "/v2/%s/tags/list?n=%d", repository->name, PAGE_TAGS);
	struct request request = {
		.method = "GET", .path = path, .answer_max = PAGE_MAX, .listing = true};
	struct url url, next;
	*more = false;
	if (!path)
		return error_memory(err);
	for (int page = 0; page < pages; page++) {
		scoped(http_answer_finish) struct http_answer answer = {0};
		size_t before = listing->seen->count;
		if (!fetch_page(repository, &request, &answer, listing, err) ||
		    !location_next(repository, arena, &request, &answer, &next, err))
			return false;
		if (!next.text)
			return true;
		if (listing->seen->count == before)
			return error_set(err, ERROR_CORRUPT,
					 "a page of the tag list brings nothing new");
		url = next;
		request = (struct request){.method = "GET",
					   .url = &url,
					   .purpose = URL_API,
					   .answer_max = PAGE_MAX,
					   .listing = true};
	}
	*more = true;
	return true;
}

/* A list that is complete may tell the digests, too. */
static bool collect(const struct repository *repository, struct arena *arena, int pages,
		    struct map *seen, bool *more, struct error *err)
{
	scoped(listing_finish) struct listing listing = {.seen = seen, .digests = known_list_new()};
	if (!collect_pages(repository, arena, pages, &listing, more, err))
		return false;
	if (listing.digests && !*more)
		known_keep(repository, &listing.digests);
	return true;
}

static bool collect_all(const struct repository *repository, struct arena *arena, struct map *seen,
			struct error *err)
{
	bool more = false;
	if (!collect(repository, arena, TAGS_PAGES_MAX, seen, &more, err))
		return false;
	return !more || error_set(err, ERROR_CORRUPT, "more than %d pages of tags", TAGS_PAGES_MAX);
}

/* The first mirror that lists the repository counts as a whole, else the registry itself. */
static bool collect_anywhere(const struct repository *repository, struct arena *arena,
			     struct map *seen, struct error *err)
{
	struct repository mirror;
	for (size_t i = 0; mirror_at(repository, i, &mirror); i++) {
		struct error failure = {.kind = ERROR_MISSING};
		if (collect_all(&mirror, arena, seen, &failure) && seen->count)
			return true;
		map_finish(seen);
		*seen = (struct map){0};
		mirror_passed(&mirror, failure.kind == ERROR_MISSING ? NULL : &failure);
	}
	return collect_all(repository, arena, seen, err);
}

static bool describe(const struct repository *repository, struct error *err)
{
	return error_wrap(err, "tags of %s/%s", registry_host_name(repository), repository->name);
}

static bool copy_list(struct arena *arena, const struct map *seen, const char *const **tags,
		      size_t *count, struct error *err)
{
	const char **list = arena_array(arena, seen->count + 1, sizeof(*list));
	for (size_t i = 0; list && i < seen->count; i++) {
		list[i] = arena_copy(arena, seen->entries[i].key, seen->entries[i].len);
		if (!list[i])
			return error_memory(err);
	}
	*tags = list;
	*count = seen->count;
	return list || error_memory(err);
}

void tags_learn(const struct repository *repository)
{
	scoped(map_finish) struct map seen = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	struct error ignored;
	if (arena && repository->host->profile->lists_digests)
		collect_all(repository, arena, &seen, &ignored);
}

bool tags_list(const struct repository *repository, struct arena *arena, const char *const **tags,
	       size_t *count, struct error *err)
{
	scoped(map_finish) struct map seen = {0};
	scoped(arena_free) struct arena *scratch = arena_new();
	if (!scratch)
		return error_memory(err);
	if (!collect_anywhere(repository, scratch, &seen, err))
		return describe(repository, err);
	return copy_list(arena, &seen, tags, count, err);
}

bool tags_glance(const struct repository *repository, struct arena *arena, int pages,
		 const char *const **tags, size_t *count, bool *complete, struct error *err)
{
	scoped(map_finish) struct map seen = {0};
	scoped(arena_free) struct arena *scratch = arena_new();
	bool more = false;
	*complete = true;
	if (!scratch)
		return error_memory(err);
	if (!collect(repository, scratch, pages, &seen, &more, err)) {
		/* Not everybody may list what he may read, and not everybody lists well. */
		if (err->kind != ERROR_DENIED && err->kind != ERROR_MISSING &&
		    err->kind != ERROR_REJECTED && err->kind != ERROR_FULL &&
		    err->kind != ERROR_CORRUPT)
			return describe(repository, err);
		more = true;
	}
	*complete = !more;
	return copy_list(arena, &seen, tags, count, err);
}
