/*
 * The forms in which a file says what is copied, and who we are: a table with one row for each.
 *
 * A new form is a reader in the room it belongs to and a row in formats.c. Whether a file is YAML
 * or JSON is not a matter of its form (document.h). The login files of docker are not here: they
 * are other programs' and found, not given (auth/docker_files.h).
 */
#pragma once

#include "config/config.h"
#include "config/document.h"
#include "config/expand.h"

/* The options that name such files. */
enum formats_option { FORMATS_AUTH, FORMATS_IMAGES, FORMATS_CONFIG };

/* What is read, with what, and where it goes. */
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
	/* Whether the document has this form; NULL: whatever no row before this one takes. */
	bool (*recognise)(const struct formats_reading *reading);
	/* Sets what the form says in reading->out. Mistakes go to problems. */
	void (*read)(const struct formats_reading *reading);
};

/* The first row for the option that takes the document; there is one for each document. */
const struct format *formats_find(const struct formats_reading *reading,
				  enum formats_option option);
