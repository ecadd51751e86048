/*
 * The data of one run that the files of cmd/ share: everything it owns, in the order of creation;
 * released in reverse order (sync.c).
 */
#pragma once

#include "cmd/step.h"
#include "config/config.h"
#include "config/outputs.h"
#include "copy/copier.h"
#include "net/ports.h"
#include "net/throttle.h"
#include "plan/plan.h"
#include "registry/helpers.h"
#include "report/report.h"

/* The result of expanding one rule. */
struct expansion {
	struct arena *arena;
	struct task *tasks;
	size_t count;
	struct problems warnings;
	struct error err;
	bool ok;
};

struct run {
	const struct options *options;
	struct arena *arena;
	struct outputs outputs;
	struct action action; /* set with options->inputs */
	struct config config;
	const struct ports *ports; /* the ports the run may connect to */
	struct helpers *helpers;   /* NULL: no rule needs one */
	struct plan_rule *rules;
	size_t rule_count;
	struct pool *pool;
	struct progress *progress;
	struct http *http;
	struct throttle *throttle; /* NULL: none */
	struct registry *registry;
	struct copier *copier;
	struct report *report;
	struct listings *listings;    /* while the rules are expanded */
	struct expansion *expansions; /* one for each rule */
	const struct task **tasks;    /* tasks of all rules, each pair once */
	size_t task_count;
};

/* Seconds between rounds: long enough for a restart. */
enum { RUN_PAUSE = 5 };
