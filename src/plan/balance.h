/*
 * Puts the images of a plan into groups of about the same weight, for jobs that share the work.
 *
 * The images of one destination repository stay together, so that the layers they share are sent
 * once, unless a group would then weigh more than a quarter above its share: then repositories are
 * divided, large ones first. Images with the same digest always stay together, since their
 * signatures do. The same images give the same groups. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct balance_item {
	struct str repository; /* of the destination, with its host */
	struct str digest;     /* of the image; empty: none */
	int64_t weight;        /* >= 0 */
	unsigned group;        /* is set: from 0 */
};

/* Sets the group of each item; there are count > 0 groups. False without memory. */
bool balance_spread(struct balance_item *items, size_t item_count, unsigned count);
