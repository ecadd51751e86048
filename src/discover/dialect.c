/*
 * An entry that is not understood may be a repository, so it is an error. Names that none can have
 * are those of something else, such as charts.
 */
#include "discover/dialect.h"

#include "base/log.h"
#include "oci/reference.h"
#include "registry/answer.h"
#include "registry/tags.h"

/* So many bad names are worth a warning each; so often a list is read that changes meanwhile. */
enum { WARNINGS_MAX = 10, READINGS_MAX = 3 };

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
			 *misnamed == WARNINGS_MAX ? ", and so are others like it" : "");
	return true;
}

bool dialect_text(const struct node *entry, const char *member, struct str *out, struct error *err)
{
	*out = node_string(node_get(entry, member));
	return out->len || error_set(err, ERROR_CORRUPT, "an entry of the list has no %s", member);
}

int64_t dialect_number(const struct node *entry, const char *member)
{
	const struct node *number = node_get(entry, member);
	int64_t value = 0;
	if (number && number->kind == NODE_NUMBER)
		str_to_int64(number->text, &value);
	return value;
}

/*
 * Pages are cut from a list that goes on living. An entry may move to a page that was read before,
 * as that of a tag that is pushed again, and others then move on to take its place.
 */
static bool has_changed(struct dialect_pages *pages, struct error *err)
{
	pages->changed = true;
	return error_set(err, ERROR_UNSUPPORTED, "the list changed while it was read");
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
	if (map_get(found, path))
		return true;
	pages->news++;
	return map_put(found, path, found) || error_memory(err);
}

bool dialect_add_tag(struct dialect_pages *pages, const struct known_tag *tag, struct error *err)
{
	if (!reference_tag_valid(tag->tag))
		return true;
	if (known_list_count(pages->tags) >= TAGS_MAX)
		return error_set(err, ERROR_CORRUPT, "more than %d tags", TAGS_MAX);
	if (!known_list_add(pages->tags, tag))
		return error_memory(err);
	size_t before = pages->news;
	pages->news = known_list_count(pages->tags);
	return pages->news > before || has_changed(pages, err);
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
	/* Tags can be listed in another way, so no time is lost where this one does not work. */
	bool ok = pages->tags ? request_send_once(&pages->repository, request, answer, err)
			      : request_send(&pages->repository, request, answer, err);
	if (!ok)
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
static bool read_total(struct dialect_pages *pages, const struct http_answer *answer,
		       const struct node *root, struct error *err)
{
	struct str text = http_header(answer, "X-Total-Count");
	if (!text.len)
		text = http_header(answer, "X-Total");
	int64_t total = 0;
	if (!str_to_int64(text, &total))
		total = dialect_number(root, "count");
	if (total <= 0)
		return true;
	if (pages->total && pages->total != (size_t)total)
		return has_changed(pages, err);
	pages->total = (size_t)total;
	return true;
}

/* One page; next->text is NULL after the last one. */
static bool read_page(struct pages_reading *reading, const struct request *request,
		      struct url *next, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	struct dialect_pages *pages = reading->pages;
	const struct node *root = NULL;
	size_t before = pages->news;
	if (!arena)
		return error_memory(err);
	if (!request_page(pages, request, &answer, arena, &root, err)) {
		pages->status = answer.status ? answer.status : err->http_status;
		return false;
	}
	pages->count++;
	if (!pages->take(pages, root, err))
		return false;
	if (pages->totals && !read_total(pages, &answer, root, err))
		return false;
	if (pages->most && pages->entries && pages->total / pages->entries >= pages->most &&
	    pages->count == 1 && pages->total > pages->entries)
		return error_set(err, ERROR_UNSUPPORTED, "its %zu entries take too many requests",
				 pages->total);
	if (!paging_read(&reading->paging, reading->arena, root))
		return error_memory(err);
	if (pages->next &&
	    !pages->next(pages, &answer, root, reading->arena, &reading->paging, err))
		return false;
	const struct paging_page page = {.repository = &pages->repository,
					 .request = request,
					 .answer = &answer,
					 .news = pages->news > before};
	return paging_next(&reading->paging, reading->arena, &page, next, err);
}

static bool read_all(struct dialect_pages *pages, struct error *err)
{
	scoped(reading_finish) struct pages_reading reading = {.pages = pages,
							       .arena = arena_new()};
	struct request request = pages->request;
	struct url url, next;
	if (!reading.arena)
		return error_memory(err);
	pages->refused = pages->changed = false;
	pages->news = pages->entries = pages->total = 0;
	pages->count = 0;
	if (!read_page(&reading, &request, &next, err)) {
		pages->refused = says_none(pages->status) || err->kind == ERROR_DENIED;
		return false;
	}
	size_t most = pages->most ? pages->most : DIALECT_PAGES_MAX;
	for (size_t page = 1; next.text; page++) {
		if (page >= most)
			return error_set(err, ERROR_CORRUPT, "more than %zu pages", most);
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

bool dialect_read(struct dialect_pages *pages, struct error *err)
{
	for (int reading = 1;; reading++) {
		if (read_all(pages, err))
			return true;
		/* Tags are listed in another way then. */
		if (!pages->changed || pages->tags || reading == READINGS_MAX)
			return false;
		log_debug("%s: %s; it is read again", pages->what, err->text);
	}
}

bool dialect_read_tags(struct dialect_pages *pages, const struct repository *repository,
		       struct known_trust trust, struct error *err)
{
	pages->tags = known_list_new();
	pages->request.spare = true;
	if (!pages->tags)
		return error_memory(err);
	bool ok = dialect_read(pages, err);
	if (ok && !known_list_says(pages->tags))
		ok = error_set(err,
			       known_list_count(pages->tags) ? ERROR_CORRUPT : ERROR_UNSUPPORTED,
			       "the list has no digests");
	if (ok)
		known_keep(repository, &pages->tags, trust);
	known_list_free(&pages->tags);
	return ok;
}
