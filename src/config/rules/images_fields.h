/* Reads the mapping form of a rule, which images_file.h describes. */
#pragma once

#include "config/fields.h"
#include "config/rules/rule.h"

struct images_fields {
	const struct node *to;                /* as written: a string or a list; NULL: missing */
	const struct selection *selection;    /* NULL: everything */
	const struct gather *gather;          /* NULL: nothing about a namespace */
	const struct rule_schedule *schedule; /* NULL: no times of its own */
	const struct prune *prune;            /* NULL: nothing is removed */
	struct terms terms;
};

/* Its fields, with those about namespaces, of times and of the terms beside them. */
extern const struct fields_table images_fields;

/* Reads the fields of map, which belongs to the reading's subject. All mistakes go to problems. */
void images_fields_read(const struct fields_reading *reading, const struct node *map,
			struct images_fields *out);
