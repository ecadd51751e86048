/* Whether a word of a free text names an image. Pure. */
#pragma once

#include "request/words.h"

/* How sure it is that a word names an image. */
enum sureness {
	SURE_NOT,
	SURE_IF_VALID, /* if it can be parsed */
	SURE,          /* a mistake in it is one of whoever wrote it */
};

/* asked: it stands behind a word that takes an image, such as `docker pull`. */
enum sureness guess_word(const struct text_word *word, bool asked);
/* True when the name begins with a registry, else it is one of Docker Hub. */
bool guess_has_host(struct str name);
/* Whether what follows the scheme of an address names an image of a well-known registry. */
bool guess_address(struct str name);
