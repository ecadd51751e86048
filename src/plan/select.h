/*
 * The selection of a rule in its mapping form: which of the source's images are copied.
 *
 * What can be told by the tag alone comes first: tags (any of them), exclude (none of them), semver
 * (a tag that is no version is out). Then what was created since; then the newest few, by date or
 * by precedence of versions, which leaves prereleases out unless the rule wants them. Dates are
 * asked for only where needed, and only of images still in. Whatever is left keeps its order. An
 * image whose date is not known is not created since anything, and the oldest of all; a warning
 * says how many there are.
 */
#pragma once

#include "plan/items.h"

struct select;

/*
 * Checks and prepares selection for images of source; *out is NULL when it selects everything. When
 * source has no items, the field tags becomes them: it names tags and need not restrict a list. All
 * mistakes go to problems. False: there was one, or no memory, as *memory then tells.
 */
bool select_parse(struct arena *arena, const struct selection *selection, struct plan_side *source,
		  const struct select **out, struct problems *problems, bool *memory);
/* True when it asks for dates. */
bool select_by_date(const struct select *select);
/* True when it takes the newest few, so that other images decide about one. */
bool select_compares(const struct select *select);
/*
 * Sets *taken when the tag passes all that can be told by it: tags, exclude and semver.
 * ERROR_CONFIG: a pattern takes too long.
 */
bool select_takes_tag(const struct select *select, struct str tag, bool *taken, struct error *err);
/* Leaves in images what the rule selects. ERROR_UNSUPPORTED: dates cannot be had. */
bool select_apply(struct arena *arena, const struct expanding *expanding, struct images *images,
		  struct error *err);
