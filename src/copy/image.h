/*
 * One image under way: its task, what both sides hold, what is to be done, and the outcome.
 *
 * compare.h and drift.h fill it in before anything is copied, while only the thread that runs the
 * image uses it. From then on many threads read it, and write only the counters and flags. Private
 * to copy/.
 */
#pragma once

#include "base/map.h"
#include "copy/copier_private.h"
#include "oci/digest.h"

#include <stdatomic.h>

enum image_todo {
	IMAGE_LEAVE, /* nothing is written; the outcome says why */
	IMAGE_KEEP,  /* the tag already holds the image: only its companions may be missing */
	IMAGE_PUSH,  /* the image is copied and its tag written */
};

/* The image's tag at the target, and what it holds. */
struct image_target {
	const char *tag;  /* the task's, or that of CHANGE_RETAG; NULL: it is pushed by digest */
	const char *held; /* the digest that the tag holds; NULL: none */
	bool fresh;       /* the task's tag does not exist, so the target is not asked for parts */
	bool guarded;     /* drift_check() is called before the tag is written */
	char moved[DIGEST_TEXT_SIZE]; /* what another client has put there since; "": nothing */
};

struct image {
	struct copier *copier;
	struct arena *arena; /* lives as long as the image; only the thread that runs it uses it */
	const struct task *task;
	struct outcome *outcome;
	const struct store *from, *to;
	struct image
		*outside; /* itself, with referrers from outside (companions/outside.h); or NULL */
	struct slots_lane *lane;      /* the lane of its two registries, or NULL */
	struct shared_source *shared; /* the source it shares with other tasks, or NULL */
	struct tagging_entry tagging; /* its tag, in the list of those that are pushed together */
	struct fanout_member member;  /* its entry in the group of images from that source */
	const struct platform_filter *filter;      /* NULL: there is none */
	bool judged;                               /* the filter has seen all platforms that pass */
	const struct companion_filter *companions; /* NULL: companions are not copied */
	enum foreign_policy foreign; /* how layers that may not be distributed are treated */
	const char *pinned;          /* the source's digest */
	int64_t seen;                /* when the state first saw it there; 0: not known */
	const char *wanted; /* the digest the target is to hold; NULL: no platform of it passes */
	struct image_target target;
	enum image_todo todo;
	const char *renewed; /* the source's digest after its tag was looked up again, or NULL */
	atomic_bool lost;    /* the source lacks something that it named itself */
	atomic_bool sized;   /* all blobs are known (sizing.h) */
	/*
	 * Manifests that were read or made: digest -> struct manifest, in arena unless they are
	 * removed again, which leaves NULL. Not changed while copying.
	 */
	struct map known;
	atomic_uint copied, mounted, present, skipped; /* numbers of blobs */
	_Atomic int64_t bytes;                         /* bytes uploaded */
};

/* Like copier_run(). */
void image_run(struct copier *copier, struct arena *arena, const struct task *task,
	       struct outcome *outcome);
