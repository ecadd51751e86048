/*
 * Docker Hub lists the repositories of a namespace by an API of its own, on a host of its own and
 * without a login: those that are public.
 */
#include "discover/dialect.h"

#include "base/log.h"

#include <string.h>

#define API "hub.docker.com"

/* All of one namespace; each repository says which it is. */
static bool take(struct dialect_pages *pages, const struct node *root, struct error *err)
{
	const struct node *list = node_get(root, "results");
	if (!list || list->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer holds no list of repositories");
	pages->entries += list->count;
	for (size_t i = 0; i < list->count; i++) {
		scoped(buf_finish) struct buf path = {0};
		struct str space, name;
		if (!dialect_text(list->items[i], "namespace", &space, err) ||
		    !dialect_text(list->items[i], "name", &name, err))
			return false;
		buf_printf(&path, "%.*s/%.*s", STR_ARGS(space), STR_ARGS(name));
		if (!buf_ok(&path))
			return error_memory(err);
		if (!dialect_add(pages, buf_str(&path), err))
			return false;
	}
	return true;
}

bool hub_list(const struct discovery *discovery, struct map *found, bool *supported,
	      struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const char *host = strcmp(discovery->host, "docker.io") == 0 ? API : discovery->host;
	struct dialect_pages pages = {.discovery = discovery,
				      .request = {.method = "GET", .answer_max = DIALECT_PAGE_MAX},
				      .what = "a list of repositories",
				      .take = take,
				      .totals = true,
				      .found = found};
	*supported = true;
	pages.request.path =
		arena ? arena_printf(arena, "/v2/namespaces/%.*s/repositories?page=1&page_size=100",
				     (int)strcspn(discovery->path, "/"), discovery->path)
		      : NULL;
	if (!pages.request.path)
		return error_memory(why);
	if (!dialect_open(discovery, host, discovery->path, &pages.repository, why))
		return false;
	if (dialect_read(&pages, why)) {
		log_info("%s lists the public repositories of %s; private ones have to be named",
			 host, discovery->path);
		return true;
	}
	*supported = !pages.refused;
	return error_wrap(why, "the repositories of %s at %s", discovery->path, host);
}
