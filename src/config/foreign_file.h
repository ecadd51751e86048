/*
 * Files of other programs that somebody may give as rules or logins: they are recognised by their
 * form, so that one message can say what they are and what to do, instead of one for each field.
 */
#pragma once

#include "config/document.h"

/* The option that the file was given to. */
enum foreign_file_use { FOREIGN_FILE_IMAGES, FOREIGN_FILE_AUTH };

/* True when the document has a form that is known and that no reader takes. */
bool foreign_file_recognise(const struct document *document, enum foreign_file_use use);
/* Adds the one problem of such a document. */
void foreign_file_refuse(struct arena *arena, const struct document *document,
			 enum foreign_file_use use, struct problems *problems);
