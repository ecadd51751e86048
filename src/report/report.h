/*
 * Collects what happened and reports it: while it happens, at the end, and for machines.
 *
 * On a terminal there is the live display (display.h), elsewhere one log line per image; at the end
 * a summary on stderr (summary.h), the JSON report (report_json.h), the lists of copied and of
 * failed images (image_lists.h), and imgsync's report on stdout (levels.h). report_plan(),
 * report_outcome() and report_rule_failed() are for any thread, the others for the one that owns
 * the report. The report ends before its progress does.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"
#include "plan/progress.h"
#include "report/lines.h"
#include "report/pruned.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct action;
struct report;
struct tally;

/* Figures that other threads may read while the run is under way. */
struct report_live {
	atomic_size_t images; /* known so far */
	atomic_size_t copied, in_sync, failed;
	_Atomic int64_t bytes;
};

struct report_options {
	const char *json_path;    /* --report: a file, "-" for stdout, NULL for none */
	const char *success_path; /* --output-success-images: the same */
	const char *failed_path;  /* --output-failed-images: the same */
	/* terms of the options, which a run with the lists is expected to have again */
	const struct terms *terms;
	/* the runner to report to, if this is a step of a job; or NULL */
	const struct action *action;
	struct report_live *figures; /* NULL: nobody looks */
	int level;                   /* of the report in imgsync's words, on stdout; 0: none */
	const char *level_title;     /* what that report is about; with level */
	const char *program;         /* "image-syncer/1.2.3" */
	const char *shard;           /* --shard: "0/4", or NULL */
	const char *plan;            /* the digest of the plan that is applied; or NULL */
	const struct plan_files *planning; /* NULL: no plan is written */
	bool images_json; /* --output-images-format: these two in JSON, else YAML */
	bool whole;       /* report_tally() has images that are in sync as well */
	bool answers;     /* standard output gets something else, so no line of the report */
	bool prune;       /* tags may be removed */
	bool dry_run;
	bool quiet;       /* the summary says only what has failed, where the log does not */
	bool live;        /* stderr is a terminal and can have the live display */
	enum lines lines; /* --progress */
	/* the log does not go to stderr, so it gets its lines even with the live display */
	bool log_in_file;
};

/*
 * The clock of the run starts here. The options are copied, except the paths; TERM and NO_COLOR are
 * honoured. NULL without memory.
 */
struct report *report_new(const struct report_options *options, struct progress *progress);
/* Also ends the display when report_finish() was never reached. *report may be NULL. */
void report_free(struct report **report);

/* The run is batch number of so many. */
void report_batch(struct report *report, size_t number, size_t batches);
/* No earlier run has stored a state, so every image counts as new. */
void report_new_state(struct report *report);
/* Adds images to the total; each must get one report_outcome(). */
void report_plan(struct report *report, size_t images);
/*
 * The final outcome of one image, of the last round that tried it. The task is kept by reference,
 * the outcome is copied.
 */
void report_outcome(struct report *report, const struct task *task, const struct outcome *outcome);
/*
 * Reports a rule whose images never became known, for example because its tags could not be listed.
 * It counts as one more failed image; report_plan() must not count it. The rule is kept by
 * reference, the error is copied.
 */
void report_rule_failed(struct report *report, const struct rule *rule, const struct error *why);

/* What became of a tag that no rule copies any more. All is copied. */
void report_pruned(struct report *report, const struct pruned *pruned);
/* Counts images, or rules, that failed for the first time and are tried again. */
void report_retry(struct report *report, size_t images);

/*
 * Ends the display, writes the JSON, the lists and the summary, which ends on stderr. reason is
 * cancel_reason(), 0: nobody stopped the run. False: a file could not be written or is not
 * complete; *err is about the first such file, and the log names the others.
 */
bool report_finish(struct report *report, int reason, struct error *err);
/* The figures and images, after report_finish(). */
const struct tally *report_tally(const struct report *report);
/*
 * 0 when every image is in sync (or would be, in a dry run), 1 when one is not or when platform
 * filters left nothing of any image; cancel_status(reason) when the run was stopped. Call it after
 * the last outcome.
 */
int report_exit_code(const struct report *report, int reason);
