/* What the lists of a cooldown name (config/rules/cooldown.h). */
#pragma once

#include "plan/plan.h"

/*
 * Checks the texts of picks alone; each mistake goes to problems with its place, or under the name
 * of its option. name is the source. False without memory only.
 */
bool picks_check(struct arena *arena, const struct picks *picks, const char *field,
		 const struct reference *name, struct problems *problems);
/*
 * *named tells whether picks, or what counts beside them, name the source's image by its tag, if it
 * has one, or by its digest. picks may be NULL. ERROR_CONFIG: a pattern takes too long.
 */
bool picks_name(const struct picks *picks, const struct reference *source, const char *digest,
		bool *named, struct error *err);
