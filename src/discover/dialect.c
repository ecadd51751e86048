/* A name that is no valid one is left out: no rule could be made of it. */
#include "discover/dialect.h"

#include "oci/reference.h"

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

bool dialect_open(const struct discovery *discovery, const char *path, struct repository *out,
		  struct error *err)
{
	const struct reference name = {.host = discovery->host, .repository = path};
	return registry_open(discovery->registry, &name, false, out, err);
}
