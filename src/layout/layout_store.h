/*
 * Folders in the OCI layout as stores. All that are written to are in one space: they take blobs
 * from each other by links. A folder that is only read from is in a space of its own, since its
 * owner may change it.
 */
#pragma once

#include "layout/layout.h"
#include "store/store.h"

/* Opens stores by names of layout_name.h; layouts outlive them. */
struct stores layout_store_opener(struct layouts *layouts);
