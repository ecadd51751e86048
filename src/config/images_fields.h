/* The mapping form of a rule, as images_file.h describes it. One half of images_file. */
#pragma once

#include "config/document.h"
#include "config/rule.h"

struct images_fields {
	const struct node *to;                   /* as written: a string or a list; NULL: missing */
	const struct selection *selection;       /* NULL: everything */
	const struct platform_filter *platforms; /* NULL: no filter */
	const struct companion_filter *companions; /* NULL: not said */
	const struct public_key *signer;           /* NULL: not said, or nobody */
	bool signer_said;
};

/* Reads the fields of map, which belongs to source, into arena. All mistakes go to problems. */
void images_fields_read(struct arena *arena, const struct document *document, const char *source,
			const struct node *map, struct images_fields *out,
			struct problems *problems);
