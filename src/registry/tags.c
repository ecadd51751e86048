/*
 * Not every registry accepts the page size that is asked for. One that refuses it is asked for
 * smaller pages, and in the end without a size.
 */
#include "registry/tags.h"

#include "base/map.h"
#include "base/retry.h"
#include "registry/answer.h"
#include "registry/facts.h"
#include "registry/host.h"
#include "registry/known.h"
#include "registry/manifests.h"
#include "registry/paging.h"

enum { PAGE_MAX = 16 * 1024 * 1024, PAGE_SMALL = 100 };

/* The contents of the pages read so far. */
struct tag_listing {
	const struct repository *repository;
	struct arena *arena; /* of its requests */
	struct paging paging;
	struct known_list *tags;
	bool more; /* the repository has more pages */
};

static void listing_finish(struct tag_listing *listing)
{
	known_list_free(&listing->tags);
	paging_finish(&listing->paging);
	arena_free(&listing->arena);
}

/* Notes the tags of one manifest in Google's list. A tag of two manifests has to be asked for. */
static bool note_manifest(struct map *noted, struct arena *arena, struct str digest,
			  const struct node *entry)
{
	int64_t pushed = 0;
	const struct node *names = node_get(entry, "tag");
	struct known_tag *each = arena_new_of(arena, struct known_tag);
	if (!each)
		return false;
	str_to_int64(node_string(node_get(entry, "timeUploadedMs")), &pushed);
	*each = (struct known_tag){.digest = digest, .pushed = pushed / 1000};
	for (size_t i = 0; names && names->kind == NODE_LIST && i < names->count; i++) {
		static struct known_tag vague;
		struct str tag = node_string(names->items[i]);
		if (!map_put(noted, tag, map_get(noted, tag) ? &vague : each))
			return false;
	}
	return true;
}

static bool note_manifests(struct map *noted, struct arena *arena, const struct node *root)
{
	const struct node *manifests = node_get(root, "manifest");
	bool ok = true;
	for (size_t i = 0; ok && manifests && manifests->kind == NODE_MAP && i < manifests->count;
	     i++)
		ok = note_manifest(noted, arena, manifests->keys[i]->text, manifests->items[i]);
	return ok;
}

bool tags_take(struct known_list *tags, const struct node *root, struct error *err)
{
	scoped(map_finish) struct map noted = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *list = node_get(root, "tags");
	if (!list || (list->kind != NODE_LIST && list->kind != NODE_NULL))
		return error_set(err, ERROR_CORRUPT, "the answer has no list of tags");
	if (!arena || !note_manifests(&noted, arena, root))
		return error_memory(err);
	for (size_t i = 0; i < list->count; i++) {
		struct str name = node_string(list->items[i]);
		const struct known_tag *said = map_get(&noted, name);
		struct known_tag tag = said ? *said : (struct known_tag){0};
		tag.tag = name;
		if (!reference_tag_valid(name))
			continue;
		if (known_list_count(tags) >= TAGS_MAX)
			return error_set(err, ERROR_CORRUPT, "more than %d tags", TAGS_MAX);
		if (!known_list_add(tags, &tag))
			return error_memory(err);
	}
	return true;
}

static bool take_page(struct tag_listing *listing, const struct http_answer *answer,
		      struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root = NULL;
	if (!arena)
		return error_memory(err);
	if (!answer_json(arena, answer, "a list of tags", &root, err))
		return false;
	return tags_take(listing->tags, root, err) &&
	       (paging_read(&listing->paging, listing->arena, root) || error_memory(err));
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
		size_t before = known_list_count(listing->tags);
		bool ok = page ? fetch_page(listing, &request, &answer, &ignored, err)
			       : fetch_first(listing, &request, &answer, err);
		const struct paging_page this = {.repository = listing->repository,
						 .request = &request,
						 .answer = &answer,
						 .news = known_list_count(listing->tags) > before};
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

static bool collect(struct tag_listing *listing, int pages, struct error *err)
{
	listing->arena = arena_new();
	listing->tags = known_list_new();
	if (!listing->arena || !listing->tags)
		return error_memory(err);
	return collect_pages(listing, pages, err);
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

/* Copies the tags to out, and keeps what the list says of them. */
static bool hand_over(struct tag_listing *listing, struct arena *arena, struct tag_list *out,
		      struct error *err)
{
	size_t count = known_list_count(listing->tags);
	const struct known_trust trust = {.complete = !listing->more};
	*out = (struct tag_list){known_list_tags(listing->tags, arena), count,
				 .complete = !listing->more};
	if (!out->items)
		return error_memory(err);
	if (known_list_says(listing->tags))
		known_keep(listing->repository, &listing->tags, trust);
	return true;
}

void tags_learn(const struct repository *repository)
{
	scoped(listing_finish) struct tag_listing listing = {.repository = repository};
	const struct known_trust trust = {.complete = true};
	struct error ignored;
	if (repository->access.host->profile->lists_digests && collect_all(&listing, &ignored))
		known_keep(repository, &listing.tags, trust);
}

void tags_ask(const struct repository *repository, const char *tag)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(known_list_free) struct known_list *list = known_list_new();
	struct manifest_status status = {0};
	struct error ignored;
	if (!tag || !arena || !list || facts_hold(&repository->access, FACT_KIND_ASKED, ""))
		return;
	bool asked = manifests_head(repository, arena, tag, &status, &ignored);
	facts_learn(&repository->access, FACT_KIND_ASKED, "");
	if (!asked || status.denied)
		return;
	const struct known_tag known = {
		.tag = str_of(tag), .digest = str_of(status.digest), .absent = !status.found};
	if (known_list_add(list, &known))
		known_keep(repository, &list, (struct known_trust){0});
}

bool tags_list(const struct repository *repository, struct arena *arena, struct tag_list *out,
	       struct error *err)
{
	scoped(listing_finish) struct tag_listing listing = {.repository = repository};
	*out = (struct tag_list){.complete = true};
	if (known_tags(repository, arena, &out->items, &out->count))
		return true;
	return collect_all(&listing, err) ? hand_over(&listing, arena, out, err)
					  : describe(repository, err);
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
	return hand_over(&listing, arena, out, err);
}
