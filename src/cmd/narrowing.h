/*
 * A run about images that somebody has named, instead of all that its rules mean: hooks, and what
 * they left in the queue of a server.
 */
#pragma once

#include "cmd/run.h"
#include "plan/narrow.h"
#include "report/tally.h"

struct narrowing;

/*
 * For a run about these images, each of which is named once. All of it outlives the run; arena is
 * that of the narrowing. NULL without memory.
 */
struct narrowing *narrowing_new(struct arena *arena, const struct narrow *narrow,
				const struct narrow_image *images, size_t count);
/* *narrowing may be NULL. */
void narrowing_free(struct narrowing **narrowing);
/* Gives the run the rules for its images. False without memory. */
bool narrowing_plan(struct run *run);
/* The tags that a rule of that run is about; NULL without memory. */
const struct narrow_tags *narrowing_tags(const struct run *run, const struct plan_rule *rule);

/* What a run has done about an image: the first failure decides. */
struct narrowing_result {
	bool found; /* some rule means its repository */
	bool done;  /* it is in sync now */
	bool failed;
	enum error_kind kind; /* with failed */
	const char *why;      /* the same; as long as the tally */
};

/*
 * Fills a result for each of the images, from the tally of the run once it is over. False without
 * memory.
 */
bool narrowing_results(const struct narrowing *narrowing, const struct tally *tally,
		       const struct narrow_image *images, size_t count,
		       struct narrowing_result *out);
