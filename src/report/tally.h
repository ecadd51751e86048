/*
 * The data of the report: every outcome, and their sums.
 *
 * Plain data that summary.c, report_json.c and image_lists.c read; report.c fills it and guards it.
 * Strings live in the report's arena; tasks and rules live as long as the run.
 */
#pragma once

#include "report/pruned.h"
#include "report/tally_list.h"

#include <stdbool.h>

struct tally {
	struct tally_list list; /* in the order they ended, until tally_list_sort() */
	size_t total;           /* images known so far */
	size_t copied, skipped, would_copy, failed;
	size_t unfinished;  /* failed images that a stop cut off, for no reason of their own */
	size_t in_sync;     /* skipped images that are in sync */
	size_t no_platform; /* skipped images of which a filter passed nothing */
	size_t too_new;     /* skipped images that are not old enough yet */
	size_t held;        /* skipped images that a list holds back */
	/* when the first of those that are too new will be old enough; 0: only a plan says so */
	int64_t first_ready;
	size_t missing; /* images to be copied because the destination has none */
	size_t differs; /* images to be copied because the destination has another one */
	/* images of which only signatures and the like would be copied; any others are forced */
	size_t unaccompanied;
	size_t companions; /* signatures and the like: copied, or missing in a dry run */
	size_t unlisted;   /* counted, but there was no memory for their record */
	int64_t bytes;     /* bytes uploaded for all images */
	/* sums of those of the outcomes */
	size_t blobs_copied, blobs_mounted, blobs_present, blobs_skipped;

	bool prune; /* the run may remove tags (--prune) */
	size_t pruned[PRUNED_STATUSES];
	const struct pruned *prunes; /* in their order */
	const struct pruned **prunes_end;

	bool brief; /* no JSON is wanted: images that are in sync are counted, not listed */
	struct terms general; /* terms of the options */

	/* These are known at the end of the run. */
	const char *shard; /* "0/4": other jobs have the rest; NULL: no shards */
	const char *plan;  /* the digest of the plan that was applied; NULL: there was none */
	const char *batch; /* "2 of 9": the same; NULL: no batches */
	bool dry_run;
	bool new_state;  /* no earlier run has stored when it saw images */
	size_t retried;  /* images, or rules, that failed and were tried again */
	int stopped;     /* cancel_reason(): why it ended early, 0: it did not */
	int64_t started; /* seconds since 1970 */
	int64_t milliseconds;
	int64_t requests_source, requests_target;
};

/* Counts image->outcome, and keeps a copy of *image and its texts unless tally->brief. */
void tally_add(struct tally *tally, struct arena *arena, const struct tally_image *image);
/* Counts image->outcome alone: there is no memory for more. */
void tally_miss(struct tally *tally, const struct tally_image *image);
/* Counts what became of a tag that is not copied any more, and copies it. False without memory. */
bool tally_add_pruned(struct tally *tally, struct arena *arena, const struct pruned *pruned);
/* The number of images with an outcome. */
size_t tally_done(const struct tally *tally);
/* The number of images that failed for a reason of their own. */
size_t tally_failed(const struct tally *tally);
/* The number of images without an outcome, because the run was stopped first. */
size_t tally_left(const struct tally *tally);
/* True when there was at least one image and platform filters left nothing of any. */
bool tally_all_filtered(const struct tally *tally);
/* True when nothing failed, pruning included, nothing is left, and not all was filtered away. */
bool tally_clean(const struct tally *tally);
/* "success", "partial", "failure" or "cancelled". */
const char *tally_result(const struct tally *tally);

/* True for an image that is in sync, or would be skipped because it is. */
bool tally_in_sync(const struct tally_image *image);
/* "copied", "skipped", "would-copy" or "failed". */
const char *tally_status(const struct tally_image *image);
/* The place of the image's rule, "images.yaml:3:1"; NULL: unknown. */
const char *tally_place(const struct tally_image *image);
/* Append one side of an image, as written in the report; of a rule, as the rule has it. */
void tally_source(const struct tally_image *image, struct buf *out);
void tally_destination(const struct tally_image *image, struct buf *out);
/* Why the image failed: never empty. */
const char *tally_failure(const struct tally_image *image);
/* The part of the failure that many images have in common and that is printed once; "" for none. */
const char *tally_shared(const struct tally_image *image);
/* The failure without that part. */
struct str tally_own(const struct tally_image *image);
/*
 * Appends the failure. What a server that is out of reach does to many images is in the log once,
 * so it is TALLY_SHARED here.
 */
void tally_short(const struct tally_image *image, struct buf *out);
#define TALLY_SHARED "its server takes no requests"
