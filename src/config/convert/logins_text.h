/* The logins of a file without its secrets, as an auth file. */
#pragma once

#include "config/foreign/translation.h"

/* Registers the secrets that are written in the file. */
void logins_text_hide(const struct translation *translation);
/* True when a comment about that line of the file is one about logins. */
bool logins_text_has(const struct translation *translation, int line);
/*
 * The mapping for an auth file. A secret that is written in the file becomes ${NAME}, which notes
 * tell to be set. NULL without memory.
 */
struct node *logins_text_make(struct translation *translation, struct problems *notes);
