/*
 * Quay lists the public repositories of a namespace by an API of its own, in pages that a token
 * names. Its robot accounts, which are the logins for images, are none for the API.
 */
#include "discover/dialect.h"

#include "base/log.h"
#include "base/percent.h"

#include <string.h>

static bool take_one(const struct node *each, struct map *found, struct error *err)
{
	scoped(buf_finish) struct buf path = {0};
	struct str space = node_string(node_get(each, "namespace"));
	struct str name = node_string(node_get(each, "name"));
	struct str state = node_string(node_get(each, "state"));
	struct str kind = node_string(node_get(each, "kind"));
	if (!space.len || !name.len || str_is(state, "MARKED_FOR_DELETION") ||
	    str_is(kind, "application"))
		return true;
	buf_printf(&path, "%.*s/%.*s", STR_ARGS(space), STR_ARGS(name));
	return buf_ok(&path) ? dialect_add(found, buf_str(&path), err) : error_memory(err);
}

static bool take(const struct node *root, struct map *found, struct error *err)
{
	const struct node *list = node_get(root, "repositories");
	if (!list || list->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer holds no list of repositories");
	for (size_t i = 0; i < list->count; i++)
		if (!take_one(list->items[i], found, err))
			return false;
	return true;
}

/* The path of a page; token empty: the first one. */
static const char *page_path(struct arena *arena, const char *namespace, struct str token)
{
	scoped(buf_finish) struct buf path = {0};
	buf_add_string(&path, "/api/v1/repository?public=true&namespace=");
	percent_encode((struct str){namespace, strcspn(namespace, "/")}, &path);
	if (token.len) {
		buf_add_string(&path, "&next_page=");
		percent_encode(token, &path);
	}
	return buf_ok(&path) ? arena_string(arena, path.at) : NULL;
}

/* Reads one page; *token is that of the next, in arena, empty after the last one. */
static bool read_page(struct dialect_pages *pages, const char *namespace, struct arena *arena,
		      struct str *token, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *scratch = arena_new();
	const struct node *root = NULL;
	pages->request.path = scratch ? page_path(scratch, namespace, *token) : NULL;
	if (!pages->request.path)
		return error_memory(err);
	if (!dialect_page(pages, &pages->request, &answer, scratch, &root, err) ||
	    !take(root, pages->found, err))
		return false;
	struct str next = node_string(node_get(root, "next_page"));
	if (next.len && str_equal(next, *token))
		return error_set(err, ERROR_CORRUPT, "a page of the list names itself as the next");
	*token = (struct str){arena_copy(arena, next.at, next.len), next.len};
	return token->at || error_memory(err);
}

bool quay_list(const struct discovery *discovery, struct map *found, bool *supported,
	       struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct dialect_pages pages = {.request = {.method = "GET", .answer_max = DIALECT_PAGE_MAX},
				      .what = "a list of repositories",
				      .found = found};
	struct str token = {0};
	*supported = true;
	if (!arena)
		return error_memory(why);
	if (!dialect_open(discovery, discovery->host, discovery->path, &pages.repository, why))
		return false;
	for (int page = 0; page == 0 || token.len; page++) {
		if (page == DIALECT_PAGES_MAX)
			error_set(why, ERROR_CORRUPT, "more than %d pages", DIALECT_PAGES_MAX);
		if (page == DIALECT_PAGES_MAX ||
		    !read_page(&pages, discovery->path, arena, &token, why))
			return error_wrap(why, "the repositories of %s/%s", discovery->host,
					  discovery->path);
	}
	log_info("%s lists the public repositories of %s; private ones have to be named",
		 discovery->host, discovery->path);
	return true;
}
