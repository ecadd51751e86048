/*
 * The catalog of a whole registry, `_catalog`. It is not part of the OCI specification, but of
 * distribution's API, and many registries have it, most of them only for logins that may see all.
 */
#include "discover/dialect.h"
#include "registry/answer.h"
#include "registry/paging.h"

enum { PAGES_MAX = 100000, PAGE_FIRST = 1000, PAGE_SMALL = 100 };

struct catalog_reading {
	struct repository repository;
	struct map *found;
	struct arena *arena; /* of paging */
	struct paging paging;
	bool supported;
};

static void reading_finish(struct catalog_reading *reading)
{
	paging_finish(&reading->paging);
	arena_free(&reading->arena);
}

static bool take_page(struct catalog_reading *reading, const struct http_answer *answer,
		      struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root = NULL;
	if (!arena)
		return error_memory(err);
	if (!answer_json(arena, answer, "a catalog", &root, err))
		return false;
	const struct node *list = node_get(root, "repositories");
	if (!list || (list->kind != NODE_LIST && list->kind != NODE_NULL))
		return error_set(err, ERROR_CORRUPT, "the answer holds no list of repositories");
	for (size_t i = 0; i < list->count; i++)
		if (!dialect_add(reading->found, node_string(list->items[i]), err))
			return false;
	return paging_read(&reading->paging, reading->arena, root) || error_memory(err);
}

/* Statuses by which a registry says that it has no catalog, or none for us. */
static bool says_none(int status)
{
	return status == 401 || status == 403 || status == 404 || status == 405 || status == 501;
}

/* One page; next->text is NULL after the last one. */
static bool read_page(struct catalog_reading *reading, const struct request *request, bool first,
		      struct url *next, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	size_t before = reading->found->count;
	*next = (struct url){0};
	if (!request_send(&reading->repository, request, &answer, err)) {
		reading->supported = !first || err->kind != ERROR_DENIED;
		return false;
	}
	if (answer.status != 200) {
		reading->supported = !first || !says_none(answer.status);
		return answer_error(&answer, err);
	}
	if (!take_page(reading, &answer, err))
		return false;
	const struct paging_page page = {.repository = &reading->repository,
					 .request = request,
					 .answer = &answer,
					 .news = reading->found->count > before};
	return paging_next(&reading->paging, reading->arena, &page, next, err);
}

/* A registry that refuses the size of a page is asked for smaller ones, and then for any. */
static bool read_first(struct catalog_reading *reading, struct request *request, struct url *next,
		       struct error *err)
{
	static const unsigned sizes[] = {PAGE_FIRST, PAGE_SMALL, 0};
	for (size_t i = 0; i < array_count(sizes); i++) {
		request->path =
			sizes[i] ? arena_printf(reading->arena, "/v2/_catalog?n=%u", sizes[i])
				 : "/v2/_catalog";
		if (!request->path)
			return error_memory(err);
		if (read_page(reading, request, true, next, err))
			return true;
		if (err->http_status != 400 && err->http_status != 422)
			return false;
	}
	return false;
}

static bool read_pages(struct catalog_reading *reading, struct error *err)
{
	struct request request = {
		.method = "GET", .scope = "registry:catalog:*", .answer_max = DIALECT_PAGE_MAX};
	struct url url, next;
	if (!read_first(reading, &request, &next, err))
		return false;
	for (int page = 1; next.text; page++) {
		if (page == PAGES_MAX)
			return error_set(err, ERROR_CORRUPT, "more than %d pages", PAGES_MAX);
		url = next;
		request.path = NULL;
		request.url = &url;
		request.purpose = URL_API;
		if (!read_page(reading, &request, false, &next, err))
			return false;
	}
	return true;
}

bool catalog_list(const struct discovery *discovery, struct map *found, bool *supported,
		  struct error *why)
{
	scoped(reading_finish) struct catalog_reading reading = {
		.found = found, .arena = arena_new(), .supported = true};
	*supported = true;
	if (!reading.arena)
		return error_memory(why);
	if (!dialect_open(discovery, discovery->path, &reading.repository, why))
		return false;
	bool ok = read_pages(&reading, why);
	*supported = reading.supported;
	return ok || error_wrap(why, "the catalog of %s", discovery->host);
}
