/*
 * Watches a running transfer: gives it up in time, and shows when its server is silent. Private to
 * net/.
 */
#pragma once

#include "base/error.h"

struct handle;

/* False when the transfer has to be given up, err says why; then its connection is broken. */
bool watch_check(struct handle *handle, struct error *err);
/* Lists in base/waits.h that the server has been silent for a while, until it no longer is. */
void watch_silence(struct handle *handle);
