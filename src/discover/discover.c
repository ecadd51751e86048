/*
 * The host decides where it is known; elsewhere each kind is tried, and when none works the error
 * says what each of them met.
 */
#include "discover/discover.h"

#include "base/log.h"
#include "discover/dialect.h"

#include <string.h>

static const struct dialect {
	const char *name;
	const char *hosts[4]; /* registries that have this one; "*.pkg.dev": all below */
	dialect_list *list;
} dialects[] = {
	{"harbor", {0}, harbor_list},
	{"catalog", {0}, catalog_list},
	{"google", {"gcr.io", "*.gcr.io", "*.pkg.dev", "registry.k8s.io"}, google_list},
	{"ghcr", {"ghcr.io"}, ghcr_list},
	{"hub", {"docker.io"}, hub_list},
	{"quay", {"quay.io"}, quay_list},
};

/* So many of them are tried where the host says nothing. */
enum { TRIED = 3 };

/* Registries that have no list that we can read. */
static const char *const closed[] = {"public.ecr.aws"};

const char *discover_name(size_t number)
{
	return number < array_count(dialects) ? dialects[number].name : NULL;
}

const char *discover_kinds(void)
{
	return "catalog, ghcr, google, harbor, hub or quay";
}

const char *discover_api(const char *host)
{
	return strcmp(host, "ghcr.io") == 0 ? "api.github.com" : NULL;
}

static bool is_at(struct str host, const char *pattern)
{
	return pattern[0] == '*' ? str_ends(host, pattern + 1) : str_is(host, pattern);
}

/* The dialect that is asked for, or that the host has; NULL: it is to be found out. */
static const struct dialect *chosen(const struct discovery *discovery)
{
	for (size_t i = 0; i < array_count(dialects); i++) {
		const struct dialect *dialect = &dialects[i];
		if (discovery->via && strcmp(dialect->name, discovery->via) == 0)
			return dialect;
		for (size_t j = 0; !discovery->via && j < 4 && dialect->hosts[j]; j++)
			if (is_at(str_of(discovery->host), dialect->hosts[j]))
				return dialect;
	}
	return NULL;
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

static bool try_all(const struct discovery *discovery, struct map *found, struct error *err)
{
	scoped(buf_finish) struct buf met = {0};
	for (size_t i = 0; i < TRIED; i++) {
		bool supported = false;
		if (dialects[i].list(discovery, found, &supported, err))
			return true;
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
	if (dialect)
		return dialect->list(discovery, found, &supported, err);
	return !is_closed(discovery, err) && try_all(discovery, found, err);
}
