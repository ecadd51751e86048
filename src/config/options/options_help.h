/* What --help prints: options.def as text, and what else a user must know to start. */
#pragma once

#include "base/buf.h"

/* Appends the text; no line is longer than 80 columns. */
void options_help(struct buf *out);
