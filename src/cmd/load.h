/* The first step of a run: reading and checking all that it was told. */
#pragma once

#include "cmd/run.h"

/*
 * Reads the files that run->options name, opens the log, parses all rules, completes the
 * credentials. problems may hold some already; all of them are told together. False: there were
 * errors, nothing was asked of any registry. Warnings are logged either way.
 */
bool load_run(struct run *run, struct problems *problems);
