/*
 * notify in a file of rules: a list of targets, each a mapping or a text like the value of
 * --notify. It stands beside whatever else the file has at its top, in every form of such a file.
 */
#pragma once

#include "config/document.h"
#include "config/notify/notify_target.h"

/*
 * Adds the targets of document to list, and makes document what it is without them. In an images
 * file a key is a source, so notify counts only with values that no destination can have: mappings
 * without to, and texts with an equals sign. Mistakes go to problems.
 */
void notify_fields_take(struct arena *arena, struct document *document,
			const struct expand_lookup *lookup, struct notify_list *list,
			struct problems *problems);
