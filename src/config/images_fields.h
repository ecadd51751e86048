/* The mapping form of a rule, as images_file.h describes it. One half of images_file. */
#pragma once

#include "config/document.h"
#include "config/rule.h"

struct images_fields {
	const struct node *to;             /* as written: a string or a list; NULL: missing */
	const struct selection *selection; /* NULL: everything */
	struct terms terms;
};

/* Reads the fields of map, which belongs to source, into arena. All mistakes go to problems. */
void images_fields_read(struct arena *arena, const struct document *document, const char *source,
			const struct node *map, struct images_fields *out,
			struct problems *problems);
/*
 * The fields that say how an image is copied, not which or where to: for other mappings that take
 * them beside their own. images_fields_shares() tells whether name is one of them,
 * images_fields_read_shared() reads those of map and leaves the rest of it and of out alone.
 */
bool images_fields_shares(struct str name);
void images_fields_read_shared(struct arena *arena, const struct document *document,
			       const char *source, const struct node *map,
			       struct images_fields *out, struct problems *problems);
