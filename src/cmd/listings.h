/*
 * The sources' lists of tags, each read once, however many rules have the source: a rule with
 * several destinations is several rules by now. Any thread.
 */
#pragma once

#include "plan/plan.h"
#include "store/store.h"

struct listings;

struct run;

/* For the rules of the run, which are to be expanded, by its stores. NULL without memory. */
struct listings *listings_new(const struct run *run);
/* *listings may be NULL. */
void listings_free(struct listings **listings);

/*
 * All tags of source. They are valid as long as arena, and until listings_done() for a rule that
 * needs them. A failure is shared with the threads that waited for it; a later call requests the
 * list again.
 */
bool listings_tags(struct listings *listings, const struct reference *source, struct arena *arena,
		   struct tag_list *out, struct error *err);
/* The rule was expanded and no longer needs the list of its source. */
void listings_done(struct listings *listings, const struct plan_rule *rule);
