/*
 * The credentials of a run are few and the rules are many, so each side is looked up once and what
 * it found is marked.
 */
#include "config/usage.h"

#include "base/log.h"
#include "base/map.h"
#include "config/logins.h"
#include "config/nearest.h"
#include "config/registry_key.h"

#include <string.h>

struct usage {
	struct arena *arena;
	struct config *config;
	struct problems *problems;
	bool *used;       /* for each credential */
	struct map hosts; /* every host a side names -> struct host */
};

struct host {
	const char *ca; /* of certs.d; NULL: none there */
};

static void usage_finish(struct usage *usage)
{
	map_finish(&usage->hosts);
}

static struct credential *look_up(struct usage *usage, const char *host, const char *repository)
{
	const struct credentials *list = &usage->config->credentials;
	const struct credential *found = credential_find(list, str_of(host), str_of(repository));
	if (!found)
		return NULL;
	size_t index = (size_t)(found - list->items);
	usage->used[index] = list->items[index].needed = true;
	return &list->items[index];
}

/* The host of a side; the first time it is met its spelling and certs.d are looked at. */
static const struct host *see_host(struct usage *usage, const struct usage_side *side)
{
	const struct host_files *files = &usage->config->host_files;
	struct host *host = map_get(&usage->hosts, str_of(side->host));
	if (host)
		return host;
	const char *real = registry_key_lookalike(str_of(side->host));
	if (real)
		problem_warn(usage->problems, side->place,
			     "%s looks like %s misspelt: names like it collect logins", side->host,
			     real);
	host_files_check(usage->arena, files, side->host, usage->problems);
	host = arena_new_of(usage->arena, struct host);
	if (!host || !map_put(&usage->hosts, str_of(side->host), host))
		return NULL;
	host->ca = host_files_ca(usage->arena, files, side->host, usage->problems);
	return host;
}

/*
 * Gives an entry what others know of its host, and makes the entry if there is none. Room for one
 * more at the end was reserved for each side.
 */
static void complete(struct usage *usage, const struct usage_side *side, const struct host *host,
		     struct credential *entry)
{
	struct credentials *list = &usage->config->credentials;
	const struct docker_store *store = &usage->config->store;
	bool ca = host->ca && !(entry && (entry->ca || entry->insecure));
	bool helper = store->helper && !(entry && logins_any(entry));
	if (!ca && !helper)
		return;
	if (!entry) {
		usage->used[list->count] = helper;
		entry = &list->items[list->count++];
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): usage_settle() made it */
		*entry = (struct credential){.key = str_of(side->host),
					     .place = helper ? store->place : host->ca};
	}
	entry->needed = true;
	entry->ca = ca ? host->ca : entry->ca;
	entry->helper = helper ? store->helper : entry->helper;
}

static bool use_side(struct usage *usage, const struct usage_side *side)
{
	const struct host *host = see_host(usage, side);
	struct credential *entry = look_up(usage, side->host, side->repository);
	for (size_t i = 0; entry && side->source && i < entry->mirror_count; i++)
		look_up(usage, entry->mirrors[i], side->repository);
	if (host)
		complete(usage, side, host, entry);
	return host != NULL;
}

static void warn_unused(struct usage *usage, const struct credential *entry, const char **hosts,
			size_t count)
{
	struct str host, path;
	registry_key_split(entry->key, &host, &path);
	const char *near = NULL;
	for (size_t i = 0; i < count && !near; i++) {
		struct str other = str_of(hosts[i]);
		bool port = other.len > host.len && other.at[host.len] == ':' &&
			    str_equal(str_head(other, host.len), host);
		near = port ? hosts[i] : NULL;
	}
	if (near) {
		problem_warn(usage->problems, entry->place,
			     "%.*s is used by no rule: rules name %s, and the port is part of the "
			     "name",
			     STR_ARGS(entry->key), near);
		return;
	}
	near = nearest_word(host, hosts, count);
	if (near && str_is(host, near))
		near = NULL;
	problem_warn(usage->problems, entry->place, "%.*s is used by no rule%s%s%s",
		     STR_ARGS(entry->key), near ? ": did you mean " : "", near ? near : "",
		     near ? "?" : "");
}

/* An entry that is a host and a port, and says nothing, allows the port (net/ports.h). */
static bool only_allows(const struct credential *entry)
{
	struct str host, path;
	registry_key_split(entry->key, &host, &path);
	return !logins_any(entry) && !entry->ca && !entry->proxy && !entry->insecure &&
	       !entry->mirror_count && !path.len && str_find(host, ':') < host.len;
}

/* A key that begins with x- names no registry but holds an anchor, as in compose files. */
static bool is_unused(const struct usage *usage, size_t index)
{
	const struct credential *entry = &usage->config->credentials.items[index];
	return index < usage->config->auth_count && !usage->used[index] && entry->key.len &&
	       !str_starts(entry->key, "x-") && !only_allows(entry);
}

static bool tell(struct usage *usage)
{
	const struct config *config = usage->config;
	const char **hosts = arena_array(usage->arena, usage->hosts.count + 1, sizeof(*hosts));
	if (!hosts)
		return false;
	for (size_t i = 0; i < usage->hosts.count; i++)
		hosts[i] = usage->hosts.entries[i].key;
	for (size_t i = 0; i < config->credentials.count; i++) {
		const struct credential *entry = &config->credentials.items[i];
		if (is_unused(usage, i))
			warn_unused(usage, entry, hosts, usage->hosts.count);
		else if (i >= config->auth_count && usage->used[i] && logins_any(entry))
			log_info("%.*s: login from %s", STR_ARGS(entry->key), entry->place);
	}
	return true;
}

bool usage_settle(struct arena *arena, struct config *config, const struct usage_side *sides,
		  size_t count, struct problems *problems)
{
	scoped(usage_finish) struct usage usage = {
		.arena = arena, .config = config, .problems = problems};
	struct credentials *list = &config->credentials;
	if (!count)
		return true;
	struct credential *items = arena_array(arena, list->count + count, sizeof(*items));
	usage.used = arena_array(arena, list->count + count, sizeof(*usage.used));
	if (!items || !usage.used)
		return false;
	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	list->items = items;
	for (size_t i = 0; i < count; i++)
		if (!use_side(&usage, &sides[i]))
			return false;
	return tell(&usage);
}
