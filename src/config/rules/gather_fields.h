/* Reads the fields of a rule's mapping that are about a namespace. */
#pragma once

#include "config/fields.h"
#include "config/rules/gather.h"

/* Its fields, with those of times and of the terms beside them. */
extern const struct fields_table gather_fields;

/* What map says, NULL: nothing. All mistakes go to problems. */
const struct gather *gather_fields_read(const struct fields_reading *reading,
					const struct node *map);
