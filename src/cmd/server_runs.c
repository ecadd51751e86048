/*
 * What hooks have queued is taken a second after the first of it is due, so that a build that
 * pushes ten images costs one run. Entries of routes wait for the interval besides, as the fork's
 * do, unless the file says immediate.
 */
#include "cmd/server_runs.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "cmd/about.h"

#include <stdio.h>
#include <string.h>

enum { GATHER_MS = 1000 };

/* For the thread that decides: nobody else changes which edition is in force. */
static const struct server_config *config_of(const struct server *server)
{
	return &server->editions.current->server;
}

/* --- those that have ended -------------------------------------------------------------------- */

static struct job *job_of(const struct server *server, const struct work *work)
{
	for (size_t i = 0; work->order.job && i < server->jobs.count; i++)
		if (strcmp(server->jobs.items[i].name, work->name) == 0)
			return &server->jobs.items[i];
	return NULL;
}

static void tell_result(const struct server *server, const struct work *work)
{
	char when[CLOCK_TEXT_SIZE], next[CLOCK_TEXT_SIZE + 16] = "";
	const struct job *job = job_of(server, work);
	double took = (double)(clock_ms() - work->started_ms) / 1000;
	if (job && job->due != INT64_MAX) {
		clock_rfc3339(job->due, when);
		snprintf(next, sizeof(next), "; next run at %s", when);
	}
	if (work->status == 0)
		log_info("run %llu succeeded after %.1f s%s", (unsigned long long)work->number,
			 took, next);
	else
		log_error("run %llu failed after %.1f s%s", (unsigned long long)work->number, took,
			  next);
}

/* Caller holds the lock. */
static void record(struct server *server, const struct work *work)
{
	struct job *job = job_of(server, work);
	struct state_run run = work_state(work);
	struct state_counters *counters = &server->counters;
	run.ended = clock_unix();
	run.ok = work->status == 0;
	if (job)
		job->memory = work->memory;
	if (server->run_count < STATE_RUNS_MAX)
		server->run_count++;
	for (size_t i = server->run_count - 1; i > 0; i--)
		server->runs[i] = server->runs[i - 1];
	server->runs[0] = run;
	*(run.ok ? &counters->runs_succeeded : &counters->runs_failed) += 1;
	if (run.ok)
		counters->last_success = run.ended;
	counters->images_copied += run.copied;
	counters->images_in_sync += run.in_sync;
	counters->images_failed += run.failed;
	counters->images_retried += work->retried;
	counters->bytes += (uint64_t)run.bytes;
	counters->run_milliseconds += clock_ms() - work->started_ms;
}

static void end(struct server *server, struct work *work)
{
	work_join(work);
	if (!cancel_closing() && work->number)
		tell_result(server, work);
	pthread_mutex_lock(&server->lock);
	if (work->number)
		record(server, work);
	work_end(&server->editions, work);
	pthread_mutex_unlock(&server->lock);
}

static bool is_job_active(const struct server *server)
{
	for (size_t i = 0; i < SERVER_JOBS_MAX; i++)
		if (server->works[i].active)
			return true;
	return false;
}

/* When the oldest of the jobs began that are under way; INT64_MAX: none is. */
static int64_t oldest_job(const struct server *server)
{
	int64_t oldest = INT64_MAX;
	for (size_t i = 0; i < SERVER_JOBS_MAX; i++)
		if (server->works[i].active && server->works[i].started < oldest)
			oldest = server->works[i].started;
	return oldest;
}

/* Ends one that is over. False: it is not. */
static bool end_over(struct server *server, struct work *work)
{
	if (!work->active || !work_is_over(work))
		return false;
	end(server, work);
	return true;
}

static void end_what_is_over(struct server *server)
{
	bool job = false;
	for (size_t i = 0; i < SERVER_JOBS_MAX; i++)
		job |= end_over(server, &server->works[i]);
	bool queued = end_over(server, &server->queued);
	end_over(server, &server->telling);
	server->job_ended |= job;
	/* What an older job may still undo is held again by the run that looks at it next. */
	if (server->queue && (job || (queued && (server->job_ended || !is_job_active(server)))))
		queue_release(server->queue);
}

/* --- those that begin ------------------------------------------------------------------------- */

static bool begin(struct server *server, struct work *work, const struct work_order *order)
{
	uint64_t number = server->number + 1;
	log_info("run %llu starts%s", (unsigned long long)number,
		 order->job ? "" : ": what hooks have named");
	pthread_mutex_lock(&server->lock);
	bool ok = work_start(work, order, number, oldest_job(server));
	server->number = number;
	pthread_mutex_unlock(&server->lock);
	if (!ok)
		log_error("run %llu could not be started: no memory for a thread",
			  (unsigned long long)number);
	return ok;
}

