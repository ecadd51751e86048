/*
 * One line of the images file: a source and one destination, as written and expanded.
 *
 * A source with several destinations gives several rules, in file order. Plain records in the
 * configuration's arena. plan/ decides what the texts mean.
 */
#pragma once

#include "config/rules/gather.h"
#include "config/rules/planned.h"
#include "config/rules/rule_schedule.h"
#include "config/rules/selection.h"
#include "config/rules/terms.h"

#include <stddef.h>

struct prune;
struct server_route;

/* Of these there may be a hundred thousand. */
struct rule {
	const char *source;                /* never empty */
	const char *destination;           /* environment expanded, never empty */
	const char *source_place;          /* "images.yaml:3:1" */
	const char *destination_place;     /* "images.yaml:3:22" */
	const struct selection *selection; /* NULL: what the source's text says */
	const struct gather *gather;       /* NULL: nothing is said about a namespace */
	/* Shared by the rules with the same terms. NULL: nothing is said, as in zeroed terms. */
	const struct terms *terms;
	const struct rule_schedule *schedule; /* NULL: that of the command line */
	/* The route of a hook that asks for the images, one by one; NULL: an ordinary rule. */
	const struct server_route *route;
	const struct prune *prune;     /* NULL: nothing is removed */
	const struct planned *planned; /* NULL: the rule is of no plan */
};

/* The terms of a rule; never NULL. */
const struct terms *rule_terms(const struct rule *rule);
/* Gives a rule a copy of terms; false without memory. */
bool rule_set_terms(struct arena *arena, struct rule *rule, const struct terms *terms);

struct rules {
	struct rule *items;
	size_t count;
	struct placed *files; /* lists of images that were read for them, beside --list */
	size_t file_count;
};
