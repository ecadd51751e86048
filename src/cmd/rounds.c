/*
 * Images that failed for a transient reason get further rounds, after all others had theirs: a
 * registry that restarts is back by then.
 */
#include "cmd/rounds.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/retry.h"
#include "base/waits.h"
#include "cmd/folders.h"
#include "cmd/lanes.h"
#include "oci/layout_name.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { PAUSE_MAX = 300 };

static const size_t no_task = SIZE_MAX;

/*
 * One round over the tasks in todo. The arrays with an entry for each task are written only for
 * those that fail: pages that nobody writes to take no memory.
 */
struct round {
	struct run *run;
	atomic_bool stopped; /* --fail-fast, and something has failed */
	const size_t *todo;  /* numbers of tasks */
	size_t *chained;     /* for each task: the one that follows it; NULL: none is chained */
	bool last;
	bool *again;   /* for each task: it failed in this round and is worth another */
	int *patience; /* for each task: the server's Retry-After */
	/* For each task: the failure, if it was logged but not yet reported; else NULL. */
	const struct outcome **untold;
	struct arena *arena;  /* arena of this round's entries of untold */
	struct arena *older;  /* arena of those of the round before */
	pthread_mutex_t lock; /* guards arena */
};

static const struct outcome forgotten = {.status = OUTCOME_FAILED,
					 .reason = "memory",
					 .error_kind = ERROR_MEMORY,
					 .error_text = "out of memory"};

static bool keep_text(struct arena *arena, const char **text)
{
	if (*text)
		*text = arena_string(arena, *text);
	else
		return true;
	return *text != NULL;
}

/* A copy that outlives the round; never NULL. */
static const struct outcome *keep(struct arena *arena, const struct outcome *outcome)
{
	struct outcome *kept = arena ? arena_new_of(arena, struct outcome) : NULL;
	if (!kept)
		return &forgotten;
	*kept = *outcome;
	bool whole = keep_text(arena, &kept->digest) && keep_text(arena, &kept->tag) &&
		     keep_text(arena, &kept->warning) && keep_text(arena, &kept->error_text);
	return whole ? kept : &forgotten;
}

/* Keeps the outcome, which is the last one if the next round is prevented. */
static void keep_outcome(struct round *round, size_t number, const struct outcome *outcome)
{
	pthread_mutex_lock(&round->lock);
	round->untold[number] = keep(round->arena, outcome);
	pthread_mutex_unlock(&round->lock);
}

/* Before a round: all tasks of the last one have been reported or are kept in its arena. */
static void turn_over(struct round *round)
{
	arena_free(&round->older);
	round->older = round->arena;
	round->arena = arena_new();
}

/* Reports a failure whose next round never came, and why it did not. */
static void tell_prevented(struct round *round, size_t number)
{
	struct outcome outcome = *round->untold[number];
	int reason = cancel_reason() ? cancel_reason() : cancel_signal();
	scoped(arena_free) struct arena *arena = reason ? arena_new_small() : NULL;
	const char *text = arena ? arena_printf(arena, "%s; stopped by %s before the next try",
						outcome.error_text, cancel_name(reason))
				 : NULL;
	if (text && outcome.error_shared)
		outcome.error_shared += (unsigned)(strlen(text) - strlen(outcome.error_text));
	if (text)
		outcome.error_text = text;
	report_outcome(round->run->report, round->run->tasks[number], &outcome);
}

/* Reports the images whose next round never came. */
static void tell_untold(struct round *round)
{
	for (size_t i = 0; i < round->run->task_count; i++)
		if (round->untold[i])
			tell_prevented(round, i);
}

static void round_finish(struct round *round)
{
	arena_free(&round->arena);
	arena_free(&round->older);
	pthread_mutex_destroy(&round->lock);
}

/* Logs a failure; a reason that many share is in the line that announces the next round. */
static void log_attempt(const struct task *task, const struct outcome *outcome)
{
	scoped(buf_finish) struct buf name = {0};
	reference_print(&task->source, &name);
	if (!outcome->error_shared)
		log_warn("%s failed and will be tried again: %s", buf_string(&name),
			 outcome->error_text);
}

