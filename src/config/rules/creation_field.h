/*
 * The field create-repository of a rule: true, false, or how repositories are created:
 *
 *	create-repository: {scan-on-push: true, immutable-tags: true, tags: {team: platform}}
 */
#pragma once

#include "config/fields.h"
#include "registry/creation.h"

/* NULL for a value with mistakes, which go to the problems of reading. */
const struct creation_settings *creation_field_read(const struct fields_reading *reading,
						    const struct field *field,
						    const struct node *node);
