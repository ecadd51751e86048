/* The sync command: from the options to the exit code. */
#pragma once

#include "config/options/options.h"

/*
 * Loads the configuration, synchronizes, reports. problems are those found so far, to be reported
 * with the others. Returns the exit status that docs/flags.md describes.
 */
int sync_run(const struct options *options, struct problems *problems);
