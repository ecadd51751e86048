/*
 * The lists of tags of the sources, each read once, however many rules begin with it: a rule with
 * several destinations is several rules by now. Any thread.
 */
#pragma once

#include "plan/plan.h"
#include "registry/registry.h"

struct listings;

/* The rules that are going to be expanded; they must outlive it. NULL without memory. */
struct listings *listings_new(const struct plan_rule *rules, size_t count);
/* *listings may be NULL. */
void listings_free(struct listings **listings);

/*
 * As tags_list() of the source, which repository names. The tags are valid as long as arena, and
 * until listings_done() of a rule that wants them. A failure is shared by those who waited for it;
 * whoever comes later asks anew.
 */
bool listings_tags(struct listings *listings, const struct repository *repository,
		   const struct reference *source, struct arena *arena, const char *const **tags,
		   size_t *count, struct error *err);
/* The rule was expanded: it needs the list of its source no more. */
void listings_done(struct listings *listings, const struct plan_rule *rule);
