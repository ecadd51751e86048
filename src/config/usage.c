/*
 * Each side is looked up once, among the entries of its host alone, and the entry found is marked:
 * there may be many rules, and many entries in a file that several jobs share. For the same reason
 * entries that are of no use to this run share one line, however many they are; only an entry that
 * looks like a slip has a line of its own.
 */
#include "config/usage.h"

#include "base/log.h"
#include "base/map.h"
#include "config/auth/logins.h"
#include "config/auth/registry_key.h"
#include "config/fields.h"
#include "config/nearest.h"
#include "net/tls_client.h"

#include <string.h>

enum { LISTED_MAX = 5, COMPARISONS_MAX = 20000 };

struct usage {
	struct arena *arena;
	struct config *config;
	struct problems *problems;
	bool *used;        /* for each credential: a side needs it */
	struct map keys;   /* the host of a key -> its first credential */
	size_t *next;      /* for each credential: the next of its host; their count ends a chain */
	struct map hosts;  /* every host a side names -> struct used_host */
	const char **lone; /* the hosts that lack a credential */
	size_t lone_count;
	size_t comparisons; /* names compared for hints so far */
};

/* A host that a side names. */
struct used_host {
	const char *ca;                  /* from certs.d; NULL: none */
	const struct tls_client *client; /* likewise */
	struct credentials fit;    /* copies of the entries with this host, and room for one more */
	struct credential **entry; /* the entries themselves, in the same order */
	bool missed;               /* some side has no entry */
};

static void usage_finish(struct usage *usage)
{
	map_finish(&usage->keys);
	map_finish(&usage->hosts);
}

/* --- entries by host ----------------------------------------------------------------------- */

/* Goes from the last to the first, so that each chain is in the order of the list. */
static bool chain_entries(struct usage *usage)
{
	const struct credentials *list = &usage->config->credentials;
	for (size_t i = list->count; i > 0; i--) {
		struct credential *entry = &list->items[i - 1];
		struct str host, path;
		registry_key_split(entry->key, &host, &path);
		host = registry_key_lower(usage->arena, host);
		const struct credential *first = map_get(&usage->keys, host);
		usage->next[i - 1] = first ? (size_t)(first - list->items) : list->count;
		if (!host.at || !map_put(&usage->keys, host, entry))
			return false;
	}
	return true;
}

static bool gather_entries(struct usage *usage, struct str name, struct used_host *host)
{
	const struct credentials *list = &usage->config->credentials;
	const struct credential *first = map_get(&usage->keys, name);
	size_t start = first ? (size_t)(first - list->items) : list->count, count = 0;
	for (size_t i = start; i < list->count; i = usage->next[i])
		count++;
	host->fit.items = arena_array(usage->arena, count + 1, sizeof(*host->fit.items));
	host->entry = arena_array(usage->arena, count + 1, sizeof(*host->entry));
	if (!host->fit.items || !host->entry)
		return false;
	for (size_t i = start; i < list->count; i = usage->next[i]) {
		host->entry[host->fit.count] = &list->items[i];
		host->fit.items[host->fit.count++] = list->items[i];
	}
	return true;
}

static struct credential *look_up(const struct usage *usage, const struct used_host *host,
				  const char *name, const char *repository)
{
	const struct credential *found =
		credential_find(&host->fit, str_of(name), str_of(repository));
	if (!found)
		return NULL;
	struct credential *entry = host->entry[found - host->fit.items];
	usage->used[entry - usage->config->credentials.items] = entry->needed = true;
	return entry;
}

/* --- sides --------------------------------------------------------------------------------- */

/* Finds or adds the host called name; NULL without memory. */
static struct used_host *find_host(struct usage *usage, const char *name)
{
	struct used_host *host = map_get(&usage->hosts, str_of(name));
	if (host)
		return host;
	host = arena_new_of(usage->arena, struct used_host);
	if (!host || !gather_entries(usage, str_of(name), host) ||
	    !map_put(&usage->hosts, str_of(name), host))
		return NULL;
	return host;
}

/* The host of a side. The first time, its spelling and its certs.d are checked. */
static struct used_host *see_host(struct usage *usage, const struct usage_side *side)
{
	const struct host_files *files = &usage->config->host_files;
	bool new = !map_get(&usage->hosts, str_of(side->host));
	struct used_host *host = find_host(usage, side->host);
	if (!host || !new)
		return host;
	const char *real = registry_key_lookalike(str_of(side->host));
	if (real)
		problem_warn(usage->problems, side->place,
			     "%s looks like a typo of %s; such domains are used to steal "
			     "credentials",
			     side->host, real);
	host_files_check(usage->arena, files, side->host, usage->problems);
	host->ca = host_files_ca(usage->arena, files, side->host, usage->problems);
	host->client = host_files_client(usage->arena, files, side->host, usage->problems);
	return host;
}

