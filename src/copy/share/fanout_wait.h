/* Whom the first ones to need a blob wait for. Private to fanout.c, all of it called locked. */
#pragma once

#include "copy/share/fanout_private.h"

/* The registry of that name, which must stay as long as fanout; NULL without memory. */
struct fanout_host *fanout_wait_host(struct fanout *fanout, const char *name);
/* The registry is not waited for during some time. */
void fanout_wait_late(struct fanout_host *host);
/* Somebody who may still come for the blob, or NULL. */
struct fanout_host *fanout_wait_missing(struct fanout *fanout, const struct shared_blob *shared);
/* Waits until all are there, or it takes too long, or another one began the flow meanwhile. */
void fanout_wait_gather(struct fanout *fanout, struct shared_blob *shared);
