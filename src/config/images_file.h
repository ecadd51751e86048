/*
 * The images file: what is copied where (image-syncer.md 2.4).
 *
 * A mapping from a source to a destination or a list of destinations. What the texts mean is
 * decided by plan/.
 */
#pragma once

#include "config/document.h"
#include "config/expand.h"
#include "config/rule.h"

/*
 * Turns the document into rules in arena, in file order, with variables in destinations expanded.
 * All mistakes go to problems. Equal destinations of one source are kept once.
 */
void images_file_read(struct arena *arena, const struct document *document,
		      const struct expand_lookup *lookup, struct rules *out,
		      struct problems *problems);
