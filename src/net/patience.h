/*
 * How long a transfer is waited for: until its server is silent or slow for too long, or the run
 * is to stop. Private to net/.
 */
#pragma once

#include "base/error.h"

struct handle;

enum { PATIENCE_CONNECT_MS = 20000 };

/* False when the transfer has to be given up, err says why; then its connection is broken. */
bool patience_check(struct handle *handle, struct error *err);
/* Lets others see that the server has been silent for a while, or that it no longer is. */
void patience_tell(struct handle *handle);
/* True for a request that only gives up what an earlier one began. */
bool patience_is_cleanup(const struct handle *handle);
