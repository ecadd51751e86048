/*
 * Docker Hub lists the repositories of a namespace, and their tags with digests, by an API of its
 * own, on a host of its own and without a login: those that are public.
 */
#include "discover/dialect.h"

#include "base/log.h"
#include "oci/timestamp.h"

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

static const char *api_of(const char *host)
{
	return strcmp(host, "docker.io") == 0 ? API : host;
}

bool hub_list(const struct discovery *discovery, struct map *found, bool *supported,
	      struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const char *host = api_of(discovery->host);
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

/* A tag has digest and date; both may be missing from old ones. */
static bool take_tags(struct dialect_pages *pages, const struct node *root, struct error *err)
{
	const struct node *list = node_get(root, "results");
	if (!list || list->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer holds no list of tags");
	pages->entries += list->count;
	for (size_t i = 0; i < list->count; i++) {
		struct known_tag tag = {.digest = node_string(node_get(list->items[i], "digest"))};
		timestamp_parse(node_string(node_get(list->items[i], "last_updated")), &tag.pushed);
		if (!dialect_text(list->items[i], "name", &tag.tag, err) ||
		    !dialect_add_tag(pages, &tag, err))
			return false;
	}
	return true;
}

bool hub_tags(const struct repository *repository, size_t requests, struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	/* The API is another service than the registry, and may lag behind. */
	const struct known_trust trust = {.complete = true, .dated = true, .ahead = true};
	const struct reference name = {.host = api_of(registry_host_name(repository)),
				       .repository = repository->name};
	const char *slash = strchr(repository->name, '/');
	struct dialect_pages pages = {.request = {.method = "GET", .answer_max = DIALECT_PAGE_MAX},
				      .what = "a list of tags",
				      .take = take_tags,
				      .totals = true,
				      .most = requests};
	if (!slash || strchr(slash + 1, '/'))
		return error_set(why, ERROR_UNSUPPORTED, "Docker Hub has no such repositories");
	pages.request.path =
		arena ? arena_printf(
				arena,
				"/v2/namespaces/%.*s/repositories/%s/tags?page=1&page_size=100",
				(int)(slash - repository->name), repository->name, slash + 1)
		      : NULL;
	if (!pages.request.path)
		return error_memory(why);
	return registry_open(repository->access.registry, &name, false, &pages.repository, why) &&
	       dialect_read_tags(&pages, repository, trust, why);
}
