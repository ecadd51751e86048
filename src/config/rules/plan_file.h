/*
 * The file that `image-syncer plan` writes, as a form of rules: each image is a rule with a digest
 * as source, one destination, and what the plan says of it (planned.h).
 *
 * Nothing in it is trusted more than in any other file of rules: names, digests and words are
 * checked, unknown fields are refused, and every mistake has its place. docs/schema/plan.json has
 * the shape.
 */
#pragma once

#include "config/fields.h"
#include "config/rules/rule.h"
#include "oci/digest.h"

/* What could not be compared when the plan was made. */
struct plan_failure {
	struct rule rule; /* its two sides as the plan has them; no names of images perhaps */
	enum error_kind kind;
	const char *message;
};

struct plan_file {
	const struct plan_failure *failures;
	size_t failure_count;
	unsigned shards; /* groups of its images; 0: it has none */
};

/* True for a document that is a plan of some version. */
bool plan_file_recognise(const struct document *document);
/*
 * Reads a plan into rules and *out. moved: what is done where a destination has changed since.
 * Mistakes go to problems.
 */
void plan_file_read(struct arena *arena, const struct document *document, enum change_policy moved,
		    struct rules *rules, struct plan_file *out, struct problems *problems);
