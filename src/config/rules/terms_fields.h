/*
 * Reads struct terms: the fields that say how an image is copied, in a rule and in an image of
 * kyma's file.
 */
#pragma once

#include "config/fields.h"
#include "config/rules/terms.h"

/* The fields, to be set beside the table that reads the others of the mapping. */
extern const struct fields_table terms_fields;

/* Reads them into *out, and leaves the other fields of map alone. Mistakes go to problems. */
void terms_fields_read(const struct fields_reading *reading, const struct node *map,
		       struct terms *out);
