/* --version and --help, and the name that servers see. */
#pragma once

#include "base/buf.h"

/* "image-syncer/1.2.3", for the User-Agent header. */
extern const char about_user_agent[];
/* "1.2.3" */
extern const char about_number[];
/* Appends what --version prints: the version and the libraries it was built with. */
void about_version(struct buf *out);
/* Prints what text appends to a buffer, on standard output. Returns the exit status of that. */
int about_print(void (*text)(struct buf *out));
/* Prints text on standard output. Returns the exit status of that. */
int about_write(const struct buf *text);
