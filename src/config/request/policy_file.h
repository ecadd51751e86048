/*
 * The policy of a mirror that takes requests: which images anybody may ask for, where they go, and
 * how much of them.
 *
 * A file of its own, in YAML or JSON, beside the logins. It says as well how images are copied,
 * with the fields of a rule (config/rules/terms_fields.h). Plain records in the caller's arena.
 */
#pragma once

#include "config/document.h"
#include "config/expand.h"
#include "config/fields.h"
#include "config/rules/terms.h"
#include "oci/reference.h"

/* Texts of which one has to fit; none: nobody is asked for it. */
struct policy_words {
	const struct placed *items;
	size_t count;
};

struct policy {
	/* Patterns of images, which request/permit.h reads. At least one is allowed. */
	struct policy_words allow, deny;
	struct reference to; /* the prefix below which they go */
	const char *names;   /* what the copies are called (config/rules/naming.h) */
	int64_t max_images;  /* in one request */
	struct terms terms;
	/* Who may ask; without who everybody may. One of them has to fit. */
	bool who;
	struct policy_words associations, users, teams;
};

enum { POLICY_IMAGES = 10 /* of one request, where the policy does not say */ };

/*
 * Reads the policy. Mistakes go to problems, each with its place; false: there were some, and only
 * the patterns of *out may be used.
 */
bool policy_file_read(struct arena *arena, const struct document *document,
		      const struct expand_lookup *lookup, struct policy *out,
		      struct problems *problems);
