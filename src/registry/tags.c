/*
 * Not every registry accepts the page size that is asked for. One that refuses it is asked for
 * smaller pages, and in the end without a size.
 */
#include "registry/tags.h"

#include "base/map.h"
#include "base/retry.h"
#include "oci/digest.h"
#include "registry/answer.h"
#include "registry/host.h"
#include "registry/known.h"
#include "registry/paging.h"

enum { PAGE_MAX = 16 * 1024 * 1024, PAGE_SMALL = 100 };

/* The contents of the pages read so far. */
struct tag_listing {
	const struct repository *repository;
	struct arena *arena; /* of its requests */
	struct paging paging;
	struct map seen; /* the tags */
	bool more;       /* the repository has more pages */
	struct known_list
		*digests; /* their digests; NULL: the registry does not list all of them */
};

static void listing_finish(struct tag_listing *listing)
{
	known_list_free(&listing->digests);
	map_finish(&listing->seen);
	paging_finish(&listing->paging);
	arena_free(&listing->arena);
}

/* Takes the tags of one manifest in Google's list: "sha256:...": {"tag": ["v1"], ...}. */
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

/* Takes the manifests that Google lists with their tags. A page without them makes all useless. */
static void take_digests(struct tag_listing *listing, const struct node *root)
{
	const struct node *manifests = node_get(root, "manifest");
	bool ok = listing->digests && manifests && manifests->kind == NODE_MAP;
	for (size_t i = 0; ok && i < manifests->count; i++)
		ok = take_manifest(listing->digests, manifests->keys[i]->text, manifests->items[i]);
	if (!ok)
		known_list_free(&listing->digests);
}

static bool take_page(struct tag_listing *listing, const struct http_answer *answer,
		      struct error *err)
{
	struct map *seen = &listing->seen;
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root = NULL;
	if (!arena)
		return error_memory(err);
	if (!answer_json(arena, answer, "a list of tags", &root, err))
		return false;
	const struct node *list = node_get(root, "tags");
	if (!list || (list->kind != NODE_LIST && list->kind != NODE_NULL))
		return error_set(err, ERROR_CORRUPT, "the answer has no list of tags");
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
	return paging_read(&listing->paging, listing->arena, root) || error_memory(err);
}

/* True when the answer seems to refuse the page size. */
static bool refuses_number(const struct http_answer *answer)
{
	int status = answer->status;
	return status == 400 || status == 416 || status == 422 ||
	       answer_has_code(answer, "PAGINATION_NUMBER_INVALID");
}

/* Fetches one page, again if it makes no sense. *refused: smaller pages are worth a try. */
static bool fetch_page(struct tag_listing *listing, const struct request *request,
		       struct http_answer *answer, bool *refused, struct error *err)
{
	const struct repository *repository = listing->repository;
	*refused = false;
	for (unsigned attempt = 0;; attempt++) {
		if (!request_send(repository, request, answer, err))
			return false;
		*refused = answer->status >= 400 && refuses_number(answer);
		if (answer->status != 200)
			return request_refused(repository, request, answer, err);
		if (take_page(listing, answer, err))
			return true;
		if (!retry_wait(&retry_default, attempt, err))
			return false;
	}
}

/* Fetches the first page, of a size that the registry accepts. */
static bool fetch_first(struct tag_listing *listing, struct request *request,
			struct http_answer *answer, struct error *err)
{
	struct host *host = listing->repository->access.host;
	const char *name = listing->repository->name;
	unsigned size = host_page(host);
	for (;; size = size > PAGE_SMALL ? PAGE_SMALL : 0) {
		bool refused = false;
		request->path =
			size ? arena_printf(listing->arena, "/v2/%s/tags/list?n=%u", name, size)
			     : arena_printf(listing->arena, "/v2/%s/tags/list", name);
		if (!request->path)
			return error_memory(err);
		if (fetch_page(listing, request, answer, &refused, err)) {
			host_learn_page(host, size);
			return true;
		}
		if (!refused || !size)
			return false;
	}
}

