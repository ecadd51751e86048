/* The completions of fish (cmd/completion.h). */
#pragma once

#include "base/buf.h"

/* Appends the script. */
void completion_fish(struct buf *out);
