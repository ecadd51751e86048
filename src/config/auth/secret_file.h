/* Files that hold one secret: a password, a token, a key. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "config/problem.h"

/*
 * The text of the file that --option names, "-": standard input, without the blanks at its end.
 * NULL with a problem: it cannot be read, is empty, holds no text or more than 64 KiB. The caller
 * registers it as a secret.
 */
const char *secret_file_read(struct arena *arena, const char *option, const char *path,
			     struct problems *problems);
/* The same for a file that no option names. NULL: err says why. */
const char *secret_file_text(struct arena *arena, const char *path, struct error *err);
