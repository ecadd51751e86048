/* When images were created, for rules that select by date. */
#pragma once

#include "plan/plan.h"

/*
 * catalog.created (plan/plan.h), with the run as ctx. An image is no younger than the registry's
 * list of tags says it was pushed, where it says so: images that are too old by that are not asked
 * for.
 */
bool dates_find(void *ctx, const struct dating *dating, struct error *err);
