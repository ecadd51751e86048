/*
 * A slip is two neighbouring letters swapped, or one letter too many or too few: such names get
 * registered to catch typos. A wrong letter does not count, since gcr.io, ocr.io and the like would
 * then be slips of each other.
 */
#include "config/auth/registry_key.h"

#include "registry/credential.h"

#include <string.h>

static const char hub[] = "docker.io";

/* Without a dot, a port or the name localhost it can only be a path of Docker Hub. */
static bool names_registry(struct str text)
{
	return str_find(text, '.') < text.len || str_find(text, ':') < text.len ||
	       str_is(text, "localhost");
}

void registry_key_split(struct str key, struct str *host, struct str *repository)
{
	struct str whole = credential_key_normal(key);
	*host = (struct str){0};
	*repository = whole;
	str_cut(repository, '/', host);
	*host = credential_key_normal(*host);
	if (!whole.len || names_registry(*host))
		return;
	*host = str_of(hub);
	*repository = whole;
}

bool registry_key_equal(struct str a, struct str b)
{
	struct str host_a, host_b, path_a, path_b;
	registry_key_split(a, &host_a, &path_a);
	registry_key_split(b, &host_b, &path_b);
	return str_equal_nocase(host_a, host_b) && str_equal(path_a, path_b);
}

/* The host is the part up to the first slash after a scheme, including its port. */
struct str registry_key_lower(struct arena *arena, struct str key)
{
	char *copy = arena_copy(arena, key.at, key.len);
	if (!copy)
		return (struct str){0};
	char *scheme = strstr(copy, "://");
	char *at = scheme ? scheme + 3 : copy;
	char *to = at;
	for (; *at && *at != '/'; at++) {
		bool final = *at == '.' && to > copy && (!at[1] || at[1] == ':' || at[1] == '/');
		if (!final)
			*to++ = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
	}
	memmove(to, at, strlen(at) + 1);
	return str_of(copy);
}

/* The offset at which two texts begin to differ. */
static size_t common(struct str a, struct str b)
{
	size_t i = 0;
	while (i < a.len && i < b.len && a.at[i] == b.at[i])
		i++;
	return i;
}

static bool is_slip(struct str host, struct str real)
{
	size_t at = common(host, real);
	if (host.len == real.len)
		return at + 1 < host.len && host.at[at] == real.at[at + 1] &&
		       host.at[at + 1] == real.at[at] &&
		       str_equal(str_from(host, at + 2), str_from(real, at + 2));
	if (host.len + 1 == real.len)
		return str_equal(str_from(host, at), str_from(real, at + 1));
	return host.len == real.len + 1 && str_equal(str_from(host, at + 1), str_from(real, at));
}

const char *registry_key_lookalike(struct str host)
{
	static const char *const known[] = {
		hub,
		"index.docker.io",
		"registry-1.docker.io",
		"registry.hub.docker.com",
		"ghcr.io",
		"gcr.io",
		"quay.io",
		"registry.k8s.io",
		"k8s.gcr.io",
		"mcr.microsoft.com",
		"public.ecr.aws",
		"registry.gitlab.com",
		"nvcr.io",
		"lscr.io",
		"registry.access.redhat.com",
		"registry.redhat.io",
		"eu.gcr.io",
		"us.gcr.io",
		"asia.gcr.io",
	};
	for (size_t i = 0; i < array_count(known); i++)
		if (str_equal(host, str_of(known[i])))
			return NULL;
	for (size_t i = 0; i < array_count(known); i++)
		if (is_slip(host, str_of(known[i])))
			return known[i];
	return NULL;
}
