/* The command check: says what is wrong with the files of a run, without any network. */
#pragma once

/* Runs the command; argv[0] is its name. Returns the exit status, see README.md. */
int check_run(int argc, char **argv);
