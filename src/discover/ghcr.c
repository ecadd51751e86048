/*
 * GitHub lists the packages of an owner by its own API, on a host of its own and never without a
 * login: the auth file has one for that host. Whether an owner is an organization or a user is not
 * known beforehand; the API says 404 for the wrong one.
 */
#include "discover/dialect.h"

#include "base/percent.h"

#include <string.h>

/* Only the names of packages are listed; the owner is the namespace. */
static bool take(struct dialect_pages *pages, const struct node *root, struct error *err)
{
	if (root->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer is not a list of packages");
	const char *owner = pages->discovery->path;
	pages->entries += root->count;
	for (size_t i = 0; i < root->count; i++) {
		scoped(buf_finish) struct buf path = {0};
		struct str name;
		if (!dialect_text(root->items[i], "name", &name, err))
			return false;
		buf_printf(&path, "%.*s/%.*s", (int)strcspn(owner, "/"), owner, STR_ARGS(name));
		if (!buf_ok(&path))
			return error_memory(err);
		if (!dialect_add(pages, buf_str(&path), err))
			return false;
	}
	return true;
}

/* Lists the packages of an owner of that kind, "orgs" or "users". */
static bool list_owner(struct dialect_pages *pages, const char *kind, const char *namespace,
		       struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf path = {0};
	buf_printf(&path, "/%s/", kind);
	percent_encode((struct str){namespace, strcspn(namespace, "/")}, &path);
	buf_add_string(&path, "/packages?package_type=container&per_page=100");
	pages->request.path = arena && buf_ok(&path) ? arena_string(arena, path.at) : NULL;
	return pages->request.path ? dialect_read(pages, err) : error_memory(err);
}

bool ghcr_list(const struct discovery *discovery, struct map *found, bool *supported,
	       struct error *why)
{
	const char *api = discover_api(discovery->host);
	const char *host = api ? api : discovery->host;
	struct dialect_pages pages = {.discovery = discovery,
				      .request = {.method = "GET",
						  .accept = "application/vnd.github+json",
						  .answer_max = DIALECT_PAGE_MAX,
						  .basic = true,
						  .stay = true},
				      .what = "a list of packages",
				      .take = take,
				      .found = found};
	*supported = true;
	if (!*discovery->path)
		return error_set(why, ERROR_CONFIG,
				 "%s lists the packages of one owner: name it, as in %s/OWNER/*",
				 discovery->host, discovery->host);
	if (!dialect_open(discovery, host, discovery->path, &pages.repository, why))
		return false;
	if (list_owner(&pages, "orgs", discovery->path, why))
		return true;
	if (pages.status == 404 && !pages.count &&
	    list_owner(&pages, "users", discovery->path, why))
		return true;
	*supported = !pages.refused;
	return error_wrap(
		why,
		"the packages of %s at %s, which needs its own login, with the right to read "
		"packages",
		discovery->path, host);
}
