/*
 * The host decides where it is known; elsewhere each kind is tried, and when none works the error
 * says what each of them met.
 */
#include "discover/discover.h"

#include "base/log.h"
#include "discover/dialect.h"
#include "registry/facts.h"
#include "registry/ghcr.h"
#include "registry/host.h"

#include <string.h>

static const struct dialect {
	const char *name;
	const char *hosts[4]; /* registries that have this one; "*.pkg.dev": all below */
	dialect_list *list;
	dialect_tags *tags; /* NULL: it has no better list of tags than others */
	/*
	 * What the list says of a tag is what the registry would say: both are one service with one
	 * database. So it is good for a target as well, which may have changed a moment ago.
	 */
	bool current;
} dialects[] = {
	{"harbor", {0}, harbor_list, harbor_tags, true},
	{"catalog", {0}, catalog_list, NULL, false},
	{"gitlab", {"registry.gitlab.com"}, gitlab_list, NULL, false},
	{"google",
	 {"gcr.io", "*.gcr.io", "*.pkg.dev", "registry.k8s.io"},
	 google_list,
	 NULL,
	 false},
	{"ecr", {0}, ecr_list, NULL, false}, /* at hosts by ecr_list_has() */
	{"ghcr", {"ghcr.io"}, ghcr_list, NULL, false},
	{"hub", {"docker.io"}, hub_list, hub_tags, false}, /* its API is a service of its own */
	{"quay", {"quay.io"}, quay_list, quay_tags, true},
};

/* So many of them are tried where the host says nothing. */
enum { TRIED = 4 };

/* Registries that have no list that we can read. */
static const char *const closed[] = {"public.ecr.aws"};

const char *discover_name(size_t number)
{
	return number < array_count(dialects) ? dialects[number].name : NULL;
}

const char *discover_kinds(void)
{
	return "catalog, ecr, ghcr, gitlab, google, harbor, hub or quay";
}

const char *discover_api(const char *host)
{
	return strcmp(host, "ghcr.io") == 0 ? GHCR_API : NULL;
}

static bool is_at(struct str host, const char *pattern)
{
	return pattern[0] == '*' ? str_ends(host, pattern + 1) : str_is(host, pattern);
}

/* The dialect that is asked for, or that the host has; NULL: it is to be found out. */
static const struct dialect *chosen(const struct discovery *discovery)
{
	const char *via = discovery->via;
	if (!via && ecr_list_has(discovery->host))
		via = "ecr";
	for (size_t i = 0; i < array_count(dialects); i++) {
		const struct dialect *dialect = &dialects[i];
		if (via && strcmp(dialect->name, via) == 0)
			return dialect;
		for (size_t j = 0; !via && j < 4 && dialect->hosts[j]; j++)
			if (is_at(str_of(discovery->host), dialect->hosts[j]))
				return dialect;
	}
	return NULL;
}

const char *discover_kind(const char *host)
{
	const struct discovery discovery = {.host = host};
	const struct dialect *dialect = chosen(&discovery);
	return dialect ? dialect->name : NULL;
}

bool discover_dates(const char *host, const char *via)
{
	const struct discovery discovery = {.host = host, .via = via};
	const struct dialect *dialect = chosen(&discovery);
	return dialect && (dialect->tags || dialect->list == google_list);
}

static bool is_closed(const struct discovery *discovery, struct error *err)
{
	for (size_t i = 0; i < array_count(closed) && !discovery->via; i++)
		if (strcmp(closed[i], discovery->host) == 0) {
			error_set(err, ERROR_UNSUPPORTED,
				  "the repositories of %s cannot be listed: name them, as in "
				  "repositories: [one, two]",
				  discovery->host);
			return true;
		}
	return false;
}

/* The list worked: the same API may list tags as well. */
static void learn(const struct discovery *discovery, const struct dialect *dialect)
{
	struct repository repository;
	struct error ignored;
	const struct reference name = {.host = discovery->host, .repository = discovery->path};
	if (dialect->tags &&
	    registry_open(discovery->registry, &name, false, &repository, &ignored))
		facts_learn(&repository.access, FACT_HAS_LIST, dialect->name);
}

static bool try_all(const struct discovery *discovery, struct map *found, struct error *err)
{
	scoped(buf_finish) struct buf met = {0};
	for (size_t i = 0; i < TRIED; i++) {
		bool supported = false;
		if (dialects[i].list(discovery, found, &supported, err)) {
			learn(discovery, &dialects[i]);
			return true;
		}
		if (supported)
			return false;
		log_debug("via %s: %s", dialects[i].name, err->text);
		buf_printf(&met, "%svia %s: %s", met.len ? "; " : "", dialects[i].name, err->text);
	}
	return error_set(err, ERROR_UNSUPPORTED,
			 "%s does not list its repositories (%s): name them, as in repositories: "
			 "[one, two]",
			 discovery->host, buf_string(&met));
}

bool discover_run(const struct discovery *discovery, struct map *found, struct error *err)
{
	const struct dialect *dialect = chosen(discovery);
	bool supported = false;
	if (!dialect)
		return !is_closed(discovery, err) && try_all(discovery, found, err);
	if (!dialect->list(discovery, found, &supported, err))
		return false;
	learn(discovery, dialect);
	return true;
}

/* --- tags ----------------------------------------------------------------------------------- */

/* Harbor says in its challenge what it is. */
static bool is_harbor(const struct access *access)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct challenge challenge;
	return arena && host_challenge(access->host, arena, &challenge) && challenge.service &&
	       strcmp(challenge.service, "harbor-registry") == 0;
}

static bool has_list(const struct access *access, const struct dialect *dialect)
{
	if (!dialect->tags)
		return false;
	for (size_t i = 0; i < array_count(dialect->hosts) && dialect->hosts[i]; i++)
		if (is_at(str_of(access->host->name), dialect->hosts[i]))
			return true;
	return facts_hold(access, FACT_HAS_LIST, dialect->name) ||
	       (dialect->tags == harbor_tags && is_harbor(access));
}

static bool may_ask(const struct access *access, const struct dialect *dialect)
{
	return (!access->target || dialect->current) && has_list(access, dialect);
}

void discover_tags(const struct repository *repository, size_t requests)
{
	const struct access *access = &repository->access;
	const struct dialect *dialect = NULL;
	struct error why;
	bool mirrored = access->credential && access->credential->mirror_count;
	bool vain = facts_hold(access, FACT_NO_LIST, "") ||
		    facts_hold(access, FACT_NO_LIST, repository->name);
	for (size_t i = 0; i < array_count(dialects) && !dialect; i++)
		if (may_ask(access, &dialects[i]))
			dialect = &dialects[i];
	if (!dialect || mirrored || vain || known_complete(repository) ||
	    dialect->tags(repository, requests, &why))
		return;
	log_debug("the digests of %s/%s cannot be listed via %s: %s", access->host->name,
		  repository->name, dialect->name, why.text);
	/* What one repository does not show, others may. */
	bool all = why.kind != ERROR_MISSING && why.kind != ERROR_UNSUPPORTED;
	facts_learn(access, FACT_NO_LIST, all ? "" : repository->name);
}
