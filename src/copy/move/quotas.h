/*
 * Projects whose quota has no room, and the size of the smallest blob that was refused.
 *
 * A registry reports a used-up quota only once it has all bytes of a blob. So no other blob of that
 * size or more is sent there, only to be refused as well; a smaller one may still fit. Quotas are
 * set for projects: a refusal counts for all repositories with the same first part of the name.
 *
 * This gives up on blobs that might have fitted: room may become free, and a blob that another
 * repository of the project has held since an earlier run may take none. The next run tries again.
 * Any thread.
 */
#pragma once

#include "store/store.h"

#include <stdint.h>

struct quotas;

/* NULL without memory. */
struct quotas *quotas_new(void);
void quotas_free(struct quotas **quotas);

/* Records that the repository refused a blob of size bytes with err, of kind ERROR_FULL. */
void quotas_refused(struct quotas *quotas, const struct store *store, int64_t size,
		    const struct error *err);
/* False with ERROR_FULL: the project refused a blob of that size or a smaller one. */
bool quotas_allow(struct quotas *quotas, const struct store *store, int64_t size,
		  struct error *err);
