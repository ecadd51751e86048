/* What can be wrong with min-age, hold and release before the first request. */
#pragma once

#include "cmd/run.h"

/* Checks the lists of all rules; mistakes go to problems. False without memory. */
bool cooldowns_check(const struct run *run, struct problems *problems);
/*
 * A rule with min-age needs a state where its source does not say when images were pushed: without
 * one no image would ever be old enough, or all would be. It is a mistake then.
 */
void cooldowns_need_state(const struct run *run, struct problems *problems);
