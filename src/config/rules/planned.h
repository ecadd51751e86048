/*
 * What a plan says of an image beside source, destination and terms: what both sides held when it
 * was made, and what was to be done. plan_file.h reads it, copy/judge/pinned.h compares it with
 * what is found.
 */
#pragma once

#include "base/str.h"
#include "config/rules/change.h"

enum { PLANNED_VERSION = 1, PLANNED_SHARDS_MAX = 1000 };

enum planned_action {
	PLANNED_COPY,    /* something is missing at the destination */
	PLANNED_NONE,    /* both sides hold the same */
	PLANNED_SKIPPED, /* a policy, a platform filter, its age or a list leaves the image out */
	PLANNED_REFUSED, /* a policy or a requirement forbids the copy */
	PLANNED_FAILED,  /* it could not be compared: no image of a plan, but of its failures */
	PLANNED_ACTIONS,
};

struct planned {
	enum planned_action action;
	const char *reason;       /* a static word, as in an outcome */
	const char *message;      /* with PLANNED_REFUSED: why */
	const char *before;       /* the digest that the destination held; NULL: none */
	const char *after;        /* the digest that it is to hold; NULL: it stays as it is */
	int64_t bytes;            /* to be sent at most */
	unsigned shard;           /* the group it is in, if the plan has groups */
	enum change_policy moved; /* if the destination has changed since; CHANGE_UNSAID: fail */
};

/* "copy", "none", "skipped", "refused" or "failed". */
const char *planned_name(enum planned_action action);
/* Reads the name of an action that an image of a plan can have. */
bool planned_named(struct str name, enum planned_action *out);
/* The static word for a reason that goes with the action; NULL: there is no such reason. */
const char *planned_reason(enum planned_action action, struct str text);
/* What an image weighs in a group of images: its bytes, and the time that its requests take. */
int64_t planned_weight(enum planned_action action, int64_t bytes);
