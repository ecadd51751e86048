/* The command that does the work: from the options to the exit code. */
#pragma once

#include "config/options/options.h"

/*
 * Loads the configuration, synchronizes, reports. problems: what was found wrong already, to be
 * told with the rest. Returns the exit status that README.md describes.
 */
int sync_run(const struct options *options, struct problems *problems);
