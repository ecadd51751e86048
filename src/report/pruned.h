/*
 * What became of tags that a rule does not copy any more.
 *
 * Plain data. A record without a tag is about the whole repository: why nothing of it was removed.
 */
#pragma once

#include "base/buf.h"
#include "plan/task.h"

enum pruned_status { PRUNED_REMOVED, PRUNED_WOULD_REMOVE, PRUNED_LEFT, PRUNED_FAILED };

enum { PRUNED_STATUSES = PRUNED_FAILED + 1 };

struct pruned {
	struct reference name; /* host and repository, and the tag; no digest */
	const char *digest;    /* what the tag held; NULL: not known */
	const char *place;     /* of the rule's prune, "images.yaml:3:12" */
	const char *reason;    /* a short word, with left and failed; else NULL */
	const char *text;      /* why, with left and failed; else NULL */
	enum pruned_status status;
	const struct pruned *next; /* of a tally */
};

/* "removed", "would-remove", "left" or "failed". */
const char *pruned_status_name(enum pruned_status status);
/* Appends the record as a line of the log. */
void pruned_print(const struct pruned *pruned, struct buf *out);
