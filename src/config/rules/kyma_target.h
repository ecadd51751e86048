/*
 * target, a field of old images files of kyma's image-syncer: the whole name of an image at the
 * target as a text, or {name, tag}.
 *
 * No release that is known reads it, and what it means was never written down. So it counts where
 * it can mean one thing only, and is a mistake elsewhere: an image must not land at another place
 * than its file says.
 */
#pragma once

#include "config/fields.h"

/* What a name may begin with, or be. */
struct kyma_prefixes {
	const char *prefix;    /* of the image; NULL: there is none */
	const char *overruled; /* of the file, where the options give another one; or NULL */
	const char *computed;  /* the name that the source gives, below the prefix */
};

struct kyma_target {
	const char *name; /* below the prefix, without a tag; NULL: not said */
	const char *tag;  /* NULL: not said */
};

/*
 * Reads node into *out. The name is what follows one of the prefixes, or a name below the prefix
 * that begins with no registry. False: it may mean something else, or is wrong; both go to
 * problems.
 */
bool kyma_target_read(const struct fields_reading *reading, const struct node *node,
		      const struct kyma_prefixes *prefixes, struct kyma_target *out);
