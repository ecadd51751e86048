/* The variables of the process, for texts of files that refer to them (expand.h). */
#pragma once

#include "config/expand.h"
#include "config/options/options.h"

/*
 * Looks variables up for whoever gave these options, which outlive it. The log names those that are
 * used, but never shows a value.
 */
struct expand_lookup environment_lookup(const struct options *options);
