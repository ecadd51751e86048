/*
 * Expands environment variables, $NAME and ${NAME}, in credentials and destinations.
 *
 * Pure: the variables come from a lookup that the caller provides.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* The source of values; NULL and "" both mean that a variable is not set. */
struct expand_lookup {
	const char *(*get)(void *ctx, const char *name);
	void *ctx;
	const char *advice; /* how to set a variable, for messages; NULL: "set it" */
};

enum expand_mode {
	EXPAND_CREDENTIAL,  /* a stray $ is part of a password and stays as written */
	EXPAND_DESTINATION, /* a stray $ is a mistake, and so is a secret */
};

/*
 * True when name has no small letter, as is usual for a variable. No other name is quoted from a
 * text that may be a password: in pa$word, "word" is part of the password.
 */
bool expand_quotable(struct str name);
/*
 * Replaces $NAME and ${NAME} in text, and $$ by $; *out is a string in arena. ERROR_CONFIG names
 * the variable and what to do, never a value or other parts of text. A runner's tokens for its own
 * services are refused, since a registry could only misuse them. In a destination, a variable is
 * refused if its value contains a registered secret or its name says that the value is one: image
 * names are sent to registries and written to logs and reports.
 */
bool expand_text(struct arena *arena, struct str text, enum expand_mode mode,
		 const struct expand_lookup *lookup, const char **out, struct error *err);
