/*
 * The forms of files that say what to copy and how to log in: a table with one row for each.
 *
 * A new form is a reader in the room it belongs to and a row in formats.c. Whether a file is YAML
 * or JSON does not depend on its form (document.h). Docker's login files are not here: they belong
 * to other programs, and are found, not given (auth/docker_files.h).
 */
#pragma once

#include "config/config.h"
#include "config/document.h"
#include "config/expand.h"
#include "config/fields.h"

/* The options that name such files; a plan is named by the command apply. */
enum formats_option { FORMATS_AUTH, FORMATS_IMAGES, FORMATS_CONFIG, FORMATS_PLAN };

/* The arguments of every reader. */
struct formats_reading {
	struct arena *arena;
	const struct document *document;
	const struct options *options;
	const struct expand_lookup *lookup;
	struct config *out;
	struct problems *problems;
};

struct format {
	const char *name; /* for people: "an images file of kyma's image-syncer" */
	enum formats_option option;
	/* True when the document has this form. NULL: it takes all that earlier rows do not. */
	bool (*recognise)(const struct formats_reading *reading);
	/* Reads the document into reading->out. Mistakes go to problems. */
	void (*read)(const struct formats_reading *reading);
	const char *word;                  /* its name for --images-format; or NULL */
	const char *title;                 /* what fields are those of, for --help; or NULL */
	const struct fields_table *fields; /* with title */
};

/* True when reading the document in its form keeps nothing of its tree and text. */
bool formats_copies(const struct formats_reading *reading, enum formats_option option);
/* True for a name that --images-format takes; else all such names are appended to names. */
bool formats_named(const char *name, struct buf *names);
/*
 * The row of the form that --images-format names, else the first row for the option that takes the
 * document; there always is one.
 */
const struct format *formats_find(const struct formats_reading *reading,
				  enum formats_option option);
/* True when that is the form of another program, which is read as it is. */
bool formats_is_foreign(const struct formats_reading *reading, enum formats_option option);
/* Appends the fields of the files that option names. No line is longer than 80 columns. */
void formats_fields(enum formats_option option, struct buf *out);