/* Adds an entry for all of a host that had none. Room for it was reserved. */
static struct credential *add_entry(struct usage *usage, struct used_host *host,
				    const struct credential *new)
{
	struct credentials *list = &usage->config->credentials;
	struct credential *entry = &list->items[list->count++];
	*entry = *new;
	host->entry[host->fit.count] = entry;
	host->fit.items[host->fit.count++] = *new;
	return entry;
}

/* Gives an entry the files and the helper found for its host; makes the entry if there is none. */
static void complete(struct usage *usage, const struct usage_side *side, struct used_host *host,
		     struct credential *entry)
{
	const struct docker_store *store = &usage->config->store;
	bool ca = host->ca && !(entry && (entry->ca || entry->insecure));
	bool client = host->client && !(entry && entry->client);
	bool helper = store->helper && !(entry && logins_any(entry));
	if (!ca && !client && !helper)
		return;
	if (!entry) {
		const struct credential new = {.key = str_of(side->host),
					       .place = helper ? store->place
							: ca   ? host->ca
							       : host->client->certificate};
		usage->used[usage->config->credentials.count] = helper;
		entry = add_entry(usage, host, &new);
	}
	entry->needed = true;
	entry->ca = ca ? host->ca : entry->ca;
	entry->client = client ? host->client : entry->client;
	entry->helper = helper ? store->helper : entry->helper;
}

static bool use_mirrors(struct usage *usage, const struct credential *entry, const char *repository)
{
	for (size_t i = 0; i < entry->mirror_count; i++) {
		struct used_host *host = map_get(&usage->hosts, str_of(entry->mirrors[i]));
		struct used_host own = {.ca = NULL};
		if (!host && !gather_entries(usage, str_of(entry->mirrors[i]), &own))
			return false;
		look_up(usage, host ? host : &own, entry->mirrors[i], repository);
	}
	return true;
}

static bool use_side(struct usage *usage, const struct usage_side *side)
{
	struct used_host *host = see_host(usage, side);
	if (!host)
		return false;
	struct credential *entry = look_up(usage, host, side->host, side->repository);
	host->missed |= !entry;
	if (entry && side->source && !use_mirrors(usage, entry, side->repository))
		return false;
	complete(usage, side, host, entry);
	return true;
}

/* --- warnings ------------------------------------------------------------------------------ */

/* Entries that share one line. */
struct usage_group {
	struct buf names; /* the first few, each with its place */
	const struct credential *first;
	size_t count;
};

static void listing_finish(struct usage_group *listing)
{
	buf_finish(&listing->names);
}

static void listing_add(struct usage_group *listing, const struct credential *entry)
{
	if (!listing->count++)
		listing->first = entry;
	if (listing->count <= LISTED_MAX)
		buf_printf(&listing->names, "%s%.*s (%s)", listing->count > 1 ? ", " : "",
			   STR_ARGS(entry->key), entry->place);
	else if (listing->count == LISTED_MAX + 1)
		buf_add_string(&listing->names, " and others");
}

static bool names_rule_host(const struct usage *usage, const struct credential *entry)
{
	struct str host, path;
	registry_key_split(entry->key, &host, &path);
	return map_get(&usage->hosts, host);
}

/* Collects the hosts of rules that lack an entry: an unused entry can only mean one of these. */
static bool gather_lone(struct usage *usage)
{
	usage->lone = arena_array(usage->arena, usage->hosts.count, sizeof(*usage->lone));
	for (size_t i = 0; usage->lone && i < usage->hosts.count; i++) {
		const struct used_host *host = usage->hosts.entries[i].value;
		if (host->missed)
			usage->lone[usage->lone_count++] = usage->hosts.entries[i].key;
	}
	return usage->lone;
}

/* The one of them that host most likely stands for, or NULL. *port: it lacks only the port. */
static const char *meant_host(struct usage *usage, struct str host, bool *port)
{
	*port = false;
	usage->comparisons += usage->lone_count;
	if (usage->comparisons > COMPARISONS_MAX)
		return NULL;
	for (size_t i = 0; i < usage->lone_count; i++) {
		struct str other = str_of(usage->lone[i]);
		*port = other.len > host.len && other.at[host.len] == ':' &&
			str_equal(str_head(other, host.len), host);
		if (*port)
			return usage->lone[i];
	}
	return nearest_word(host, usage->lone, usage->lone_count);
}