/* Runs the task, for as long as an image may take. */
static void run_timed(const struct run *run, struct arena *arena, const struct task *task,
		      struct outcome *outcome)
{
	unsigned seconds = config_image_timeout(run->options);
	scoped(cancel_close) struct cancel part = {0};
	struct cancel *whole = cancel_current();
	if (seconds) {
		cancel_open_part(&part, seconds);
		cancel_enter(&part);
	}
	copier_run(run->copier, arena, task, outcome);
	cancel_enter(whole);
}

/*
 * True for failures that another round may cure. One that was stopped while the run goes on had no
 * time left, or waited for one that had none.
 */
static bool is_worth_it(const struct outcome *outcome)
{
	return outcome->status == OUTCOME_FAILED && !cancel_closing() &&
	       (retry_helps(outcome->error_kind) || outcome->error_kind == ERROR_CANCELED);
}

/*
 * Puts the failure of an earlier round in the place of a try that a stop cut off: it says more than
 * "stopped".
 */
static void prefer_earlier(struct arena *arena, const struct outcome *earlier,
			   struct outcome *outcome)
{
	if (outcome->status != OUTCOME_FAILED || outcome->error_kind != ERROR_CANCELED ||
	    !earlier || earlier->error_kind == ERROR_CANCELED || !arena)
		return;
	const char *text =
		arena_printf(arena, "%s; then %s", earlier->error_text, outcome->error_text);
	*outcome = *earlier;
	outcome->error_text = text ? text : earlier->error_text;
	outcome->error_shared = 0;
}

static void run_one(struct round *round, size_t number)
{
	struct run *run = round->run;
	struct outcome outcome = forgotten;
	/*
	 * A task that was never begun has no outcome: the report counts it as not processed. A
	 * failure in an earlier round is reported at the end.
	 */
	if (cancel_closing() || atomic_load(&round->stopped))
		return;
	scoped(arena_free) struct arena *arena = arena_new();
	if (arena)
		run_timed(run, arena, run->tasks[number], &outcome);
	if (cancel_closing())
		prefer_earlier(arena, round->untold[number], &outcome);
	if (!round->last && is_worth_it(&outcome)) {
		round->again[number] = true;
		round->patience[number] = outcome.retry_after;
	}
	if (round->untold[number])
		round->untold[number] = NULL;
	if (round->again[number]) {
		keep_outcome(round, number, &outcome);
		log_attempt(run->tasks[number], &outcome);
	} else {
		report_outcome(run->report, run->tasks[number], &outcome);
	}
	if (run->options->fail_fast && outcome.status == OUTCOME_FAILED && !round->again[number])
		atomic_store(&round->stopped, true);
}

/*
 * Runs a task, and those that are chained to it. Images for an archive are written one after the
 * other, in the order of the rules, and each of them in its own: the same images give the same
 * bytes.
 */
static void run_task(void *ctx, size_t number)
{
	struct round *round = ctx;
	bool archive = layout_name_archived(round->run->tasks[number]->destination.host);
	if (!archive) {
		run_one(round, number);
		return;
	}
	bool before = pool_alone(true);
	for (; number != no_task; number = round->chained[number])
		run_one(round, number);
	pool_alone(before);
}

/*
 * Chains the tasks of each archive, and leaves only the first of them in list. Returns how many
 * there are. False without memory.
 */
static bool chain(struct round *round, struct arena *arena, const size_t **list, size_t *count)
{
	scoped(map_finish) struct map latest = {0};
	const struct run *run = round->run;
	size_t left = 0, *heads = arena_array(arena, *count + 1, sizeof(*heads));
	round->chained = arena_array(arena, run->task_count + 1, sizeof(*round->chained));
	for (size_t i = 0; heads && round->chained && i < *count; i++) {
		size_t number = (*list)[i], *before = NULL;
		const struct reference *to = &run->tasks[number]->destination;
		bool archive = layout_name_archived(to->host);
		const char *file = archive ? layout_name_file(arena, to) : "";
		round->chained[number] = no_task;
		if (!file)
			return false;
		if (archive)
			before = map_get(&latest, str_of(file));
		if (archive && !map_put(&latest, str_of(file), &round->chained[number]))
			return false;
		if (before)
			*before = number;
		else
			heads[left++] = number;
	}
	*list = heads;
	*count = left;
	return heads && round->chained;
}

static bool writes_archives(const struct run *run)
{
	for (size_t i = 0; i < run->folder_count; i++)
		if (run->folders[i].archive && run->folders[i].written)
			return true;
	return false;
}

