/*
 * "oci://" is ambiguous: Helm and Flux write it before the name of a registry, others before that
 * of a folder. What looks like a registry is left to the parser of names, which says to leave it
 * out.
 */
#include "oci/transport.h"

#include <string.h>

static const struct {
	const char *prefix, *what;
} transports[] = {
	{"dir:", "a folder"},
	{"docker-archive:", "an archive"},
	{"docker-daemon:", "an image of the local docker daemon"},
	{"containers-storage:", "an image of the local podman"},
	{"ostree:", "a repository of ostree"},
	{"sif:", "a file of singularity"},
	{"tarball:", "an archive"},
	{"file:", "a file"},
};

/* True for "oci://reg.io/app": the first part has a dot or a port, or is localhost. */
static bool names_registry(struct str behind)
{
	struct str host = str_head(behind, str_find(behind, '/'));
	bool path = !host.len || host.at[0] == '.' || host.len == behind.len;
	return !path && (str_find(host, '.') < host.len || str_find(host, ':') < host.len ||
			 str_is(host, "localhost"));
}

static bool refuse(const char *what, struct error *err)
{
	return error_set(
		err, ERROR_CONFIG,
		"%s is not supported: images are copied between registries, folders in the "
		"OCI layout (oci:FOLDER) and archives of one (oci-archive:FILE.tar)",
		what);
}

static bool check_scheme(struct str behind, struct error *err)
{
	return names_registry(behind) ||
	       error_set(err, ERROR_CONFIG,
			 "write oci:FOLDER, without \"//\", for a folder in the OCI layout");
}

bool transport_check(struct str text, struct error *err)
{
	if (str_find(text, '(') < text.len && str_ends(text, "(scratch)"))
		return refuse("(scratch), an empty image,", err);
	if (str_starts(text, "oci://"))
		return check_scheme(str_from(text, strlen("oci://")), err);
	for (size_t i = 0; i < array_count(transports); i++) {
		if (!str_starts(text, transports[i].prefix))
			continue;
		struct str behind = str_from(text, str_find(text, ':') + 1);
		if (str_starts(behind, "//") && names_registry(str_from(behind, 2)))
			return true;
		return refuse(transports[i].what, err);
	}
	return true;
}
