/*
 * A mirror's record is made for each request: it is a look-up of its login and its host, which
 * both exist once. It has no mirrors itself, whatever stands in its own entry.
 */
#include "registry/mirror.h"

#include "base/cancel.h"
#include "base/log.h"
#include "registry/host.h"
#include "registry/registry_private.h"

bool mirror_at(const struct repository *repository, size_t index, struct repository *out)
{
	const struct credential *credential = repository->access.credential;
	struct error ignored;
	if (repository->access.target || repository->mirror || !credential ||
	    index >= credential->mirror_count || cancel_requested())
		return false;
	const struct reference ref = {.host = credential->mirrors[index],
				      .repository = repository->name};
	if (!registry_open(repository->access.registry, &ref, false, out, &ignored))
		return false;
	out->mirror = true;
	return true;
}

void mirror_passed(const struct repository *mirror, const struct error *reason)
{
	if (reason && host_complain(mirror->access.host))
		log_warn("mirror passed over: %s", reason->text);
	else if (reason)
		log_debug("mirror passed over: %s", reason->text);
	else
		log_debug("mirror %s has no such thing in %s", registry_host_name(mirror),
			  mirror->name);
}

void mirror_distrust(const struct repository *repository, const char *digest)
{
	struct registry *registry = repository->access.registry;
	if (!repository->access.credential || !repository->access.credential->mirror_count)
		return;
	pthread_mutex_lock(&registry->lock);
	map_put(&registry->spoiled, str_of(digest), registry);
	pthread_mutex_unlock(&registry->lock);
}

bool mirror_distrusted(const struct repository *repository, const char *digest)
{
	struct registry *registry = repository->access.registry;
	if (!repository->access.credential || !repository->access.credential->mirror_count)
		return false;
	pthread_mutex_lock(&registry->lock);
	bool spoiled = map_get(&registry->spoiled, str_of(digest)) != NULL;
	pthread_mutex_unlock(&registry->lock);
	return spoiled;
}
