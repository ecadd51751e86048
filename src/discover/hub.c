/*
 * Docker Hub lists the repositories of a namespace, and their tags with digests, by an API of its
 * own (registry/hub.h). Without a login it lists what is public.
 */
#include "discover/dialect.h"

#include "base/log.h"
#include "oci/timestamp.h"
#include "registry/hub.h"
#include "registry/login.h"

#include <string.h>

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

/* --- the login ------------------------------------------------------------------------------ */

/* The token of the login of the registry. *token NULL: there is no login. */
static bool log_in(const struct discovery *discovery, const struct repository *api,
		   struct arena *arena, const char **token, struct error *err)
{
	struct repository registry;
	return dialect_open(discovery, discovery->host, discovery->path, &registry, err) &&
	       hub_login(&registry, api, arena, token, err);
}

static bool has_login(const struct discovery *discovery)
{
	struct repository registry;
	struct error ignored;
	return dialect_open(discovery, discovery->host, discovery->path, &registry, &ignored) &&
	       login_exists(&registry.access);
}

/* --- repositories --------------------------------------------------------------------------- */

/* What is private is listed for a login of the namespace only. */
static void say_public(const struct discovery *discovery, const struct repository *api, bool login)
{
	const char *host = registry_host_name(api);
	if (login)
		log_warn("%s takes no login like that of %s: it lists the public repositories of "
			 "%s only; private ones have to be named",
			 host, discovery->host, discovery->path);
	else
		log_info("%s lists the public repositories of %s; private ones have to be named, "
			 "or a login given",
			 host, discovery->path);
}

bool hub_list(const struct discovery *discovery, struct map *found, bool *supported,
	      struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const char *host = hub_api(discovery->host);
	struct dialect_pages pages = {
		.discovery = discovery,
		.request = {.method = "GET", .answer_max = DIALECT_PAGE_MAX, .stay = true},
		.what = "a list of repositories",
		.take = take,
		.totals = true,
		.found = found};
	*supported = true;
	pages.request.path =
		arena ? arena_printf(arena,
				     "/v2/namespaces/%.*s/repositories?page=1&page_size=100"
				     "&ordering=name",
				     (int)strcspn(discovery->path, "/"), discovery->path)
		      : NULL;
	if (!pages.request.path)
		return error_memory(why);
	if (!dialect_open(discovery, host, discovery->path, &pages.repository, why))
		return false;
	if (!log_in(discovery, &pages.repository, arena, &pages.request.token, why))
		return error_wrap(why, "the login of %s at %s", discovery->host, host);
	pages.request.anonymous = !pages.request.token;
	if (dialect_read(&pages, why)) {
		if (!pages.request.token)
			say_public(discovery, &pages.repository, has_login(discovery));
		return true;
	}
	*supported = !pages.refused;
	return error_wrap(why, "the repositories of %s at %s", discovery->path, host);
}

/* --- tags ----------------------------------------------------------------------------------- */

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
	const struct reference name = {.host = hub_api(registry_host_name(repository)),
				       .repository = repository->name};
	const char *slash = strchr(repository->name, '/');
	struct dialect_pages pages = {.request = {.method = "GET",
						  .answer_max = DIALECT_PAGE_MAX,
						  .anonymous = true,
						  .stay = true},
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
