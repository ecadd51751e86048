/*
 * What becomes of layers that may not be distributed (foreign, nondistributable), as images of
 * Windows have them: the words of --foreign and of foreign in a rule.
 */
#pragma once

#include "base/str.h"

enum foreign_policy {
	FOREIGN_UNSAID, /* nobody said; until the configuration is settled */
	FOREIGN_SKIP,   /* they are left out, and the log says so */
	FOREIGN_COPY,   /* they are copied like others, if need be from where they point to */
	FOREIGN_FAIL,   /* an image that has one fails, and nothing of it is written */
};

/* Reads one of the words. False: text is none. */
bool foreign_parse(struct str text, enum foreign_policy *out);
/* The word of a policy; "" for FOREIGN_UNSAID. */
const char *foreign_name(enum foreign_policy policy);
