/*
 * --on-change, --foreign, --require-platforms, --create-repository, --create-project: terms of
 * every rule that does not say otherwise.
 */
#pragma once

#include "config/options/options.h"
#include "config/problem.h"
#include "config/rules/terms.h"

/*
 * Sets out->required and, where the options are given, out->on_change, out->foreign and
 * out->creation. Mistakes go to problems.
 */
void policy_options_read(struct arena *arena, const struct options *options, struct terms *out,
			 struct problems *problems);
