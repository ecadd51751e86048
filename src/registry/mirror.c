/*
 * A mirror may be written with a path, `mirror.example/hub`: many proxies serve each of their
 * sources under a name of its own, which then stands in front of the repository's.
 */
#include "registry/mirror.h"

#include "base/cancel.h"
#include "base/log.h"
#include "registry/registry_private.h"

#include <string.h>

static char *lower(char *text)
{
	for (char *at = text; at && *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	return text;
}

bool mirror_at(const struct repository *repository, size_t index, struct arena *arena,
	       struct repository *out)
{
	const struct credential *credential = repository->credential;
	struct error ignored;
	struct str host;
	if (repository->target || repository->mirror || !credential ||
	    index >= credential->mirror_count || cancel_requested())
		return false;
	struct str path = credential_key_normal(str_of(credential->mirrors[index]));
	str_cut(&path, '/', &host);
	struct reference ref = {
		.host = lower(arena_copy(arena, host.at, host.len)),
		.repository =
			path.len ? arena_printf(arena, "%.*s/%s", STR_ARGS(path), repository->name)
				 : repository->name,
	};
	if (!ref.host || !ref.repository ||
	    !registry_open(repository->registry, &ref, false, out, &ignored))
		return false;
	out->mirror = true;
	return true;
}

void mirror_passed(const struct repository *mirror, const struct error *reason)
{
	if (reason)
		log_warn("mirror passed over: %s", reason->text);
	else
		log_debug("mirror %s has no such thing in %s", registry_host_name(mirror),
			  mirror->name);
}

void mirror_distrust(const struct repository *repository, const char *digest)
{
	struct registry *registry = repository->registry;
	if (!repository->credential || !repository->credential->mirror_count)
		return;
	pthread_mutex_lock(&registry->lock);
	map_put(&registry->spoiled, str_of(digest), registry);
	pthread_mutex_unlock(&registry->lock);
}

bool mirror_distrusted(const struct repository *repository, const char *digest)
{
	struct registry *registry = repository->registry;
	if (!repository->credential || !repository->credential->mirror_count)
		return false;
	pthread_mutex_lock(&registry->lock);
	bool spoiled = map_get(&registry->spoiled, str_of(digest)) != NULL;
	pthread_mutex_unlock(&registry->lock);
	return spoiled;
}
