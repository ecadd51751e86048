/* The first step of a run: reading and checking its input. */
#pragma once

#include "cmd/run.h"

/*
 * Reads the files that run->options name, parses all rules, completes the credentials; if all of it
 * is right, opens the log, unless the session has. problems may already hold some; all are reported
 * together. False: there were errors; no registry got a request and no file was written. Warnings
 * are logged in either case, and so are errors where the log was open before.
 */
bool load_run(struct run *run, struct problems *problems);
/* What the options say is logged; a word that is no level goes to problems. */
enum log_level load_level(const struct options *options, struct problems *problems);
/*
 * The part of it that only reads: config, namespaces and rules of run are set as far as they can be
 * read, and all mistakes go to problems. Nothing is opened for writing.
 */
void load_read(struct run *run, struct problems *problems);
/*
 * Keeps the rules of this shard: every shard reports all mistakes, but only its own images. False
 * without memory.
 */
bool load_shard(struct run *run);
