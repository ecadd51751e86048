/*
 * What a mapping says about how an image is copied: the fields of a rule and of an image of kyma's
 * file that become struct terms.
 */
#pragma once

#include "config/fields.h"
#include "config/rules/terms.h"

/* The fields, for the table of whoever reads the others of the mapping. */
extern const struct fields_table terms_fields;

/* Reads them into *out, and leaves the other fields of map alone. Mistakes go to problems. */
void terms_fields_read(const struct fields_reading *reading, const struct node *map,
		       struct terms *out);
