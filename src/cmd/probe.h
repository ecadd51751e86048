/* The command probe: what registries answer, and why not. */
#pragma once

/* Runs the command; argv[0] is its name. Returns the exit status, see README.md. */
int probe_run(int argc, char **argv);
