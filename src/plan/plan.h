/*
 * From rules to tasks: pure, no network.
 *
 * First every rule is parsed (plan_parse), which finds all mistakes before any request. Then each
 * is expanded into tasks (plan_expand); what only a registry knows, the tags of a repository and
 * the age of an image, comes from a catalog that the caller provides. side.h and list.h
 * have the grammar of a rule's two sides; the mapping form of a rule adds a selection (select.h).
 *
 * The images of a rule, in order: the items of the source as written; a pattern stands for the
 * listed tags that it finds, in the order of the list, without those that the source names itself
 * or that an earlier pattern found. Without items, all listed tags. Of these, what the selection
 * leaves. They are paired by position with the items of the destination, where a pattern stands for
 * the images of the source that it finds. Both sides must have the same number.
 */
#pragma once

#include "config/problem.h"
#include "config/rules/rule.h"
#include "plan/pattern.h"
#include "plan/task.h"

/* A question for dates, and its answer. */
struct dating {
	const struct reference *images;
	size_t count;
	/*
	 * The dates that matter; 0: all. An image created before since may get any date before it
	 * but 0, and one that is not among that many of the newest any date that keeps it so.
	 */
	int64_t since, newest;
	int64_t *when; /* gets count of them, in seconds since 1970; 0: not known */
};

/* Where lists come from; tests use a table. Called from plan_expand() alone, in its thread. */
struct catalog {
	/*
	 * Lists the tags of source (host and repository) into arena, in the registry's order,
	 * without duplicates.
	 */
	bool (*tags)(void *ctx, struct arena *arena, const struct reference *source,
		     const char *const **tags, size_t *count, struct error *err);
	/*
	 * When each of the images was created; all at once, so that they can be asked for in
	 * parallel. NULL: cannot be known.
	 */
	bool (*created)(void *ctx, const struct dating *dating, struct error *err);
	void *ctx;
};

/* What is wanted of a repository: a tag and/or a digest, or what a pattern finds. */
struct plan_item {
	const char *tag, *digest;      /* both NULL with a pattern */
	const struct pattern *pattern; /* NULL: none */
};

/* One side of a rule: a repository and what is wanted of it. side_image() joins the two. */
struct plan_side {
	const struct reference *name;  /* host and repository alone; sides may share it */
	const struct plan_item *items; /* in the order they are written */
	size_t count; /* 0: all tags (source), same items as the source (destination) */
};

/* Of these there may be a hundred thousand. */
struct plan_rule {
	struct plan_side source, destination;
	const struct reference *referrers; /* the repository where referrers are as well; or NULL */
	const struct rule *rule;           /* as written */
	const struct select *select;       /* NULL: everything */
	/* As the rule says, and rules that were left out because this one has all their pairs. */
	const struct prune *prune; /* NULL: nothing is removed */
};

/*
 * Parses all rules, which must outlive what it makes. Every mistake goes to problems with its
 * place; rules with mistakes are left out, equal pairs are kept once, two sources for one
 * destination image are a mistake. False without memory only.
 */
bool plan_parse(struct arena *arena, const struct rules *rules, struct plan_rule **out,
		size_t *count, struct problems *problems);

/* Gets the mistakes and warnings of one rule. */
struct plan_judge {
	void (*told)(void *ctx, const struct rule *rule, const struct problems *problems);
	void *ctx;
};

/* As plan_parse(), but calls judge->told() for each rule that has mistakes or warnings. */
bool plan_parse_apart(struct arena *arena, const struct rules *rules, struct plan_rule **out,
		      size_t *count, const struct plan_judge *judge);

/* One rule on its way to tasks. */
struct expanding {
	const struct plan_rule *rule;
	const struct catalog *catalog; /* NULL: the rule itself names all images */
	struct problems *warnings;     /* gets what is odd: a pattern that finds nothing */
	bool partial; /* the catalog has only some tags: nothing has to be found among them */
};

/* True when the rule itself names each of its images: no catalog is asked. */
bool plan_is_known(const struct plan_rule *rule);
/* The task of a rule that itself names its only image. Its texts are those of the rule. */
struct task plan_task(const struct plan_rule *rule);

/*
 * The tasks of one rule, in order. Fails when a list cannot be had, the numbers of both sides
 * differ or a pattern takes too long. Several threads may expand rules at the same time, each with
 * its own arena and warnings.
 */
bool plan_expand(struct arena *arena, const struct expanding *expanding, struct task **tasks,
		 size_t *count, struct error *err);

/*
 * True when a list of tags with digests and dates is worth while for the rule: it takes each tag of
 * its source, or selects by date.
 */
bool plan_wants_details(const struct plan_rule *rule);
/* True when both tasks copy the same image. Whether in the same way: terms_difference(). */
bool plan_same_source(const struct task *a, const struct task *b);
