/* The tags of a mapping of dregsy's: one rule for names and patterns, one for each range. */
#pragma once

#include "config/foreign/translation.h"

/* A mapping of paths, without its tags. */
struct dregsy_mapping {
	const struct node *at;
	const char *source; /* the repository, or a namespace */
	const struct node *target;
	const struct node *rest; /* the fields that all of its rules have */
};

/* Adds the rules of mapping for tags, a list; NULL or empty: for all tags. */
void dregsy_tags_translate(struct translation *translation, const struct dregsy_mapping *mapping,
			   const struct node *tags);
