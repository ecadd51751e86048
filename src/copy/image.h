/*
 * One image under way: its task, what both sides hold, what is to be done, and what came of it.
 *
 * compare.h and drift.h fill it in before anything is copied, in the thread that runs the image
 * alone; from then on all but the counters and flags is read by many threads. Private to copy/.
 */
#pragma once

#include "base/map.h"
#include "copy/copier_private.h"
#include "oci/digest.h"

#include <stdatomic.h>

enum image_todo {
	IMAGE_LEAVE, /* nothing is written; the outcome says why */
	IMAGE_KEEP,  /* the tag holds it already: only what belongs to it may be missing */
	IMAGE_PUSH,
};

/* Where the image goes, and what is there. */
struct image_target {
	const char *tag;  /* the task's, or that of CHANGE_RETAG; NULL: it goes by its digest */
	const char *held; /* the digest that is there; NULL: none */
	bool fresh;       /* the task's tag holds nothing: asking for parts would be wasted */
	bool guarded;     /* drift_check() comes before the tag is written */
	char moved[DIGEST_TEXT_SIZE]; /* what it came to hold meanwhile; "": as expected */
};

struct image {
	struct copier *copier;
	struct arena *arena; /* lives as long as the image, for the thread that runs it alone */
	const struct task *task;
	struct outcome *outcome;
	const struct store *from, *to;
	struct slots_lane *lane;              /* of this pair of registries, or NULL */
	struct shared_source *shared;         /* what other tasks know of its source, or NULL */
	struct fanout_member member;          /* of those that go elsewhere */
	const struct platform_filter *filter; /* NULL: none */
	bool judged;                          /* the filter has seen all the platforms that pass */
	const struct companion_filter *companions; /* NULL: none are wanted */
	enum foreign_policy foreign; /* what becomes of layers that may not be distributed */
	const char *pinned;          /* the source's digest */
	const char *wanted; /* what the target is to hold; NULL: no platform of it passes */
	struct image_target target;
	enum image_todo todo;
	const char *renewed; /* what the source's tag was found to be by another look, or NULL */
	atomic_bool lost;    /* the source misses something that it named itself */
	/*
	 * digest -> struct manifest read or made already; fixed while copying. What stays in it
	 * lives in arena; NULL: taken back.
	 */
	struct map known;
	atomic_uint copied, mounted, present, skipped; /* blobs */
	_Atomic int64_t bytes;                         /* uploaded */
};

/* As copier_run(). */
void image_run(struct copier *copier, struct arena *arena, const struct task *task,
	       struct outcome *outcome);
