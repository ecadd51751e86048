/*
 * The two records everything speaks of: a task says which image goes where, an outcome how it went.
 *
 * plan/ makes tasks, copy/ turns each into one outcome, report/ tells about outcomes. Plain data:
 * a task is immutable once planned and lives as long as the run.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "config/rules/rule.h"
#include "oci/reference.h"

#include <stdint.h>

/* Of these there may be a hundred thousand. */
struct task {
	struct reference source;
	struct reference destination;
	const struct rule *rule; /* where it comes from, and how it is to be copied */
};

/*
 * The repository where the task's referrers are as well, as its rule says: host and repository; all
 * NULL: nowhere. plan_parse() has found that it has a name, so only memory can be lacking.
 */
bool task_referrers(struct arena *arena, const struct task *task, struct reference *out,
		    struct error *err);

enum outcome_status {
	OUTCOME_COPIED,
	OUTCOME_SKIPPED,
	OUTCOME_WOULD_COPY, /* --dry-run */
	OUTCOME_FAILED,
};

struct outcome {
	enum outcome_status status;
	const char *reason;     /* a short static word: "in-sync", "missing", "no-platform", ... */
	const char *digest;     /* of the source; NULL when it never became known */
	const char *before;     /* what the destination's tag held, if another image; or NULL */
	const char *after;      /* what was written, if a filter made it of the source; or NULL */
	const char *tag;        /* of the destination, when it is not the task's (retag) */
	int64_t bytes;          /* uploaded */
	unsigned blobs_copied;  /* sent by this run for this image */
	unsigned blobs_mounted; /* taken from another repository of the same registry */
	unsigned blobs_present; /* were there already */
	unsigned blobs_skipped; /* layers that may not be distributed, left out */
	size_t companions;      /* signatures and the like: copied, or missing in a dry run */
	size_t platforms_kept;  /* images that a platform filter let pass, */
	size_t platforms;       /* of so many; 0: there was no filter, or no need to look */
	int64_t ready;          /* too new: when it will be old enough, in seconds since 1970 */
	bool source_moved;      /* while it was copied, the source's tag went to another image */
	int64_t milliseconds;   /* from start to end of this image */
	const char *warning;    /* what is odd about it, whatever its status; NULL: nothing */
	enum error_kind error_kind; /* with OUTCOME_FAILED */
	unsigned error_shared;      /* bytes at the end of error_text that are said once for many */
	const char *error_text;     /* with OUTCOME_FAILED, else NULL */
	int retry_after;            /* with OUTCOME_FAILED: seconds the server asked for, or < 0 */
};
