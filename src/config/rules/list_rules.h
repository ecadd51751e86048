/* What becomes of a list of images: a rule for each of them, with the same prefix and terms. */
#pragma once

#include "config/rules/list_file.h"
#include "config/rules/rule.h"

struct list_target {
	struct reference prefix;              /* config/rules/prefix.h */
	const char *names;                    /* config/rules/naming.h; NULL: keep the whole path */
	const struct terms *terms;            /* of their rules; NULL: nothing is said */
	const struct rule_schedule *schedule; /* NULL: no times of its own */
};

/*
 * Writes a rule for each image to rules, which has room for them: to the prefix with the image's
 * name behind it, under its own tag or digest. Both places are that of the image in its list. False
 * without memory.
 */
bool list_rules_make(struct arena *arena, const struct image_list *images,
		     const struct list_target *target, struct rule *rules);
