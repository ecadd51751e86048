/*
 * The files of other programs that are read as they are: a table with one row for each form.
 *
 * A form is recognised by its shape, or named by --images-format. Each is translated into our own
 * two forms (translation.h), which are then read as if the user had written them.
 */
#pragma once

#include "config/foreign/translation.h"
#include "registry/credential.h"

struct form {
	const char *name; /* "regsync" */
	const char *title;
	/* True when the document has this form. NULL: it has no shape, and has to be named. */
	bool (*recognise)(const struct document *document);
	void (*translate)(struct translation *translation);
	bool places;   /* it says where images go, so that there is no --to */
	bool any_root; /* it need not be a mapping */
	bool logins;   /* it has logins, and may be given as an auth file */
};

/* The form of that name, NULL: there is none. */
const struct form *forms_named(struct str name);
/* The form that the document has; NULL: none of these. */
const struct form *forms_find(const struct document *document);
/* The name of the form with that number, from 0; NULL: there are no more. */
const char *forms_name(size_t number);

/*
 * Translates the document of translation, whose members up to backup_settled are set. False without
 * memory, as problems then say.
 */
bool forms_translate(const struct form *form, struct translation *translation);
/* Releases what is not in the arena. */
void forms_finish(struct translation *translation);
