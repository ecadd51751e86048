/*
 * Variables of the environment in credentials and destinations: $NAME and ${NAME}.
 *
 * Pure: the variables come from a lookup that the caller provides.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* Where values come from; NULL and "" both mean that there is none. */
struct expand_lookup {
	const char *(*get)(void *ctx, const char *name);
	void *ctx;
	const char *advice; /* how a variable is set; NULL: there is no more to say than "set it" */
};

enum expand_mode {
	EXPAND_CREDENTIAL,  /* a stray $ is part of a password: kept as written */
	EXPAND_DESTINATION, /* a stray $ is a mistake, and so is a secret */
};

/*
 * True when name is written as variables are, in capitals. Of a text that may be a password no
 * other name is quoted: pa$word has none in it.
 */
bool expand_quotable(struct str name);
/*
 * Replaces $NAME and ${NAME} in text, and $$ by $; *out is a string in arena. ERROR_CONFIG names
 * the variable and what to do, never a value or other parts of text. The tokens of a runner for
 * its own services are refused: no registry has a use for them but to misuse them. In a destination
 * every variable is refused whose value is a registered secret or contains one, or whose name says
 * that it is one: names of images are sent to registries, and written to logs and reports.
 */
bool expand_text(struct arena *arena, struct str text, enum expand_mode mode,
		 const struct expand_lookup *lookup, const char **out, struct error *err);
