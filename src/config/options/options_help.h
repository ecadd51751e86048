/* What --help prints: options.def as text, and what else a user must know to start. */
#pragma once

#include "base/buf.h"

/* Appends the options and variables; no line is longer than 80 columns. */
void options_help(struct buf *out);
/* Appends the variables alone. */
void options_help_environment(struct buf *out);
/* Appends what comes last. */
void options_help_end(struct buf *out);
/* Appends left in its column, and right beside it, or below it if left is too long. */
void options_help_row(struct buf *out, const struct buf *left, struct str right);
