/*
 * Where the state is kept (state/state.h), as --state says: in a file, or in a registry or a folder
 * of images as an artifact under a tag.
 *
 * A text that begins with / or . is a file, and so is one whose first part, up to a /, cannot be
 * the host of a registry: state.json, cache/state.json. Everything else is HOST/PATH:TAG, or
 * oci:FOLDER:TAG for a folder, with the tag.
 */
#pragma once

#include "oci/reference.h"

/* Zeroed: none. */
struct state_place {
	const char *file;       /* NULL: none, or the image */
	struct reference image; /* host NULL: none, or the file */
};

/* The text, if it is a file by these rules, else NULL. text may be NULL. */
const char *state_place_file(const char *text);
/* ERROR_CONFIG: what is wrong with text, and what to write instead. */
bool state_place_parse(struct arena *arena, const char *text, struct state_place *out,
		       struct error *err);
