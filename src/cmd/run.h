/*
 * What the files of cmd/ share about one run: everything it owns, in the order it is made; released
 * in the opposite one.
 *
 * The thread that runs it works for the struct cancel by which it can be stopped (base/cancel.h):
 * that belongs to whoever wants the run, and is entered before run_open().
 */
#pragma once

#include "cmd/session.h"
#include "cmd/step.h"
#include "config/config.h"
#include "config/outputs.h"
#include "copy/copier.h"
#include "plan/namespace.h"
#include "plan/plan.h"
#include "report/plan_files.h"
#include "report/report.h"
#include "state/state.h"

/* What one rule became that does not name its only image. */
struct expansion {
	const struct plan_rule *rule;
	struct arena *arena;
	struct task *tasks;
	struct problems *warnings; /* in arena; NULL: none */
	struct error *err;         /* why not, in arena; NULL: no memory */
	size_t count;
	bool ok;
};

/* What is remembered of a run for the messages of the next one. Zeroed: there was none. */
struct run_memory {
	bool failed;
	uint64_t failures; /* a hash of those */
};

/* Zeroed it is closed. */
struct run {
	struct session *session;
	const struct options *options;
	struct arena *arena;
	struct outputs outputs;
	struct action action; /* with options->inputs */
	struct config config;
	struct namespace_rule *namespaces; /* those of the rules that name one */
	size_t namespace_count;
	struct arena **gathered;     /* the arena of each one's rules */
	const struct run *loaded;    /* what it repeats, with the rules of all jobs; or NULL */
	struct narrowing *narrowing; /* NULL: the run is about all that its rules mean */
	struct plan_rule *rules;
	size_t rule_count;
	struct progress *progress;
	struct registry *registry;
	struct named_folder *folders; /* that rules name (cmd/folders.h) */
	size_t folder_count;
	struct layouts *layouts;    /* these and what is below them */
	struct archive_base *base;  /* of archives; NULL: none */
	struct stores stores;       /* of registry and layouts */
	struct survey *survey;      /* with options->plan */
	struct plan_files planning; /* the same */
	struct copier *copier;
	struct report *report;
	struct run_memory *memory;   /* of the run before, then of this one; NULL: none is kept */
	struct report_live *figures; /* of the report, for other threads; NULL: nobody looks */
	struct listings *listings;   /* while the rules are expanded */
	struct task *lone; /* of the rules that name their only image: one each, in their order */
	size_t lone_count;
	struct expansion *expansions; /* of the other rules, in their order */
	size_t expansion_count;
	const struct task **tasks; /* of all rules, each pair once */
	size_t task_count;
	bool complete; /* after run_sync(): there was memory to come to its end */
};

/* Seconds between rounds: long enough for a restart. */
enum { RUN_PAUSE = 5 };

/* session and options outlive it. False without memory. */
bool run_open(struct run *run, struct session *session, const struct options *options);
/*
 * The same for a run of what was loaded before, which outlives it and is not changed: it may run
 * any number of times.
 */
bool run_repeat(struct run *run, const struct run *loaded);
/* Synchronizes what load_run() loaded, and reports. Returns the exit status of a sync. */
int run_sync(struct run *run);
void run_close(struct run *run);
