/* The commands of imgsync: sync IMAGE, gcr and flannel. */
#pragma once

#include <stdbool.h>

/*
 * True for a program that is called imgsync, by whatever path, and for one whose first argument is
 * such a command.
 */
bool imgsync_called(int argc, char *const *argv);
/* Runs the command that argv names, and returns the exit status. */
int imgsync_run(int argc, char **argv);
