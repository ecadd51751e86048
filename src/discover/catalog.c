/*
 * The catalog of a whole registry, `_catalog`. It is not part of the OCI specification, but of
 * distribution's API, and many registries have it, most of them only for logins that may see all.
 */
#include "discover/dialect.h"

enum { PAGE_FIRST = 1000, PAGE_SMALL = 100 };

static bool take(struct dialect_pages *pages, const struct node *root, struct error *err)
{
	const struct node *list = node_get(root, "repositories");
	if (!list || (list->kind != NODE_LIST && list->kind != NODE_NULL))
		return error_set(err, ERROR_CORRUPT, "the answer holds no list of repositories");
	pages->entries += list->count;
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i]->kind != NODE_STRING)
			return error_set(err, ERROR_CORRUPT, "an entry of the list is %s",
					 node_kind_name(list->items[i]->kind));
		if (!dialect_add(pages, node_string(list->items[i]), err))
			return false;
	}
	return true;
}

/* A registry that refuses the size of a page is asked for smaller ones, and then for any. */
static bool read_catalog(struct dialect_pages *pages, struct arena *arena, struct error *err)
{
	static const unsigned sizes[] = {PAGE_FIRST, PAGE_SMALL, 0};
	for (size_t i = 0; i < array_count(sizes); i++) {
		pages->request.path = sizes[i] ? arena_printf(arena, "/v2/_catalog?n=%u", sizes[i])
					       : "/v2/_catalog";
		if (!pages->request.path)
			return error_memory(err);
		if (dialect_read(pages, err))
			return true;
		if (pages->count || (pages->status != 400 && pages->status != 422))
			return false;
	}
	return false;
}

bool catalog_list(const struct discovery *discovery, struct map *found, bool *supported,
		  struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct dialect_pages pages = {.discovery = discovery,
				      .request = {.method = "GET",
						  .scope = "registry:catalog:*",
						  .answer_max = DIALECT_PAGE_MAX},
				      .what = "a catalog",
				      .take = take,
				      .found = found};
	*supported = true;
	if (!arena)
		return error_memory(why);
	if (!dialect_open(discovery, discovery->host, discovery->path, &pages.repository, why))
		return false;
	if (read_catalog(&pages, arena, why))
		return true;
	*supported = !pages.refused;
	return error_wrap(why, "the catalog of %s", discovery->host);
}
