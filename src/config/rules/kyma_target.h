/*
 * target, a field of old images files of kyma's image-syncer: the whole name of an image at the
 * target as a text, or {name, tag}.
 *
 * No known release reads it, and its meaning was never written down. So it counts where it can mean
 * only one thing and is a mistake elsewhere: an image must not go anywhere but where its file says.
 */
#pragma once

#include "config/fields.h"

/* The prefixes that a name may begin with, and the name that it may be. */
struct kyma_prefixes {
	const char *prefix;    /* that of the image; NULL: there is none */
	const char *overruled; /* that of the file, if the options give another one; else NULL */
	const char *computed;  /* the name that follows from the source, below the prefix */
};

struct kyma_target {
	const char *name; /* below the prefix, without a tag; NULL: not given */
	const char *tag;  /* NULL: not given */
};

/*
 * Reads node into *out. The name is the text after one of the prefixes, or a name below the prefix
 * that does not begin with a registry. False: it is ambiguous or wrong, which goes to problems.
 */
bool kyma_target_read(const struct fields_reading *reading, const struct node *node,
		      const struct kyma_prefixes *prefixes, struct kyma_target *out);
