/*
 * The end of an archive: index.json with all its images, what docker load reads where it does not
 * know layouts (manifest.json), and oci-layout.
 */
#pragma once

#include "layout/layout.h"

/*
 * Finishes all archives that were begun. False: one of them could not be; the others are finished
 * all the same. No store is in use any more.
 */
bool archive_end_all(struct layouts *layouts, struct error *err);
