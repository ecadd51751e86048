/*
 * One repository in which tags are pruned: what goes is worked out completely, with all that other
 * tags still need, before the first tag is removed.
 */
#pragma once

#include "cmd/run.h"
#include "plan/prune.h"

struct prune_repository {
	struct reference name; /* host and repository */
	struct prune terms;    /* of all rules that prune it */
	const struct rule *rule;
	struct map selected; /* the tags and digests that rules of the run produce there */
	size_t selected_tags;
	struct map sources; /* "HOST/PATH" that these rules copy from */
};

/*
 * Removes what has to go, or says in a dry run what would, and reports each tag. False: err is why
 * nothing, or not all, was done; what was removed until then is reported.
 */
bool prune_repository(struct run *run, const struct prune_repository *repository,
		      struct error *err);