/* Moves the tasks that are worth another round to the front of todo; returns their number. */
static size_t take_failed(struct round *round, size_t *todo)
{
	size_t count = 0;
	for (size_t i = 0; i < round->run->task_count; i++) {
		if (!round->again[i])
			continue;
		todo[count++] = i;
		round->again[i] = false;
	}
	return count;
}

/* Waits between rounds: long enough for a restart, or as long as the servers asked for. */
static bool pause_for(struct round *round, size_t count)
{
	int seconds = RUN_PAUSE;
	size_t slowest = round->todo[0];
	for (size_t i = 0; i < count; i++) {
		if (round->patience[round->todo[i]] <= seconds)
			continue;
		slowest = round->todo[i];
		seconds = round->patience[slowest];
	}
	int asked = seconds;
	const char *text = round->untold[slowest] ? round->untold[slowest]->error_text : "";
	if (seconds > PAUSE_MAX)
		seconds = PAUSE_MAX;
	log_info("Start to retry %zu image%s in %d s, please wait ...", count,
		 count == 1 ? "" : "s", seconds);
	if (asked > seconds)
		log_warn(
			"the next try comes earlier than the %d minutes that the server asked for: "
			"%s",
			(asked + 59) / 60, text);
	registry_forgive(round->run->registry);
	scoped(waits_end) struct waits_entry entry = {.kind = WAITS_TRY,
						      .since_ms = clock_ms(),
						      .until_ms =
							      clock_ms() + (int64_t)seconds * 1000};
	waits_begin(&entry, "%zu image%s that failed: %s", count, count == 1 ? "" : "s", text);
	for (; seconds > 0 && !cancel_closing(); seconds--)
		cancel_sleep(1000);
	return !cancel_closing();
}

static void needs_of(void *ctx, size_t number, struct lanes_need *need)
{
	const struct run *run = ctx;
	need->hosts[0] = run->tasks[number]->source.host;
	need->hosts[1] = run->tasks[number]->destination.host;
	need->group = (unsigned)copier_group(run->copier, run->tasks[number]);
}

/* Runs the first count tasks of todo. False without memory. */
static bool run_round(struct round *round, size_t count)
{
	struct run *run = round->run;
	scoped(arena_free) struct arena *arena = arena_new();
	size_t lane_count = 0;
	const size_t *list = round->todo;
	size_t begun = count;
	if (!arena || (writes_archives(run) && !chain(round, arena, &list, &begun)) ||
	    !copier_expect(run->copier, run->tasks, round->todo, count))
		return false;
	const struct pool_lane *lanes = lanes_build(arena, list, begun, needs_of, run, &lane_count);
	return lanes && pool_lanes(run->session->pool, lanes, lane_count, run_task, round);
}

/* Runs rounds until nothing is left to do or another round is not possible. */
static bool run_rounds(struct round *round, size_t *todo)
{
	struct run *run = round->run;
	size_t count = run->task_count;
	for (int left = run->options->retries; count; left--) {
		round->last = left <= 0;
		turn_over(round);
		if (!run_round(round, count))
			return false;
		count = take_failed(round, todo);
		if (left == run->options->retries)
			report_retry(run->report, count);
		if (atomic_load(&round->stopped))
			return true;
		if (count && !pause_for(round, count))
			return true;
	}
	return true;
}

bool rounds_run(struct run *run)
{
	size_t count = run->task_count;
	size_t *todo = arena_array(run->arena, count + 1, sizeof(*todo));
	scoped(round_finish) struct round round = {
		.run = run, .todo = todo, .lock = PTHREAD_MUTEX_INITIALIZER};
	round.again = arena_array(run->arena, count + 1, sizeof(*round.again));
	round.patience = arena_array(run->arena, count + 1, sizeof(*round.patience));
	round.untold = arena_array(run->arena, count + 1, sizeof(*round.untold));
	if (!todo || !round.again || !round.patience || !round.untold)
		return false;
	for (size_t i = 0; i < count; i++)
		todo[i] = i;
	for (size_t i = 0; run->options->fail_fast && i < run->expansion_count; i++)
		if (!run->expansions[i].ok)
			atomic_store(&round.stopped, true);
	bool ok = run_rounds(&round, todo);
	tell_untold(&round);
	return ok;
}
