/* Whom the first ones to need a blob wait for. Private to tees.c, all of it called locked. */
#pragma once

#include "copy/share/tees_private.h"

/* The registry of that name, which must stay as long as tees; NULL without memory. */
struct tees_host *tees_wait_host(struct tees *tees, const char *name);
/* The registry is not waited for during some time. */
void tees_wait_late(struct tees_host *host);
/* Somebody who may still come for the blob, or NULL. */
struct tees_host *tees_wait_missing(struct tees *tees, const struct tee *tee);
/* Waits until all are there, or it takes too long, or another one began the flow meanwhile. */
void tees_wait_gather(struct tees *tees, struct tee *tee);
