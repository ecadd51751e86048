/*
 * What to do when a destination tag holds another image than the source: the words of --on-change
 * and of on-change in a rule.
 */
#pragma once

#include "base/str.h"

enum change_policy {
	CHANGE_UNSAID,    /* not given; only until the configuration is settled */
	CHANGE_OVERWRITE, /* the tag is moved to the source's image */
	CHANGE_FAIL,      /* the image fails, nothing is written */
	CHANGE_SKIP,      /* the image is skipped, nothing is written */
	CHANGE_RETAG,     /* the tag stays; the image goes under a tag with its digest in it */
};

/* Reads one of the words. False: text is none. */
bool change_parse(struct str text, enum change_policy *out);
/* The word of a policy; "" for CHANGE_UNSAID. */
const char *change_name(enum change_policy policy);
