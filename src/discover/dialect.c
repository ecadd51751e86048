/* A name that is no valid one is left out: no rule could be made of it. */
#include "discover/dialect.h"

#include "oci/reference.h"
#include "registry/answer.h"
#include "registry/paging.h"

bool dialect_add(struct map *found, struct str path, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference name;
	struct error ignored;
	const char *full = arena ? arena_printf(arena, "a.test/%.*s", STR_ARGS(path)) : NULL;
	if (!full)
		return error_memory(err);
	if (!reference_parse(arena, str_of(full), &name, &ignored) || name.tag || name.digest)
		return true;
	if (found->count >= DISCOVER_MAX)
		return error_set(err, ERROR_CORRUPT, "more than %d repositories", DISCOVER_MAX);
	return map_get(found, path) || map_put(found, path, found) || error_memory(err);
}

bool dialect_open(const struct discovery *discovery, const char *host, const char *path,
		  struct repository *out, struct error *err)
{
	const struct reference name = {.host = host, .repository = path};
	return registry_open(discovery->registry, &name, false, out, err);
}

bool dialect_page(const struct dialect_pages *pages, const struct request *request,
		  struct http_answer *answer, struct arena *arena, const struct node **root,
		  struct error *err)
{
	if (!request_send(&pages->repository, request, answer, err))
		return false;
	if (answer->status != 200)
		return answer_error(answer, err);
	return answer_json(arena, answer, pages->what, root, err);
}

/* Statuses by which a registry says that it has no such list, or none for us. */
static bool says_none(int status)
{
	return status == 401 || status == 403 || status == 404 || status == 405 || status == 501;
}

/* The pages under way. */
struct pages_reading {
	struct dialect_pages *pages;
	struct arena *arena; /* of paging */
	struct paging paging;
};

static void reading_finish(struct pages_reading *reading)
{
	paging_finish(&reading->paging);
	arena_free(&reading->arena);
}

/* One page; next->text is NULL after the last one. */
static bool read_page(struct pages_reading *reading, const struct request *request,
		      struct url *next, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	struct dialect_pages *pages = reading->pages;
	const struct node *root = NULL;
	size_t before = pages->found->count;
	if (!arena)
		return error_memory(err);
	if (!dialect_page(pages, request, &answer, arena, &root, err)) {
		pages->status = answer.status ? answer.status : err->http_status;
		return false;
	}
	if (!pages->take(root, pages->found, err))
		return false;
	if (!paging_read(&reading->paging, reading->arena, root))
		return error_memory(err);
	const struct paging_page page = {.repository = &pages->repository,
					 .request = request,
					 .answer = &answer,
					 .news = pages->found->count > before};
	return paging_next(&reading->paging, reading->arena, &page, next, err);
}

bool dialect_read(struct dialect_pages *pages, struct error *err)
{
	scoped(reading_finish) struct pages_reading reading = {.pages = pages,
							       .arena = arena_new()};
	struct request request = pages->request;
	struct url url, next;
	if (!reading.arena)
		return error_memory(err);
	pages->refused = false;
	if (!read_page(&reading, &request, &next, err)) {
		pages->refused = says_none(pages->status) || err->kind == ERROR_DENIED;
		return false;
	}
	for (int page = 1; next.text; page++) {
		if (page == DIALECT_PAGES_MAX)
			return error_set(err, ERROR_CORRUPT, "more than %d pages",
					 DIALECT_PAGES_MAX);
		url = next;
		request.path = NULL;
		request.url = &url;
		request.purpose = URL_API;
		if (!read_page(&reading, &request, &next, err))
			return false;
	}
	return true;
}
