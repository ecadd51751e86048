/*
 * The two records everything speaks of: a task says which image goes where, an outcome how it went.
 *
 * plan/ makes tasks, copy/ turns each into one outcome, report/ tells about outcomes. Plain data:
 * a task is immutable once planned and lives as long as the run.
 */
#pragma once

#include "base/error.h"
#include "config/change.h"
#include "oci/companion.h"
#include "oci/platform.h"
#include "oci/public_key.h"

#include <stdint.h>

/* What all tasks of a rule have in common. */
struct task_terms {
	const char *place;                         /* "images.yaml:3:1", where the rule stands */
	const struct platform_filter *platforms;   /* NULL: everything */
	const struct platform_filter *required;    /* an image for each of its platforms; or NULL */
	const struct companion_filter *companions; /* NULL: the image alone */
	const struct public_key *signer;           /* NULL: need not be signed */
	const char *pinned_tag; /* of the source, a digest: warn if it is another; NULL: do not */
	enum change_policy on_change; /* never CHANGE_UNSAID */
};

/* Of these there may be a hundred thousand. */
struct task {
	struct reference source;
	struct reference destination;
	const struct task_terms *terms;
};

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
	const char *tag;        /* of the destination, when it is not the task's (retag) */
	int64_t bytes;          /* uploaded */
	unsigned blobs_copied;  /* sent by this run for this image */
	unsigned blobs_mounted; /* taken from another repository of the same registry */
	unsigned blobs_present; /* were there already */
	size_t companions;      /* signatures and the like: copied, or missing in a dry run */
	size_t platforms_kept;  /* images that a platform filter let pass, */
	size_t platforms;       /* of so many; 0: there was no filter, or no need to look */
	bool source_moved;      /* while it was copied, the source's tag went to another image */
	int64_t milliseconds;   /* from start to end of this image */
	const char *warning;    /* what is odd about it, whatever its status; NULL: nothing */
	enum error_kind error_kind; /* with OUTCOME_FAILED */
	unsigned error_shared;      /* bytes at the end of error_text that are said once for many */
	const char *error_text;     /* with OUTCOME_FAILED, else NULL */
	int retry_after;            /* with OUTCOME_FAILED: seconds the server asked for, or < 0 */
};
