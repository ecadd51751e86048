/*
 * What the report knows: every outcome, and their sums.
 *
 * Plain data that summary.c, report_json.c and image_lists.c read; report.c fills it and guards it.
 * Strings live in the arena of the report, tasks and rules with the run.
 */
#pragma once

#include "report/tally_list.h"

#include <stdbool.h>

struct tally {
	struct tally_list list; /* in the order they ended, until tally_list_sort() */
	size_t total;           /* images known of */
	size_t copied, skipped, would_copy, failed;
	size_t in_sync;       /* of those skipped */
	size_t no_platform;   /* of those skipped: a filter let nothing of them pass */
	size_t missing;       /* of those that would be copied: the destination has nothing there */
	size_t differs;       /* of the same: the destination has something else */
	size_t unaccompanied; /* of the same: only signatures and the like; the rest is forced */
	size_t companions;    /* signatures and the like: copied, or missing in a dry run */
	size_t unlisted;      /* counted, but there was no memory for their record */
	int64_t bytes;        /* uploaded for all of them */
	size_t blobs_copied, blobs_mounted, blobs_present, blobs_skipped; /* as in an outcome */

	bool brief; /* no JSON is wanted: images that are in sync are counted, not listed */
	struct terms general; /* of the options */

	/* Known at the end of the run. */
	const char *shard; /* "0/4": the rest is for other jobs; NULL: this run is all */
	bool dry_run;
	size_t retried;  /* images, or rules, that were tried again after they had failed */
	int stopped;     /* cancel_reason(): why it ended early, 0: it did not */
	int64_t started; /* seconds since 1970 */
	int64_t milliseconds;
	int64_t requests_source, requests_target;
};

/* Counts image->outcome, and keeps a copy of *image and its texts unless tally->brief. */
void tally_add(struct tally *tally, struct arena *arena, const struct tally_image *image);
/* Images that have an outcome. */
size_t tally_done(const struct tally *tally);
/* Images without an outcome: the run was stopped before. */
size_t tally_left(const struct tally *tally);
/* True when a platform filter left nothing of any image, of which there was one at least. */
bool tally_all_filtered(const struct tally *tally);
/* True when nothing failed, nothing is left, and not everything was filtered away. */
bool tally_clean(const struct tally *tally);
/* "success", "partial", "failure" or "cancelled". */
const char *tally_result(const struct tally *tally);

/* "copied", "skipped", "would-copy" or "failed". */
const char *tally_status(const struct tally_image *image);
/* Where the image's rule stands, "images.yaml:3:1"; NULL: unknown. */
const char *tally_place(const struct tally_image *image);
/* Append one side of an image, as written in the report; of a rule, as the rule has it. */
void tally_source(const struct tally_image *image, struct buf *out);
void tally_destination(const struct tally_image *image, struct buf *out);
/* Why the image failed: never empty. */
const char *tally_failure(const struct tally_image *image);
/* The part of that which is the same for many images and is said once; "" for none. */
const char *tally_shared(const struct tally_image *image);
/* What is left without it; where it is to be said shorter, TALLY_SHARED follows. */
struct str tally_own(const struct tally_image *image);
#define TALLY_SHARED "its server was given up"
