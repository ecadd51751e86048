/*
 * Joins reports of several runs into one (docs/schema/report.json). Images are copied as they are
 * written, figures are added up.
 *
 * Pure: texts in, a text out. The parts outlive the merge, which is one struct to be read.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "doc/node.h"

enum { MERGE_SHARDS_MAX = 1000 };

/* A report, and what merge_read() finds in it. */
struct merge_part {
	const char *name; /* for messages: its file */
	struct str text;
	const struct node *root; /* of text, as JSON */
	struct str shard, plan;  /* empty: it has none */
	int64_t index, of;       /* of the shard */
	bool dry_run, done;      /* done: it says success, and has all its images */
	const struct node *images;
};

struct merging {
	const struct merge_part *parts;
	size_t count;
	int64_t of;      /* shards that there are; 0: the parts are no shards */
	int64_t missing; /* those of them without a part */
};

/*
 * Checks all parts, and sorts them by their shards. ERROR_CONFIG, "FILE:line:column: what is
 * wrong": one is no report, or they are no parts of one whole: other plans, another number of
 * shards, a shard or an image twice.
 */
bool merge_read(struct merge_part *parts, size_t count, struct merging *out, struct error *err);
/* Appends the report of all parts. */
void merge_write(const struct merging *merge, struct buf *out);
/* True when every image of every shard is in sync. */
bool merge_complete(const struct merging *merge);
/* Appends the names of the shards that are missing, "2/4, 3/4". */
void merge_missing(const struct merging *merge, struct buf *out);
