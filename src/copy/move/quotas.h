/*
 * Who has said to have no room, and for how much. A registry tells that its quota is used up only
 * once it has all bytes of a blob, so the next one of that size is not sent there to be refused as
 * well; a smaller one may still fit. What is common to the repositories of a project (the first
 * part of their names) counts for all of them, since quotas are given to projects. What cannot be
 * known without sending it is given up: a blob that another repository of the project holds since
 * an earlier run may cost no room, and room may become free. The next run tries again. Any thread.
 */
#pragma once

#include "store/store.h"

#include <stdint.h>

struct quotas;

/* NULL without memory. */
struct quotas *quotas_new(void);
void quotas_free(struct quotas **quotas);

/* The repository refused a blob of so many bytes: err, of kind ERROR_FULL, says how. */
void quotas_refused(struct quotas *quotas, const struct store *store, int64_t size,
		    const struct error *err);
/* False with ERROR_FULL: a blob of that size or a smaller one was refused there. */
bool quotas_allow(struct quotas *quotas, const struct store *store, int64_t size,
		  struct error *err);
