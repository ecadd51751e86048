/*
 * An entry that is not understood may be a repository, so it is an error. Names that none can have
 * are those of something else, such as charts.
 */
#include "discover/dialect.h"

#include "base/log.h"
#include "oci/reference.h"
#include "registry/answer.h"

/* So many bad names are worth a warning each. */
enum { WARNINGS_MAX = 10 };

bool dialect_valid(const struct discovery *discovery, struct str path, size_t *misnamed,
		   bool *valid, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference name;
	struct error why = {0};
	const char *full = arena ? arena_printf(arena, "a.test/%.*s", STR_ARGS(path)) : NULL;
	*valid = full && reference_parse(arena, str_of(full), &name, &why) && !name.tag &&
		 !name.digest;
	if (!full || why.kind == ERROR_MEMORY)
		return error_memory(err);
	if (!*valid && ++*misnamed <= WARNINGS_MAX)
		log_warn("%s lists \"%.*s\", which cannot be the name of a repository: it is left "
			 "out%s",
			 discovery->host, STR_ARGS(str_head(path, 200)),
			 *misnamed == WARNINGS_MAX ? ", and so are more of the kind" : "");
	return true;
}

bool dialect_text(const struct node *entry, const char *member, struct str *out, struct error *err)
{
	*out = node_string(node_get(entry, member));
	return out->len || error_set(err, ERROR_CORRUPT, "an entry of the list has no %s", member);
}

bool dialect_add(struct dialect_pages *pages, struct str path, struct error *err)
{
	struct map *found = pages->found;
	bool valid;
	if (!dialect_valid(pages->discovery, path, &pages->misnamed, &valid, err))
		return false;
	if (!valid)
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

/* One request and its page as JSON, in arena. */
static bool request_page(const struct dialect_pages *pages, const struct request *request,
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

/* How many entries all pages have: Harbor and GitLab say it in a header, Docker Hub in its JSON. */
static void read_total(struct dialect_pages *pages, const struct http_answer *answer,
		       const struct node *root)
{
	struct str text = http_header(answer, "X-Total-Count");
	if (!text.len)
		text = http_header(answer, "X-Total");
	const struct node *count = node_get(root, "count");
	int64_t total = 0;
	if (!text.len && count && count->kind == NODE_NUMBER)
		text = count->text;
	if (str_to_int64(text, &total) && total > 0)
		pages->total = (size_t)total;
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
	if (!request_page(pages, request, &answer, arena, &root, err)) {
		pages->status = answer.status ? answer.status : err->http_status;
		return false;
	}
	pages->count++;
	if (!pages->take(pages, root, err))
		return false;
	if (pages->totals)
		read_total(pages, &answer, root);
	if (!paging_read(&reading->paging, reading->arena, root))
		return error_memory(err);
	if (pages->next &&
	    !pages->next(pages, &answer, root, reading->arena, &reading->paging, err))
		return false;
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
	pages->entries = pages->total = 0;
	pages->count = 0;
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
	return pages->entries >= pages->total ||
	       error_set(err, ERROR_CORRUPT, "the list ends after %zu of %zu entries",
			 pages->entries, pages->total);
}
