/* The completions of zsh (cmd/completion.h). */
#pragma once

#include "base/buf.h"

/* Appends the script. */
void completion_zsh(struct buf *out);
