/*
 * The rules that mean a certain image, and what they make of it, for a run that is not about all
 * that its rules mean: a registry has said that a tag was pushed.
 *
 * Pure, but that expanding a rule may ask a catalog.
 */
#pragma once

#include "plan/namespace.h"
#include "plan/plan.h"

/* An image that somebody has named. */
struct narrow_image {
	const char *host, *repository, *tag;
	/* The rules are those of the routes with this destination; "": those of no route. */
	const char *destination;
};

/* Rules by the repositories of their sources. Immutable: any thread may look. */
struct narrow;

/* What rules are looked for in: parsed, and for namespaces. They outlive the index. */
struct narrow_rules {
	const struct plan_rule *rules;
	size_t rule_count;
	const struct namespace_rule *namespaces;
	size_t namespace_count;
};

/* *narrow is released by narrow_free() before arena. NULL without memory. */
struct narrow *narrow_new(struct arena *arena, const struct narrow_rules *rules);
/* *narrow may be NULL. */
void narrow_free(struct narrow **narrow);

/*
 * Finds the rules for the image's repository; namespaces give one made for it. Whether they want
 * the tag is another question. out gets copies in arena, none: nobody means it. ERROR_CONFIG: the
 * copy of a repository would have a name that is none, or a pattern takes too long.
 */
bool narrow_find(const struct narrow *narrow, const struct narrow_image *image, struct arena *arena,
		 struct rules *out, struct error *err);
/*
 * The destinations under which some rule may want the image, each once, in the order of the rules:
 * "" is that of rules of no route; image->destination does not count. What only its registry can
 * tell, as whether it is among the newest, is left open. Errors as above.
 */
bool narrow_destinations(const struct narrow *narrow, const struct narrow_image *image,
			 struct arena *arena, const char *const **out, size_t *count,
			 struct error *err);

/* Tags of one repository. */
struct narrow_tags {
	const char *const *items;
	size_t count;
};

/*
 * The same as plan_expand(), but only the tasks for these tags of the source. The catalog is asked
 * for a list only where other tags decide about these, as with `latest`.
 */
bool narrow_expand(struct arena *arena, const struct expanding *expanding,
		   const struct narrow_tags *tags, struct task **tasks, size_t *count,
		   struct error *err);
