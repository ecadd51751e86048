/*
 * Which tags of a destination go when a rule prunes it, and why the others stay. Pure.
 *
 * A tag goes when no rule of the run produces it, it is ours (or the rule takes foreign ones), it
 * is old enough, and it is not among the few that are kept. Before anything is removed,
 * prune_allows() has to agree with the number: a slip in a selection must not empty a mirror.
 */
#pragma once

#include "base/error.h"
#include "config/rules/prune_field.h"

enum prune_verdict {
	PRUNE_GOES,
	PRUNE_SELECTED,  /* a rule produces it */
	PRUNE_COMPANION, /* a signature or the like: it goes with its image, or stays with it */
	PRUNE_FOREIGN,   /* no run with this state has written it */
	PRUNE_YOUNG,     /* a run has met it too lately */
	PRUNE_KEPT,      /* it is one of the newest of those that would go */
	PRUNE_CHANGED,   /* it holds another image than the one that was written */
};

/* A tag of the destination. The caller sets all but the verdict. */
struct prune_tag {
	const char *name;
	bool selected;
	bool written; /* by a run with this state, from the rule's source */
	int64_t last; /* a run last wrote it or found it in sync, in seconds since 1970; 0: none */
	enum prune_verdict verdict;
};

/* Where no rule says how many tags of a repository may go in a run: the larger of these. */
enum { PRUNE_MAX = 20, PRUNE_PERCENT = 10 };

/* The strictest of both, for a repository that two rules prune. other may be NULL. */
struct prune prune_join(const struct prune *rule, const struct prune *other);
/* Sets the verdict of each tag. False without memory, and then nothing goes. */
bool prune_judge(const struct prune *rule, struct prune_tag *tags, size_t count, int64_t now);
/*
 * Whether going tags may be removed of a repository with so many, of which so many are selected.
 * ERROR_CONFIG says why not.
 */
bool prune_allows(const struct prune *rule, size_t going, size_t tags, size_t selected,
		  struct error *err);
/* The verdict as a word of the report: "goes", "selected", "foreign", "young", "kept", ... */
const char *prune_verdict_name(enum prune_verdict verdict);
