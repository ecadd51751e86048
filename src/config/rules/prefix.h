/*
 * What stands before the names of several repositories: a namespace, or the destination of one or
 * of a list of images. Pure.
 */
#pragma once

#include "oci/reference.h"

/*
 * Parses "host" or "host/path"; slashes at the end do not count. The repository of *out is the
 * path, "" for the whole registry. ERROR_CONFIG quotes text and says what is wrong.
 */
bool prefix_parse(struct arena *arena, struct str text, struct reference *out, struct error *err);
