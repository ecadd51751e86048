/*
 * The end of an archive: index.json with all its images, what docker load reads where it does not
 * know layouts (manifest.json), and oci-layout.
 */
#pragma once

#include "layout/layout.h"

/* Finishes an archive that was begun. No store is in use any more. */
bool archive_end_of(struct layouts *layouts, struct archive *archive, struct error *err);
