/*
 * Images that failed for a reason that may pass get further rounds, after all others had theirs: a
 * registry that restarts is back by then.
 */
#include "cmd/rounds.h"

#include "base/cancel.h"
#include "base/log.h"
#include "base/retry.h"
#include "cmd/lanes.h"

#include <stdatomic.h>

enum { PAUSE_MAX = 300 };

/* One round over the tasks in todo. */
struct round {
	struct run *run;
	atomic_bool stopped; /* --fail-fast, and something has failed */
	const size_t *todo;  /* numbers of tasks */
	bool last;
	bool *again;   /* for each task: failed in this round, worth another one */
	int *patience; /* for each task: the server's Retry-After */
};

static void log_attempt(const struct task *task, const struct outcome *outcome)
{
	scoped(buf_finish) struct buf name = {0};
	reference_print(&task->source, &name);
	log_warn("%s failed and will be tried again: %s", buf_string(&name), outcome->error_text);
}

static void run_task(void *ctx, size_t number)
{
	struct round *round = ctx;
	struct run *run = round->run;
	struct outcome outcome = {.status = OUTCOME_FAILED,
				  .reason = error_kind_name(ERROR_MEMORY),
				  .error_kind = ERROR_MEMORY,
				  .error_text = "out of memory"};
	/* What was never begun has no outcome: the report counts it as not processed. */
	if (cancel_requested() || atomic_load(&round->stopped))
		return;
	scoped(arena_free) struct arena *arena = arena_new();
	if (arena)
		copier_run(run->copier, arena, run->tasks[number], &outcome);
	round->again[number] = outcome.status == OUTCOME_FAILED && !round->last &&
			       retry_helps(outcome.error_kind) && !cancel_requested();
	round->patience[number] = outcome.retry_after;
	if (round->again[number])
		log_attempt(run->tasks[number], &outcome);
	else
		report_outcome(run->report, run->tasks[number], &outcome);
	if (run->options->fail_fast && outcome.status == OUTCOME_FAILED && !round->again[number])
		atomic_store(&round->stopped, true);
}

/* Moves the tasks that are worth another round to the front of todo; returns how many. */
static size_t take_failed(struct round *round, size_t *todo)
{
	size_t count = 0;
	for (size_t i = 0; i < round->run->task_count; i++) {
		if (round->again[i])
			todo[count++] = i;
		round->again[i] = false;
	}
	return count;
}

/* Between rounds: long enough for a restart, or as long as the servers asked for. */
static bool pause_for(struct round *round, size_t count)
{
	int seconds = RUN_PAUSE;
	for (size_t i = 0; i < count; i++)
		if (round->patience[round->todo[i]] > seconds)
			seconds = round->patience[round->todo[i]];
	if (seconds > PAUSE_MAX)
		seconds = PAUSE_MAX;
	log_info("Start to retry %zu image%s in %d s, please wait ...", count,
		 count == 1 ? "" : "s", seconds);
	registry_forgive(round->run->registry);
	return cancel_sleep((unsigned)seconds * 1000);
}

static void hosts_of(void *ctx, size_t number, const char *hosts[POOL_PARTIES])
{
	const struct run *run = ctx;
	hosts[0] = run->tasks[number]->source.host;
	hosts[1] = run->tasks[number]->destination.host;
}

/* Runs the first count tasks of todo. False without memory. */
static bool run_round(struct round *round, size_t count)
{
	struct run *run = round->run;
	scoped(arena_free) struct arena *arena = arena_new();
	size_t lane_count = 0;
	const struct pool_lane *lanes =
		arena ? lanes_build(arena, round->todo, count, hosts_of, run, &lane_count) : NULL;
	for (size_t i = 0; lanes && i < count; i++)
		if (!copier_expect(run->copier, run->tasks[round->todo[i]]))
			return false;
	return lanes && pool_lanes(run->pool, lanes, lane_count, run_task, round);
}

bool rounds_run(struct run *run)
{
	size_t count = run->task_count;
	size_t *todo = arena_array(run->arena, count + 1, sizeof(*todo));
	struct round round = {.run = run, .todo = todo};
	round.again = arena_array(run->arena, count + 1, sizeof(*round.again));
	round.patience = arena_array(run->arena, count + 1, sizeof(*round.patience));
	if (!todo || !round.again || !round.patience)
		return false;
	for (size_t i = 0; i < count; i++)
		todo[i] = i;
	for (size_t i = 0; run->options->fail_fast && i < run->rule_count; i++)
		if (!run->expansions[i].ok)
			atomic_store(&round.stopped, true);
	for (int left = run->options->retries; count; left--) {
		round.last = left <= 0;
		if (!run_round(&round, count))
			return false;
		count = take_failed(&round, todo);
		if (left == run->options->retries)
			report_retry(run->report, count);
		if (atomic_load(&round.stopped))
			return true;
		if (count && !pause_for(&round, count))
			return true;
	}
	return true;
}
