/*
 * The images of a run as the summary of a job shows them: by what happened to them, by repository,
 * and by version.
 *
 * Plain data in the caller's arena. Failed images are not among them.
 */
#pragma once

#include "report/tally.h"

/* What happened to an image, or would happen; also the order in which they are shown. */
enum step_kind {
	STEP_NEW,
	STEP_UPDATED,
	STEP_REFERRERS, /* only signatures and the like */
	STEP_FORCED,    /* was in sync */
	STEP_CHANGES,   /* the number of the kinds above, which are changes */
	STEP_NO_PLATFORM = STEP_CHANGES,
	STEP_TOO_NEW,
	STEP_HELD,
	STEP_KEPT, /* on-change: skip */
	STEP_IN_SYNC,
	STEP_KINDS,
};

struct step_image {
	enum step_kind kind;
	const struct task *task;
	struct str tag; /* at the destination */
	const struct tally_record *record;
};

struct step_images {
	const struct step_image *items; /* sorted */
	size_t count;
	size_t of[STEP_KINDS]; /* images of each kind, also those that are not listed */
	size_t others;         /* changes whose kind is unknown for want of memory */
};

/* Collects the images of a run that did not fail. False without memory. */
bool step_images_collect(struct arena *arena, const struct tally *tally, struct step_images *out);
/* The first image behind at that is of another kind, or has another source or destination. */
size_t step_images_group(const struct step_images *images, size_t at);
/* The number of all changes. */
size_t step_images_changes(const struct step_images *images);
