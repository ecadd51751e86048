/* The completions of bash (cmd/completion.h). */
#pragma once

#include "base/buf.h"

/* Appends the script. */
void completion_bash(struct buf *out);
