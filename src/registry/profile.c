/*
 * What decides about requests and is known by a registry's name. Most registries take whole bodies
 * and are not in the table; those that are installed under any name (Harbor, Nexus, JFrog on
 * premises) are recognised by their answers.
 */
#include "registry/profile.h"

#include "base/scoped.h"

#include <stddef.h>

enum { MIB_20 = 20 * 1024 * 1024, MIB_32 = 32 * 1024 * 1024 };

static const struct profile table[] = {
	/* Several PATCHes lose bytes (containers-roadmap#2831). Mounting is off unless the account
	 * turned it on, so a mount does not show whether the blob is there. */
	{.name = "Amazon ECR",
	 .hosts = {"*.amazonaws.com", "*.amazonaws.com.cn", "*.on.aws"},
	 .mount_tries = 3},
	{.name = "Amazon ECR", .hosts = {"public.ecr.aws"}, .counts_reads = true, .mount_tries = 3},
	/* As the specification says, but pulls are counted, and busy clients are limited. */
	{.name = "Docker Hub",
	 .hosts = {"docker.io"},
	 .counts_reads = true,
	 .chunk_max = MIB_32,
	 .mount_tries = 1,
	 .mount_shows = true},
	/* Several PATCHes overwrite each other. */
	{.name = "GitHub", .hosts = {"ghcr.io"}, .mount_tries = 1, .mount_shows = true},
	/* No chunked uploads at all; an empty repository answers 403. */
	{.name = "Google",
	 .hosts = {"*.pkg.dev", "gcr.io", "*.gcr.io"},
	 .lists_digests = true,
	 .hides_missing = true,
	 .mount_tries = 1,
	 .mount_shows = true},
	/* Google's registries are behind it: each request is redirected, lists keep their form. */
	{.name = "Kubernetes",
	 .hosts = {"registry.k8s.io"},
	 .lists_digests = true,
	 .chunk_max = MIB_32,
	 .mount_tries = 1,
	 .mount_shows = true},
	/* Bodies above some 20 MB are refused or cut, so are larger chunks. */
	{.name = "Azure",
	 .hosts = {"*.azurecr.io", "*.azurecr.cn", "*.azurecr.us"},
	 .whole_max = MIB_20,
	 .chunk_max = MIB_20,
	 .mount_tries = 1,
	 .mount_shows = true},
};

/* Public registries that take blobs as the specification says. */
static const char *const others[] = {
	"quay.io",
	"mcr.microsoft.com",
	"registry.gitlab.com",
	"*.aliyuncs.com",
};

/* The specification: whole bodies, and chunks where those are too large (Docker, Quay, ...). */
static const struct profile usual = {
	.name = "OCI",
	.chunk_max = MIB_32,
	.mount_tries = 1,
	.mount_shows = true,
};

static bool is_named(struct str host, const char *pattern)
{
	if (pattern[0] != '*')
		return str_is(host, pattern);
	return host.len > str_of(pattern).len - 1 && str_ends(host, pattern + 1);
}

const struct profile *profile_of(const char *host)
{
	struct str name = str_head(str_of(host), str_find(str_of(host), ':'));
	for (size_t i = 0; i < array_count(table); i++)
		for (size_t j = 0; table[i].hosts[j]; j++)
			if (is_named(name, table[i].hosts[j]))
				return &table[i];
	return &usual;
}

bool profile_is_public(const char *host)
{
	struct str name = str_of(host);
	if (str_find(name, ':') < name.len)
		return false;
	for (size_t i = 0; i < array_count(others); i++)
		if (is_named(name, others[i]))
			return true;
	return profile_of(host) != &usual;
}
