/*
 * From the items of a rule to references: what "all tags" and patterns stand for.
 *
 * References have tag and/or digest as written. Everything lives in the arena given.
 */
#pragma once

#include "plan/plan.h"

/* A list of images of one repository. */
struct images {
	struct reference *items;
	size_t count;
};

/* The images of the rule's source; asks the catalog only where it must. */
bool items_source(struct arena *arena, const struct expanding *expanding, struct images *out,
		  struct error *err);
/*
 * The images of a destination for those of its source. ERROR_CONFIG when their numbers differ or a
 * pattern takes too long.
 */
bool items_destination(struct arena *arena, const struct plan_side *side,
		       const struct images *sources, struct images *out, struct error *err);
/*
 * A part of the rule has found nothing, as the text says: a warning, or ERROR_MISSING if the rule
 * requires that it finds something.
 */
bool items_nothing(const struct expanding *expanding, struct error *err, const char *format, ...)
	printf_like(3, 4);
/* What an image is called in patterns: its tag, else its digest. */
struct str items_word(const struct reference *image);
