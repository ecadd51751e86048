/*
 * From rules to tasks: pure, no network.
 *
 * First every rule is parsed (plan_parse), which finds all mistakes before any request. Then each
 * is expanded into tasks (plan_expand); where a rule means "all tags", they come from a catalog
 * that the caller provides. The grammar is that of image-syncer.md section 5; every row of its
 * example table that has no regular expression is implemented, the others are refused by name.
 */
#pragma once

#include "config/problem.h"
#include "config/rule.h"
#include "plan/task.h"

/* Where tag lists come from; tests use a table. */
struct catalog {
	/*
	 * Lists the tags of source (host and repository) into arena, in the registry's order,
	 * without duplicates.
	 */
	bool (*tags)(void *ctx, struct arena *arena, const struct reference *source,
		     const char *const **tags, size_t *count, struct error *err);
	/* When the image that source names was created, in seconds since 1970; 0: not known. */
	bool (*created)(void *ctx, const struct reference *source, int64_t *when,
			struct error *err);
	void *ctx;
};

/* One side of a rule: a repository and what is wanted of it. */
struct plan_side {
	struct reference name;         /* host and repository; tag and digest NULL */
	const struct reference *items; /* host, repository and a tag and/or digest each */
	size_t count; /* 0: all tags (source), same items as the source (destination) */
};

struct plan_rule {
	struct plan_side source, destination;
	const char *place;
	const struct rule *rule; /* as written */
};

/*
 * Parses all rules. Every mistake goes to problems with its place; rules with mistakes are left
 * out, equal pairs are kept once, two sources for one destination image are a mistake. False
 * without memory only.
 */
bool plan_parse(struct arena *arena, const struct rules *rules, struct plan_rule **out,
		size_t *count, struct problems *problems);

/* The tasks of one rule, in order. Fails when the tag list cannot be had or the counts differ. */
bool plan_expand(struct arena *arena, const struct plan_rule *rule, const struct catalog *catalog,
		 struct task **tasks, size_t *count, struct error *err);
