/* --version and --help, and the name that servers see. */
#pragma once

#include "base/buf.h"

/* "image-syncer/1.2.3", for the User-Agent header. */
extern const char about_user_agent[];
/* Appends what --version prints: the version and the libraries it was built with. */
void about_version(struct buf *out);
