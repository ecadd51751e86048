/* image-syncer report merge FILE...: one report of those of several jobs. */
#pragma once

/* Runs the command. argv[0] is its name. Returns the exit status. */
int merge_run(int argc, char **argv);
