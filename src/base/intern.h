/*
 * Texts that many records have in common, each kept once: hosts and repositories of rules.
 *
 * One thread. Zeroed memory with an arena holds none; the texts outlive intern_finish() in that
 * arena.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"

struct intern {
	struct arena *arena;
	struct map texts; /* text -> its copy in arena */
};

void intern_finish(struct intern *intern);
/* The copy of text, the same for equal texts; NULL without memory. */
const char *intern_text(struct intern *intern, const char *text);