/* Reads at most pages pages. */
static bool collect_pages(struct tag_listing *listing, int pages, struct error *err)
{
	struct request request = {.method = "GET", .answer_max = PAGE_MAX, .listing = true};
	struct url url, next;
	bool ignored;
	for (int page = 0; page < pages; page++) {
		scoped(http_answer_finish) struct http_answer answer = {0};
		size_t before = listing->seen.count;
		bool ok = page ? fetch_page(listing, &request, &answer, &ignored, err)
			       : fetch_first(listing, &request, &answer, err);
		const struct paging_page this = {.repository = listing->repository,
						 .request = &request,
						 .answer = &answer,
						 .news = listing->seen.count > before};
		if (!ok || !paging_next(&listing->paging, listing->arena, &this, &next, err))
			return false;
		if (!next.text)
			return true;
		url = next;
		request.path = NULL;
		request.url = &url;
		request.purpose = URL_API;
	}
	listing->more = true;
	return true;
}

/* A tag without a digest must not be taken for one that is not there. */
static bool has_all_digests(const struct tag_listing *listing)
{
	const struct map *seen = &listing->seen;
	bool all = listing->digests != NULL;
	for (size_t i = 0; all && i < seen->count; i++)
		all = known_list_has(listing->digests,
				     (struct str){seen->entries[i].key, seen->entries[i].len});
	return all;
}

/* The same, and keeps the digests of a complete list that has them. */
static bool collect(struct tag_listing *listing, int pages, struct error *err)
{
	listing->arena = arena_new();
	listing->digests = known_list_new();
	if (!listing->arena)
		return error_memory(err);
	if (!collect_pages(listing, pages, err))
		return false;
	if (!listing->more && has_all_digests(listing))
		known_keep(listing->repository, &listing->digests);
	return true;
}

static bool collect_all(struct tag_listing *listing, struct error *err)
{
	if (!collect(listing, TAGS_PAGES_MAX, err))
		return false;
	return !listing->more ||
	       error_set(err, ERROR_CORRUPT, "more than %d pages of tags", TAGS_PAGES_MAX);
}

static bool describe(const struct repository *repository, struct error *err)
{
	return error_wrap(err, "tags of %s/%s", registry_host_name(repository), repository->name);
}

static bool copy_list(struct arena *arena, const struct tag_listing *listing, struct tag_list *out,
		      struct error *err)
{
	const struct map *seen = &listing->seen;
	const char **list = arena_array(arena, seen->count + 1, sizeof(*list));
	for (size_t i = 0; list && i < seen->count; i++) {
		list[i] = arena_copy(arena, seen->entries[i].key, seen->entries[i].len);
		if (!list[i])
			return error_memory(err);
	}
	*out = (struct tag_list){list, seen->count, .complete = !listing->more};
	return list || error_memory(err);
}

void tags_learn(const struct repository *repository)
{
	scoped(listing_finish) struct tag_listing listing = {.repository = repository};
	struct error ignored;
	if (repository->access.host->profile->lists_digests)
		collect_all(&listing, &ignored);
}

bool tags_list(const struct repository *repository, struct arena *arena, struct tag_list *out,
	       struct error *err)
{
	scoped(listing_finish) struct tag_listing listing = {.repository = repository};
	if (!collect_all(&listing, err))
		return describe(repository, err);
	return copy_list(arena, &listing, out, err);
}

bool tags_glance(const struct repository *repository, struct arena *arena, int pages,
		 struct tag_list *out, struct error *err)
{
	scoped(listing_finish) struct tag_listing listing = {.repository = repository};
	if (!collect(&listing, pages, err)) {
		/* Some logins may read but not list, and some registries do not list properly. */
		if (err->kind != ERROR_DENIED && err->kind != ERROR_MISSING &&
		    err->kind != ERROR_REJECTED && err->kind != ERROR_FULL &&
		    err->kind != ERROR_CORRUPT)
			return describe(repository, err);
		listing.more = true;
	}
	return copy_list(arena, &listing, out, err);
}