static struct work *idle_work(struct server *server)
{
	for (size_t i = 0; i < SERVER_JOBS_MAX; i++)
		if (!server->works[i].active)
			return &server->works[i];
	return NULL;
}

/* Whether the job runs, or the rules of an earlier edition do, which may be the same. */
static bool must_wait(const struct server *server, const struct job *job)
{
	for (size_t i = 0; i < SERVER_JOBS_MAX; i++) {
		const struct work *work = &server->works[i];
		if (work->active && (strcmp(work->name, job->name) == 0 ||
				     work->edition != server->editions.current))
			return true;
	}
	return false;
}

/* If the clock was set back just now, the same time is not due once more. */
static void start_job(struct server *server, struct job *job, int64_t now)
{
	struct work *work = idle_work(server);
	const struct work_order order = {.editions = &server->editions,
					 .job = job->name,
					 .own = server->own.name,
					 .memory = job->memory,
					 .over = server_ring,
					 .ctx = server};
	if (!work || must_wait(server, job))
		return;
	pthread_mutex_lock(&server->lock);
	if (*job->name)
		job->due =
			schedule_next(&job->schedule, now > server->looked ? now : server->looked);
	job->wanted = false;
	pthread_mutex_unlock(&server->lock);
	/* Without a thread the time is not missed. */
	job->wanted = !begin(server, work, &order);
}

static int64_t adjust(const struct server *server, struct schedule *schedule, int64_t due,
		      int64_t now)
{
	char when[CLOCK_TEXT_SIZE];
	int64_t adjusted =
		due == INT64_MAX ? due : schedule_adjust(schedule, due, server->looked, now);
	if (adjusted != due) {
		clock_rfc3339(adjusted, when);
		log_warn("the clock was set back: next run at %s", when);
	}
	return adjusted;
}

static void look_at_clock(struct server *server)
{
	int64_t now = clock_unix();
	pthread_mutex_lock(&server->lock);
	for (size_t i = 0; i < server->jobs.count; i++) {
		struct job *job = &server->jobs.items[i];
		job->due = adjust(server, &job->schedule, job->due, now);
	}
	server->interval_due = adjust(server, &server->interval, server->interval_due, now);
	pthread_mutex_unlock(&server->lock);
	server->looked = now;
}

static void start_jobs(struct server *server)
{
	for (size_t i = 0; i < server->jobs.count; i++) {
		struct job *job = &server->jobs.items[i];
		if (job->wanted || server->looked >= job->due)
			start_job(server, job, server->looked);
	}
}

/* --- what is queued --------------------------------------------------------------------------- */

static bool is_routed(const struct server *server)
{
	return config_of(server)->immediate || server->looked >= server->interval_due;
}

/* What waited for the interval was looked at; without one it waits until somebody asks again. */
static void begin_interval(struct server *server)
{
	int64_t due = server->interval.period ? schedule_next(&server->interval, server->looked)
					      : INT64_MAX;
	pthread_mutex_lock(&server->lock);
	server->interval_due = due;
	pthread_mutex_unlock(&server->lock);
}

/* A message needs a thread, but is no run. */
static void start_messages(struct server *server)
{
	const struct work_order order = {.editions = &server->editions,
					 .own = server->own.name,
					 .news = &server->told,
					 .over = server_ring,
					 .ctx = server};
	/* Until they are over, the news are theirs. */
	if (server->queued.active || server->telling.active)
		return;
	/* A message that got no thread is still there. */
	bool left = news_are_due(&server->told);
	if (!left && !news_are_due(&server->news))
		return;
	if (!left)
		news_cut(&server->news, &server->told);
	pthread_mutex_lock(&server->lock);
	work_start(&server->telling, &order, 0, INT64_MAX);
	pthread_mutex_unlock(&server->lock);
}

/* All that is due is taken together, so the interval begins again whenever its entries are. */
static void start_queued(struct server *server)
{
	if (!server->queue || server->queued.active)
		return;
	bool routed = is_routed(server);
	if (queue_due(server->queue, routed) > server->looked) {
		server->gathered_ms = 0;
		if (routed)
			begin_interval(server);
		return;
	}
	if (!server->gathered_ms)
		server->gathered_ms = clock_ms() + GATHER_MS;
	if (clock_ms() < server->gathered_ms)
		return;
	const struct work_order order = {.editions = &server->editions,
					 .own = server->own.name,
					 .queue = server->queue,
					 .news = &server->news,
					 .routed = routed,
					 .over = server_ring,
					 .ctx = server};
	server->gathered_ms = 0;
	server->job_ended = false;
	if (begin(server, &server->queued, &order) && routed)
		begin_interval(server);
}

