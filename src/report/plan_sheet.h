/*
 * A plan as data: what plan_json.h writes for apply, and plan_markdown.h for people. It is made of
 * the outcomes of a dry run and of what that found out besides (plan/survey.h).
 *
 * The same outcomes give the same sheet, whatever the order they came in. Plain records in an
 * arena; tasks and rules outlive them.
 */
#pragma once

#include "plan/survey.h"
#include "report/tally.h"

struct plan_row {
	enum planned_action action;
	const char *source, *destination; /* as in a report */
	const char *digest;               /* of the source; NULL only with PLANNED_FAILED */
	const char *before, *after;       /* of the destination; NULL: nothing; it stays */
	const char *tag;                  /* the one that CHANGE_RETAG chose; or NULL */
	const char *reason;               /* one word */
	const char *message;              /* with PLANNED_REFUSED and PLANNED_FAILED */
	size_t companions;                /* those that are missing */
	int64_t bytes;                    /* to be sent at most, unless an earlier row sends them */
	const struct task *task;          /* NULL: a rule that failed as a whole */
	unsigned shard;                   /* its group, with groups */
};

struct plan_group {
	size_t images;
	int64_t bytes;
};

struct plan_sheet {
	const char *program; /* that made it */
	struct plan_row *rows;
	size_t count;
	size_t totals[PLANNED_ACTIONS];
	int64_t bytes;
	bool referrers, signatures; /* rules ask for what is looked up again in an apply */
	struct plan_group *groups;
	unsigned group_count; /* 0: no groups were wanted */
};

/* False without memory. groups: the number of groups that are wanted, 0: none. */
bool plan_sheet_make(struct arena *arena, const struct tally *tally, const struct survey *survey,
		     unsigned groups, struct plan_sheet *out);
/* True when an apply would write something. */
bool plan_sheet_changes(const struct plan_sheet *sheet);
/* Appends the value for strategy.matrix: one entry for each group that has images. */
void plan_sheet_matrix(const struct plan_sheet *sheet, struct buf *out);
