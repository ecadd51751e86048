/*
 * What to do with layers that may not be distributed (foreign, nondistributable), as in images of
 * Windows: the words of --foreign and of foreign in a rule.
 */
#pragma once

#include "base/str.h"

enum foreign_policy {
	FOREIGN_UNSAID, /* not given; only until the configuration is settled */
	FOREIGN_SKIP,   /* they are left out, and the log says so */
	FOREIGN_COPY,   /* they are copied like others, if necessary from their own URLs */
	FOREIGN_FAIL,   /* an image that has one fails, and nothing of it is written */
};

/* Reads one of the words. False: text is none. */
bool foreign_parse(struct str text, enum foreign_policy *out);
/* The word of a policy; "" for FOREIGN_UNSAID. */
const char *foreign_name(enum foreign_policy policy);
