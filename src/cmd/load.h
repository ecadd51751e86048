/* The first step of a run: reading and checking all that it was told. */
#pragma once

#include "cmd/run.h"

/*
 * Reads the files that run->options name, parses all rules, completes the credentials; if all of it
 * is right, opens the log. problems may hold some already; all of them are told together. False:
 * there were errors, nothing was asked of any registry or written to a file. Warnings are logged
 * either way.
 */
bool load_run(struct run *run, struct problems *problems);