/* --- all of them ------------------------------------------------------------------------------ */

void server_runs_want(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	for (size_t i = 0; i < server->jobs.count; i++)
		server->jobs.items[i].wanted = true;
	if (server->interval_due > server->looked)
		server->interval_due = server->looked;
	pthread_mutex_unlock(&server->lock);
	if (server->queue)
		queue_wake(server->queue);
}

void server_runs_look(struct server *server)
{
	end_what_is_over(server);
	look_at_clock(server);
	start_jobs(server);
	start_queued(server);
	start_messages(server);
}

int64_t server_runs_patience(const struct server *server, int64_t most)
{
	int64_t left = server->gathered_ms ? server->gathered_ms - clock_ms() : most;
	if (left < 0)
		left = 0;
	return left < most ? left : most;
}

int64_t server_runs_next(const struct server *server)
{
	int64_t next = INT64_MAX;
	for (size_t i = 0; i < server->jobs.count; i++)
		if (server->jobs.items[i].due < next)
			next = server->jobs.items[i].due;
	return next;
}

bool server_runs_active(const struct server *server)
{
	return is_job_active(server) || server->queued.active || server->telling.active;
}

void server_runs_end(struct server *server, int64_t hurry_ms)
{
	/* What was about to be taken stays in the record. */
	server->gathered_ms = 0;
	while (server_runs_active(server)) {
		if (clock_ms() >= hurry_ms)
			cancel_hurry();
		end_what_is_over(server);
		server_wait(server, server_runs_active(server) ? 100 : 0);
	}
}

/* --- the snapshot ---------------------------------------------------------------------------- */

static bool is_active(const struct server *server, const struct job *job)
{
	for (size_t i = 0; i < SERVER_JOBS_MAX; i++)
		if (server->works[i].active && strcmp(server->works[i].name, job->name) == 0)
			return true;
	return false;
}

/* Entries of routes wait for a time as well. */
static bool describe_interval(const struct server *server, const struct server_config *config,
			      struct arena *arena, struct state *out)
{
	int64_t minutes = server->interval.period / 60;
	bool whole = minutes * 60 == server->interval.period;
	if (!config->route_count || config->immediate || !server->interval.period)
		return true;
	struct state_job *told = &out->jobs[out->job_count++];
	told->when = arena_printf(arena, "hooks every %lld%c",
				  (long long)(whole ? minutes : server->interval.period),
				  whole ? 'm' : 's');
	told->rules = config->route_count;
	told->running = server->queued.active;
	told->next = told->running ? 0 : server->interval_due;
	return told->when != NULL;
}

static bool describe_jobs(const struct server *server, const struct server_config *config,
			  struct arena *arena, struct state *out)
{
	out->jobs = arena_array(arena, server->jobs.count + 2, sizeof(*out->jobs));
	if (!out->jobs)
		return false;
	for (size_t i = 0; i < server->jobs.count; i++) {
		const struct job *job = &server->jobs.items[i];
		struct state_job *told = &out->jobs[out->job_count++];
		told->when = arena_string(arena, job->name);
		told->rules = job->rules;
		told->running = is_active(server, job);
		told->next = told->running || job->due == INT64_MAX ? 0 : job->due;
		if (!told->when)
			return false;
	}
	return describe_interval(server, config, arena, out);
}

static bool describe_runs(const struct server *server, struct arena *arena, struct state *out)
{
	out->runs = arena_array(arena, SERVER_JOBS_MAX + 1 + server->run_count, sizeof(*out->runs));
	if (!out->runs)
		return false;
	if (server->queued.active)
		out->runs[out->run_count++] = work_state(&server->queued);
	for (size_t i = 0; i < SERVER_JOBS_MAX; i++)
		if (server->works[i].active)
			out->runs[out->run_count++] = work_state(&server->works[i]);
	for (size_t i = 0; i < server->run_count; i++)
		out->runs[out->run_count++] = server->runs[i];
	return true;
}

bool server_runs_describe(void *ctx, struct arena *arena, struct state *out)
{
	struct server *server = ctx;
	struct edition *edition = edition_hold(&server->editions);
	pthread_mutex_lock(&server->lock);
	out->now = clock_unix();
	out->started = server->started;
	out->version = about_number;
	out->counters = server->counters;
	out->configuration_error = server->refused[0] ? arena_string(arena, server->refused) : NULL;
	bool ok = (!server->refused[0] || out->configuration_error) &&
		  describe_jobs(server, &edition->server, arena, out) &&
		  describe_runs(server, arena, out);
	pthread_mutex_unlock(&server->lock);
	edition_release(&server->editions, edition);
	return ok;
}
