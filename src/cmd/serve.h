/* The command serve: syncs by the clock, until it is stopped. */
#pragma once

#include "cmd/jobs.h"
#include "config/serve/serve_options.h"

/* Runs the command; argv[0] is its name. Returns the exit status, see docs/serve.md. */
int serve_run(int argc, char **argv);
/*
 * Reads what the command line says of a server into *out, and sets the time zone. What is wrong
 * with it goes to problems.
 */
void serve_judge(struct arena *arena, const struct serve_options *given,
		 const struct options *options, struct jobs_default *out,
		 struct problems *problems);
