/* The files a run writes, looked at before its first request (image-syncer.md section 9, "CLI"). */
#pragma once

#include "config/options.h"

/*
 * Adds to problems what would keep a result from being written at the end: a file or folder that is
 * not writable, one file for two results, a format that does not exist. *json tells whether lists
 * of images are to be JSON. The log is opened by the caller.
 */
void outputs_check(const struct options *options, bool *json, struct problems *problems);
