/* The targets that options give: --notify, --notify-on, --notify-required. */
#pragma once

#include "config/notify/notify_target.h"
#include "config/options/options.h"

/*
 * Adds the target that text says, KIND=VALUE[,NAME=VALUE]...; words has subject, place and exposed.
 * Mistakes go to problems.
 */
void notify_options_parse(struct arena *arena, struct str text, const struct notify_words *words,
			  const struct expand_lookup *lookup, struct notify_list *list,
			  struct problems *problems);
/*
 * Adds the targets of options to list, then gives all of them what they do not say themselves: when
 * a message is sent, and whether it has to be delivered.
 */
void notify_options_read(struct arena *arena, const struct options *options,
			 const struct expand_lookup *lookup, struct notify_list *list,
			 struct problems *problems);
