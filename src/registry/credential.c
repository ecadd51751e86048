/*
 * A key is compared part by part, host with host and path with path, not as one text: `reg.io` must
 * not match `reg.io.evil` or `reg.io:5000`, and an alias of Docker Hub keeps the path after it.
 */
#include "registry/credential.h"

#include "base/scoped.h"

#include <string.h>

static const char hub[] = "docker.io";

static bool names_hub(struct str host)
{
	static const char *const aliases[] = {hub, "index.docker.io", "registry-1.docker.io",
					      "registry.hub.docker.com"};
	for (size_t i = 0; i < array_count(aliases); i++)
		if (str_equal_nocase(host, str_of(aliases[i])))
			return true;
	return false;
}

static struct str without_scheme(struct str key)
{
	static const char *const schemes[] = {"https://", "http://"};
	for (size_t i = 0; i < array_count(schemes); i++)
		if (str_equal_nocase(str_head(key, strlen(schemes[i])), str_of(schemes[i])))
			return str_from(key, strlen(schemes[i]));
	return key;
}

struct str credential_key_normal(struct str key)
{
	struct str host = {0};
	key = without_scheme(key);
	if (str_ends(key, "/"))
		key.len--;
	struct str path = key;
	str_cut(&path, '/', &host);
	if (names_hub(host) && (!path.len || str_is(path, "v1") || str_is(path, "v2")))
		return STR("docker.io");
	return key;
}

static bool same_host(struct str a, struct str b)
{
	return str_equal_nocase(a, b) || (names_hub(a) && names_hub(b));
}

/* True when path is empty, the repository itself, or one of its parent folders. */
static bool path_covers(struct str path, struct str repository)
{
	if (!str_equal(str_head(repository, path.len), path))
		return false;
	return path.len == 0 || path.len == repository.len || repository.at[path.len] == '/';
}

/* How much of a Docker Hub repository the path covers, also in the short forms people write. */
static size_t hub_fit(struct str path, struct str repository)
{
	size_t library = strlen("library/");
	if (path_covers(path, repository))
		return path.len;
	if (str_starts(repository, "library/") && path_covers(path, str_from(repository, library)))
		return path.len;
	return 0;
}

/*
 * How well a key fits: 0 not at all, else more for a longer path. The full name comes first; then,
 * as in the original, `docker.io/nginx` for docker.io/library/nginx, and `me` or `me/app`, which
 * can only be repositories of Docker Hub.
 */
static size_t fit(struct str key, struct str host, struct str repository)
{
	enum { WITH_HOST = 4096 };
	struct str path = credential_key_normal(key);
	struct str key_host;
	struct str whole = path;
	if (!whole.len || whole.len >= WITH_HOST / 2)
		return 0;
	str_cut(&path, '/', &key_host);
	if (same_host(key_host, host) && path_covers(path, repository))
		return WITH_HOST + path.len;
	if (!names_hub(host))
		return 0;
	if (names_hub(key_host))
		return hub_fit(path, repository);
	bool bare = str_find(key_host, '.') == key_host.len &&
		    str_find(key_host, ':') == key_host.len && !str_is(key_host, "localhost");
	return bare ? hub_fit(whole, repository) : 0;
}

const struct credential *credential_find(const struct credentials *credentials, struct str host,
					 struct str repository)
{
	const struct credential *best = NULL;
	size_t best_fit = 0;
	for (size_t i = 0; i < credentials->count; i++) {
		size_t this_fit = fit(credentials->items[i].key, host, repository);
		if (this_fit > best_fit) {
			best = &credentials->items[i];
			best_fit = this_fit;
		}
	}
	return best;
}
