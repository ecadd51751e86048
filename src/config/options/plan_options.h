/*
 * The command lines of plan and apply: plan has its own options, from plan_options.def, beside
 * those of a sync, and apply a plan instead of rules. Plain records; texts point into argv, which
 * outlives them.
 */
#pragma once

#include "config/options/option.h"
#include "config/options/options.h"

struct plan_options {
#define PLAN_TEXT(field, name, argument, help) const char *field;
#include "config/options/plan_options.def"
#undef PLAN_TEXT
	unsigned groups; /* --shards as a number; 0: none */
};

/* The options that only plan has. */
extern const struct option plan_options_table[];
extern const size_t plan_options_count;

/* Like options_parse(). On success options->plan is out, and the run a dry one. */
bool plan_options_parse(int argc, char **argv, struct plan_options *out, struct options *options,
			struct problems *problems);
/*
 * Makes the run of options one that writes the plan out, with the texts that are set there. What
 * makes no sense goes to problems.
 */
void plan_options_settle(struct plan_options *out, struct options *options,
			 struct problems *problems);
/* Like options_parse(), for apply: options->apply is the plan. */
bool plan_options_apply(int argc, char **argv, struct options *options, struct problems *problems);
/* Adds a problem for each option that says what is copied, or how, which only a plan does. */
void plan_options_refuse(const struct options *options, struct problems *problems);
/* Appends the help of plan, and of apply. */
void plan_options_help(struct buf *out);
void plan_options_help_apply(struct buf *out);
