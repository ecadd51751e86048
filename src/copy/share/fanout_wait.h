/*
 * Decides which images a shared download waits for. Private to fanout.c, which holds the lock of
 * struct fanout in all calls.
 */
#pragma once

#include "copy/share/fanout_private.h"

/* The registry of that name, a string that must outlive fanout; NULL without memory. */
struct fanout_host *fanout_wait_host(struct fanout *fanout, const char *name);
/* Marks the registry as late: it is not waited for during LATE_MS. */
void fanout_wait_late(struct fanout *fanout, struct fanout_host *host);
/* After a change that branches of the shared blob may wait for: they look again. */
void fanout_wait_wake(struct fanout *fanout, struct shared_blob *shared);
/* The same for all shared blobs of that digest. */
void fanout_wait_wake_blob(struct fanout *fanout, const char *digest);
/* The same for all blobs that images of the group share. */
void fanout_wait_wake_group(struct fanout *fanout, const struct fanout_group *group);
/* A registry, late or not, that may still need the blob; NULL: there is none. */
struct fanout_host *fanout_wait_missing(struct fanout *fanout, const struct shared_blob *shared);
/* Waits until all images that need the blob are there, time is up, or another branch began. */
void fanout_wait_gather(struct fanout *fanout, struct shared_blob *shared);
