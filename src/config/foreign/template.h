/*
 * Go templates in the files of other programs, as far as they have a counterpart: {{env "NAME"}} is
 * a variable here, {{file "PATH"}} the file of a login. Everything else is refused with its place,
 * since what it would become cannot be known.
 */
#pragma once

#include "config/foreign/translation.h"

enum template_use {
	TEMPLATE_SOURCE,      /* variables are replaced at once */
	TEMPLATE_DESTINATION, /* they become ${NAME} */
	TEMPLATE_CREDENTIAL,  /* the same, and {{file}} may be all of the text */
};

/*
 * The text of node, which is of that use. NULL with a refusal, or without memory. For a text that
 * is {{file "PATH"}} the result is the path and *file is true; file may be NULL for other uses.
 */
struct node *template_read(struct translation *translation, const struct node *node,
			   enum template_use use, bool *file);
/* True when text has a template. */
bool template_in(struct str text);
