/* image-syncer help [TOPIC], and image-syncer --help. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

/* True for the first word of a command line that is this command. */
bool help_named(const char *word);
/* Prints what argv[1] asks for, or all options. Returns the exit status. */
int help_run(int argc, char **argv);
/* Appends the options, the fields of files, examples, and where there is more. */
void help_options(struct buf *out);
