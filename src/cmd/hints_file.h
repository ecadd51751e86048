/*
 * The file of hints that a run reads and writes (state/hints.h): read before the process gives up
 * what it does not need, written at the run's end. Whatever is wrong with it is a warning, since a
 * run without hints comes to the same result.
 */
#pragma once

#include "cmd/run.h"

/*
 * Fills run->hints if the options name a file, whose folder is made. A damaged file is kept beside
 * it as FILE.damaged. A dry run makes and changes nothing. False without memory.
 */
bool hints_file_open(struct run *run);
/* The file that hints_file_save() will replace; NULL: none. */
const char *hints_file_written(const struct run *run);
/* Replaces the file, unless this is a dry run. Of two runs at a time, the last one's hints stay. */
void hints_file_save(const struct run *run);