/* Warns about an entry that looks like a slip. False: it does not. */
static bool tell_slip(struct usage *usage, const struct credential *entry)
{
	bool port;
	struct str host, path;
	registry_key_split(entry->key, &host, &path);
	const char *meant = names_rule_host(usage, entry) ? NULL : meant_host(usage, host, &port);
	if (!meant)
		return false;
	if (port)
		problem_warn(usage->problems, entry->place,
			     "%.*s is not used by any rule: rules name %s, and the port is part of "
			     "the name",
			     STR_ARGS(entry->key), meant);
	else
		problem_warn(usage->problems, entry->place,
			     "%.*s is not used by any rule: did you mean %s?", STR_ARGS(entry->key),
			     meant);
	return true;
}

/* No warning: an auth file that several jobs share has entries for all of them. */
static void tell_unused(const struct usage_group *listing)
{
	if (listing->count == 1)
		log_info("%s: %.*s is not used by any rule", listing->first->place,
			 STR_ARGS(listing->first->key));
	else if (listing->count)
		log_info("%s: %zu entries are not used by any rule: %s", listing->first->place,
			 listing->count, buf_string(&listing->names));
}

static void tell_faulty(struct usage *usage, const struct usage_group *listing, bool complete)
{
	if (listing->count)
		problem_warn(usage->problems, listing->first->place,
			     "%zu faulty %s that no rule needs%s: %s (--debug says what is wrong)",
			     listing->count, listing->count == 1 ? "entry" : "entries",
			     complete ? "" : ", as far as the rules can be read",
			     buf_string(&listing->names));
}

static void tell_faults(const char *lines)
{
	struct str rest = str_of(lines), line;
	while (str_cut(&rest, '\n', &line))
		if (line.len)
			log_debug("not needed: %.*s", STR_ARGS(line));
}

/* An entry of only a host and a port, without settings, allows the port (net/ports.h). */
static bool only_allows(const struct credential *entry)
{
	struct str host, path;
	registry_key_split(entry->key, &host, &path);
	return !logins_any(entry) && !entry->ca && !entry->client && !entry->proxy &&
	       !entry->token_server && !entry->insecure && !entry->mirror_count && !path.len &&
	       str_find(host, ':') < host.len;
}

/* A key that begins with x- names no registry but holds an anchor, as in compose files. */
static bool is_unused(const struct usage *usage, size_t index)
{
	const struct credential *entry = &usage->config->credentials.items[index];
	return index < usage->config->auth_count && !usage->used[index] && entry->key.len &&
	       !fields_private(entry->key) && !only_allows(entry);
}

/* Adds an entry's faults as problems if a side needs it; else they are logged for debugging. */
static void tell_entry_faults(struct usage *usage, size_t index, struct usage_group *faulty)
{
	const struct credential *entry = &usage->config->credentials.items[index];
	const char *faults[] = {entry->login_fault, entry->fault};
	for (size_t i = 0; i < array_count(faults); i++) {
		if (faults[i] && usage->used[index])
			problem_add_lines(usage->problems, faults[i]);
		else if (faults[i])
			tell_faults(faults[i]);
	}
	if (!usage->used[index] && !fields_private(entry->key))
		listing_add(faulty, entry);
}

/* complete: all rules are known. */
static bool tell(struct usage *usage, bool complete)
{
	scoped(listing_finish) struct usage_group unused = {.count = 0};
	scoped(listing_finish) struct usage_group faulty = {.count = 0};
	const struct config *config = usage->config;
	for (size_t i = 0; i < config->credentials.count; i++) {
		const struct credential *entry = &config->credentials.items[i];
		if (entry->login_fault || entry->fault)
			tell_entry_faults(usage, i, &faulty);
		else if (complete && usage->hosts.count && is_unused(usage, i) &&
			 !tell_slip(usage, entry))
			listing_add(&unused, entry);
		else if (complete && i >= config->auth_count && usage->used[i] && logins_any(entry))
			log_info("%.*s: login from %s", STR_ARGS(entry->key), entry->place);
	}
	tell_unused(&unused);
	tell_faulty(usage, &faulty, complete);
	return buf_ok(&unused.names) && buf_ok(&faulty.names);
}

bool usage_settle(struct arena *arena, struct config *config, const struct usage_side *sides,
		  size_t count, struct problems *problems)
{
	scoped(usage_finish) struct usage usage = {
		.arena = arena, .config = config, .problems = problems};
	struct credentials *list = &config->credentials;
	bool complete = !problems->error_count;
	struct credential *items = arena_array(arena, list->count + count, sizeof(*items));
	usage.used = arena_array(arena, list->count + count, sizeof(*usage.used));
	usage.next = arena_array(arena, list->count, sizeof(*usage.next));
	if (!items || !usage.used || !usage.next)
		return false;
	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	list->items = items;
	if (!chain_entries(&usage))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!use_side(&usage, &sides[i]))
			return false;
	return gather_lone(&usage) && tell(&usage, complete);
}
