/*
 * The rules of a translation, parsed as for a sync, for the forms that they are printed in. The
 * variables of destinations have no values here: each is a name that can be found again.
 */
#pragma once

#include "config/convert/commented.h"
#include "config/foreign/translation.h"
#include "plan/namespace.h"
#include "plan/plan.h"

/* What is converted, and where what is said about it goes. */
struct convert_source {
	struct arena *arena;
	struct translation *translation;
	struct commented text;     /* how the result is printed */
	struct problems *problems; /* mistakes, and what is not carried over */
	struct problems *notes;    /* what is to be done beside */
};

struct convert_rules {
	struct plan_rule *items;
	size_t count;
	struct namespace_rule *namespaces;
	size_t namespace_count;
	struct map variables; /* stand-ins to names */
};

/* Parses the rules. Mistakes go to the problems of source. False without memory. */
bool convert_rules_read(const struct convert_source *source, struct convert_rules *out);
void convert_rules_finish(struct convert_rules *rules);
/* The same, only for the mistakes. */
bool convert_rules_check(const struct convert_source *source);
/* Appends text with before, the name and behind in place of each stand-in. */
void convert_rules_variables(const struct convert_rules *rules, struct str text, const char *before,
			     const char *behind, struct buf *out);
/* The line of a place, "regsync.yml:12:5"; 0: it has none. */
int convert_rules_line(const char *place);

/*
 * Tells what an image is copied by that other programs cannot do, as mistakes, since a run without
 * it would copy more or other images. prune: that of the rule as planned. program: "regsync".
 */
void convert_rules_tell(const struct convert_source *source, const struct rule *rule,
			const struct prune *prune, const char *program);
/*
 * Appends a regular expression that finds, anchored at both ends, what a pattern of ours or a name
 * finds; pattern may be NULL.
 */
void convert_rules_anchored(const struct pattern *pattern, struct str name, struct buf *out);
/* True when the items of the destination are others than those of the source. */
bool convert_rules_renames(const struct plan_rule *rule);
/* A node with the place of a rule. */
struct node convert_rules_at(const struct rule *rule);
