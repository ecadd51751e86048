/* The command serve: syncs by the clock, until it is stopped. */
#pragma once

/* Runs the command; argv[0] is its name. Returns the exit status, see docs/serve.md. */
int serve_run(int argc, char **argv);
