/*
 * The field prune of a rule: tags of its destination that its selection does not produce any more
 * are removed, if the run allows it (--prune).
 */
#pragma once

#include "config/fields.h"

struct prune {
	const char *place;  /* of the field's value */
	int64_t keep;       /* the newest of those that would go stay; 0: none */
	int64_t older_than; /* seconds since a run last found it selected; 0: any */
	int64_t max;        /* so many may go from a repository in a run; 0: not said */
	bool percent;       /* max is a part of the repository's tags */
	bool foreign;       /* also tags that no run with this state has written */
};

/* Reads true, false or a mapping. NULL: nothing is to be removed, or a problem was added. */
const struct prune *prune_field_read(const struct fields_reading *reading,
				     const struct field *field, const struct node *value);
