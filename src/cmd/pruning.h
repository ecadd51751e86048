/* What comes after all images: removing tags that no rule copies any more (--prune). */
#pragma once

#include "cmd/run.h"

/* Finds rules that cannot be pruned; mistakes go to problems. */
void pruning_check(const struct run *run, struct problems *problems);
/* Prunes each repository of which all images are in sync now. False without memory. */
bool pruning_run(struct run *run);
