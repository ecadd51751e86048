/*
 * Hosts are found by name and by how they are reached: an entry marked insecure must not weaken the
 * checks of another entry, and a proxy that is down says nothing about the direct connection.
 */
#include "registry/registry.h"

#include "net/tls_client.h"
#include "oci/layout_name.h"
#include "registry/host.h"
#include "registry/registry_private.h"

struct registry *registry_new(const struct registry_options *options)
{
	struct arena *arena = arena_new();
	struct registry *registry = arena ? arena_new_of(arena, struct registry) : NULL;
	if (!registry) {
		arena_free(&arena);
		return NULL;
	}
	registry->arena = arena;
	registry->options = *options;
	pthread_mutex_init(&registry->lock, NULL);
	registry->tokens = token_cache_new();
	registry->logins = login_cache_new();
	registry->known = known_new();
	registry->facts = facts_new();
	registry->creations = create_cache_new();
	registry->mirrors = mirrored_memory_new();
	if (!registry->tokens || !registry->logins || !registry->known || !registry->facts ||
	    !registry->creations || !registry->mirrors)
		registry_free(&registry);
	return registry;
}

void registry_free(struct registry **registry)
{
	if (!*registry)
		return;
	struct arena *arena = (*registry)->arena;
	for (size_t i = 0; i < (*registry)->hosts.count; i++)
		host_finish((*registry)->hosts.entries[i].value);
	map_finish(&(*registry)->hosts);
	map_finish(&(*registry)->hub_tokens);
	map_finish(&(*registry)->ghcr_versions);
	known_free(&(*registry)->known);
	facts_free(&(*registry)->facts);
	create_cache_free(&(*registry)->creations);
	mirrored_memory_free(&(*registry)->mirrors);
	login_cache_free(&(*registry)->logins);
	token_cache_free(&(*registry)->tokens);
	pthread_mutex_destroy(&(*registry)->lock);
	*registry = NULL;
	arena_free(&arena);
}

/* NULL without memory. Caller holds the lock. */
static struct host *find_host(struct registry *registry, const char *name,
			      const struct registry_approach *approach,
			      const struct credential *credential)
{
	scoped(buf_finish) struct buf key = {0};
	const char *ca = credential && credential->ca ? credential->ca : "";
	const char *proxy = credential && credential->proxy ? credential->proxy->identity : "";
	const struct tls_client *client = credential ? credential->client : NULL;
	buf_printf(&key, "%s %d %s %s %s %s", name, approach->insecure,
		   approach->scheme ? approach->scheme : "", ca, proxy,
		   client ? client->certificate : "");
	if (!buf_ok(&key))
		return NULL;
	struct host *host = map_get(&registry->hosts, buf_str(&key));
	if (host)
		return host;
	host = arena_new_of(registry->arena, struct host);
	if (!host || !host_init(host, registry->arena, name, approach->insecure))
		return NULL;
	if (approach->scheme)
		host->scheme = approach->scheme;
	host->settled = approach->scheme != NULL;
	if (!map_put(&registry->hosts, buf_str(&key), host)) {
		host_finish(host);
		return NULL;
	}
	return host;
}

bool registry_open(struct registry *registry, const struct reference *ref, bool target,
		   struct repository *out, struct error *err)
{
	if (layout_name_host(ref->host))
		return error_set(err, ERROR_UNSUPPORTED, "%s/%s is in no registry", ref->host,
				 ref->repository);
	const struct credential *credential = credential_find(
		registry->options.credentials, str_of(ref->host), str_of(ref->repository));
	const struct registry_approach approach = {.insecure = credential && credential->insecure};
	pthread_mutex_lock(&registry->lock);
	struct host *host = find_host(registry, ref->host, &approach, credential);
	pthread_mutex_unlock(&registry->lock);
	if (!host)
		return error_memory(err);
	*out = (struct repository){
		.access = {registry, host, credential, .target = target},
		.name = ref->repository,
	};
	return true;
}

bool registry_beside(const struct repository *repository, const char *host,
		     const struct registry_approach *approach, struct repository *out,
		     struct error *err)
{
	struct registry *registry = repository->access.registry;
	*out = *repository;
	pthread_mutex_lock(&registry->lock);
	out->access.host = find_host(registry, host, approach, repository->access.credential);
	pthread_mutex_unlock(&registry->lock);
	return out->access.host || error_memory(err);
}

void registry_forgive(struct registry *registry)
{
	pthread_mutex_lock(&registry->lock);
	for (size_t i = 0; i < registry->hosts.count; i++)
		host_forgive(registry->hosts.entries[i].value);
	pthread_mutex_unlock(&registry->lock);
	http_forgive(registry->options.http);
}

const char *registry_host_name(const struct repository *repository)
{
	return repository->access.host->name;
}
