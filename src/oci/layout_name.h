/*
 * Names of folders in the OCI image layout: oci:FOLDER[:TAG][@DIGEST], or ocidir://FOLDER as regctl
 * writes it. Each folder with an oci-layout file in it is a repository. An archive is named alike:
 * oci-archive:FILE.tar[/REPOSITORY][:TAG][@DIGEST]; its file is the first part that ends with .tar.
 *
 * Such a name is a reference like any other: "oci:", with the dots that a relative folder begins
 * with, is the host, and the rest of the path is the repository, so that joined by a '/' they are
 * the name again: "oci:/mnt/usb/app" is "oci:" and "mnt/usb/app", "oci:x/app" is "oci:." and
 * "x/app". No registry has such a host. Pure.
 */
#pragma once

#include "oci/reference.h"

/* The number of bytes before the folder when text names one: 4 for "oci:x". 0: it does not. */
size_t layout_name_scheme(struct str text);
/*
 * Parses a name that begins with such a scheme. ERROR_CONFIG says what is wrong, without quoting
 * the whole.
 */
bool layout_name_parse(struct arena *arena, struct str text, struct reference *out,
		       struct error *err);
/* True for the host of such a reference: it is no server. */
bool layout_name_host(const char *host);
/* True for the host of an archive. */
bool layout_name_archived(const char *host);
/* The path of the folder: "/mnt/usb/app", "./x/app". NULL without memory. */
char *layout_name_folder(struct arena *arena, const struct reference *name);
/* The path of the archive that name is in, "/mnt/usb/out.tar". NULL without memory. */
char *layout_name_file(struct arena *arena, const struct reference *name);
/* The repository in there, "team/app"; "" when name is about the whole archive. */
const char *layout_name_inside(const struct reference *name);
