/*
 * One table serves both directions: the types we request (media_accept, spelt out as a constant
 * that tests compare with the table) and the meaning of an answer's type.
 */
#include "oci/media.h"

#include "base/scoped.h"

#include <string.h>

/* No wildcard: it would invite schema 1 where something better exists. */
const char media_accept[] = "application/vnd.oci.image.index.v1+json, "
			    "application/vnd.oci.image.manifest.v1+json, "
			    "application/vnd.docker.distribution.manifest.list.v2+json, "
			    "application/vnd.docker.distribution.manifest.v2+json, "
			    "application/vnd.docker.distribution.manifest.v1+prettyjws, "
			    "application/vnd.docker.distribution.manifest.v1+json, "
			    "application/vnd.oci.artifact.manifest.v1+json";

static const struct {
	const char *type;
	enum media_kind kind;
} types[] = {
	{"application/vnd.oci.image.index.v1+json", MEDIA_INDEX},
	{"application/vnd.oci.image.manifest.v1+json", MEDIA_MANIFEST},
	{"application/vnd.docker.distribution.manifest.list.v2+json", MEDIA_INDEX},
	{"application/vnd.docker.distribution.manifest.v2+json", MEDIA_MANIFEST},
	{"application/vnd.docker.distribution.manifest.v1+prettyjws", MEDIA_SCHEMA1},
	{"application/vnd.docker.distribution.manifest.v1+json", MEDIA_SCHEMA1},
	{"application/vnd.oci.artifact.manifest.v1+json", MEDIA_MANIFEST},
};

struct str media_bare(struct str type)
{
	return str_trim(str_head(type, str_find(type, ';')));
}

enum media_kind media_kind(struct str type)
{
	struct str bare = media_bare(type);
	for (size_t i = 0; i < array_count(types); i++)
		if (str_equal_nocase(bare, str_of(types[i].type)))
			return types[i].kind;
	return MEDIA_OTHER;
}

static bool in_family(struct str type, const char *const *families, size_t count)
{
	struct str bare = media_bare(type);
	for (size_t i = 0; i < count; i++)
		if (str_equal_nocase(str_head(bare, strlen(families[i])), str_of(families[i])))
			return true;
	return false;
}

bool media_is_content(struct str type)
{
	static const char *const families[] = {
		"application/vnd.oci.image.layer.",
		"application/vnd.oci.image.config.",
		"application/vnd.oci.empty.",
		"application/vnd.docker.image.rootfs.",
		"application/vnd.docker.container.image",
		"application/vnd.buildkit.cacheconfig.",
	};
	return in_family(type, families, array_count(families));
}

bool media_nondistributable(struct str type)
{
	static const char *const families[] = {
		"application/vnd.oci.image.layer.nondistributable.",
		"application/vnd.docker.image.rootfs.foreign.",
	};
	return in_family(type, families, array_count(families));
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$&-^_.+", c));
}

bool media_valid(struct str type)
{
	size_t slash = str_find(type, '/');
	if (slash == 0 || slash + 1 >= type.len || type.len > MEDIA_TYPE_MAX)
		return false;
	for (size_t i = 0; i < type.len; i++)
		if (i != slash && !name_char(type.at[i]))
			return false;
	return true;
}
