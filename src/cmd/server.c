/*
 * One thread decides everything: it looks at the clock, the files, the queue and what has ended,
 * and sleeps until something rings or a second is over. Then the clock on the wall decides, which
 * may have been set, and a signal may have come to any thread.
 *
 * What was loaded is kept apart from the runs (run_repeat()). Files that have changed are loaded as
 * another edition; only if that is right it replaces the one in force. A run goes on with the
 * edition that it began with, and no job begins before the runs of earlier editions are over: so
 * runs of one rule never overlap.
 */
#include "cmd/server.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "cmd/about.h"
#include "cmd/begin.h"
#include "cmd/server_runs.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, LOOK_MS = 1000 };

/* --- what is asked from outside --------------------------------------------------------------- */

/* What signals asked for; they are the process's, so there is one of each. */
static atomic_bool files_wanted, log_wanted;

void server_wish_log(void)
{
	atomic_store(&log_wanted, true);
}

void server_wish_files(void)
{
	atomic_store(&files_wanted, true);
}

void server_ring(void *ctx)
{
	const struct server *server = ctx;
	const uint64_t one = 1;
	/* Whoever is not woken looks once a second. */
	if (server->doorbell >= 0 && write(server->doorbell, &one, sizeof(one)) < 0)
		return;
}

static void run_now(void *ctx)
{
	struct server *server = ctx;
	atomic_store(&server->run_wanted, true);
	server_ring(server);
}

static const struct hooks_rules *hold(void *ctx)
{
	struct server *server = ctx;
	return &edition_hold(&server->editions)->rules;
}

static void release(void *ctx, const struct hooks_rules *rules)
{
	struct server *server = ctx;
	edition_release(&server->editions, rules->keeper);
}

/* --- the files -------------------------------------------------------------------------------- */

static bool take_jobs(struct server *server, const struct edition *edition)
{
	pthread_mutex_lock(&server->lock);
	bool ok = jobs_take(&server->jobs, edition, &server->own, clock_unix());
	server->refused[0] = '\0';
	pthread_mutex_unlock(&server->lock);
	return ok;
}

static void watch_files(struct server *server, const struct edition *read,
			const struct edition *other, const struct timespec *since)
{
	const struct watch_options options = {read, since, other, server->watch};
	struct watch *watch = watch_new(&options);
	watch_free(&server->watch);
	server->watch = watch;
}

static void refuse_files(struct server *server, const struct problems *problems)
{
	scoped(buf_finish) struct buf clean = {0};
	log_clean(str_trim(buf_str(&problems->errors)), sizeof(server->refused) - 1, &clean);
	log_error("these files are not used: the rules and logins read before them stay in force");
	pthread_mutex_lock(&server->lock);
	snprintf(server->refused, sizeof(server->refused), "%s",
		 clean.len ? buf_string(&clean) : "see the log");
	server->counters.failed_reloads++;
	pthread_mutex_unlock(&server->lock);
}

/* What waits for another rule, or failed by the old ones, is tried with these. */
static void enforce(struct server *server, struct edition *edition)
{
	size_t rules = edition->loaded.rule_count + edition->loaded.namespace_count;
	edition_enforce(&server->editions, edition);
	pthread_mutex_lock(&server->lock);
	server->counters.reloads++;
	pthread_mutex_unlock(&server->lock);
	log_info("the files were read again: %zu rule%s", rules, rules == 1 ? "" : "s");
	if (server->queue)
		queue_wake(server->queue);
}

/* A wrong edition leaves the one before it in force. */
static void read_again(struct server *server)
{
	scoped(problem_finish) struct problems problems = {0};
	struct edition *current = server->editions.current;
	struct edition *fresh = edition_new(&server->session, server->options);
	struct timespec since;
	clock_gettime(CLOCK_REALTIME_COARSE, &since);
	if (!fresh) {
		log_error("out of memory");
		return;
	}
	bool good = edition_read(fresh, &problems);
	if (good && (!edition_settle(fresh) || !take_jobs(server, fresh))) {
		log_error("out of memory");
		good = false;
	}
	watch_files(server, fresh, good ? NULL : current, &since);
	if (good)
		enforce(server, fresh);
	else
		edition_free(&fresh);
	if (!good && !cancel_closing())
		refuse_files(server, &problems);
}

static void look_at_files(struct server *server)
{
	if (atomic_exchange(&files_wanted, false)) {
		log_info("SIGHUP: the files are read again, for a run that starts now");
		read_again(server);
		server_runs_want(server);
	} else if (!server->watch || watch_changed(server->watch)) {
		log_info("the files have changed and are read again");
		read_again(server);
	}
}

static void look_at_log(struct server *server)
{
	if (!atomic_exchange(&log_wanted, false))
		return;
	session_log_again(&server->session, server->options);
	log_info(server->session.log ? "SIGUSR1: the log was opened again"
				     : "SIGUSR1: there is no log file to open again");
}

/* --- serving ---------------------------------------------------------------------------------- */

void server_wait(struct server *server, int64_t most)
{
	uint64_t rings;
	int64_t left = server_runs_patience(server, most);
	int64_t late = server->hooks ? hooks_answer_late(server->hooks) : most;
	left = late < left ? late : left;
	/* Once it is to stop, that is no reason to wake up any more. */
	struct pollfd what[] = {{.fd = server->doorbell, .events = POLLIN},
				{.fd = cancel_closing() ? -1 : cancel_fd(), .events = POLLIN}};
	poll(what, array_count(what), (int)left);
	if ((what[0].revents & POLLIN) && read(server->doorbell, &rings, sizeof(rings)) < 0)
		return;
}

static void serve(struct server *server)
{
	while (!cancel_closing()) {
		look_at_log(server);
		look_at_files(server);
		if (atomic_exchange(&server->run_wanted, false))
			server_runs_want(server);
		server_runs_look(server);
		server_wait(server, LOOK_MS);
	}
}

/* Open requests are answered, and runs have their time to end. */
static void stop(struct server *server)
{
	if (server->hooks)
		hooks_stop(server->hooks);
	if (server->listener)
		listener_quiesce(server->listener);
	log_info("stopped by %s%s", cancel_name(cancel_signal()),
		 server_runs_active(server) ? ": what is under way may end" : "");
	server_runs_end(server, clock_ms() + server->grace * 1000);
	listener_free(&server->listener);
	queue_free(&server->queue);
	/* From here on the process has seconds, which a message may not outlast. */
	cancel_hurry();
	news_send(&server->told, &server->session, &server->editions.current->loaded.config.notify);
	news_send(&server->news, &server->session, &server->editions.current->loaded.config.notify);
}

/* --- before and after ------------------------------------------------------------------------- */

/* The socket and what was left in the record are opened before the process is confined. */
static bool open_hooks(struct server *server, const struct server_config *config, struct error *err)
{
	const struct queue_options queue = {config->record, config->limits.entries};
	const struct hooks_options hooks = {.hold = hold,
					    .release = release,
					    .run_now = run_now,
					    .describe = server_runs_describe,
					    .ctx = server};
	struct hooks_options given = hooks;
	if (!queue_open(&queue, &server->queue, err))
		return false;
	queue_watch(server->queue, server_ring, server);
	given.queue = server->queue;
	server->hooks = hooks_new(server->session.arena, &given);
	const struct listener_options listener = {.address = config->listen,
						  .header_bytes = config->limits.header_bytes,
						  .body_bytes = config->limits.body_bytes,
						  .seconds = config->limits.seconds,
						  .connections = config->limits.connections,
						  .serve = hooks_serve,
						  .ctx = server->hooks};
	if (!server->hooks)
		return error_memory(err);
	if (!listener_bind(&listener, &server->listener, err))
		return false;
	if (listener_is_public(server->listener))
		log_warn("%s: others can reach this address, and it speaks http: put a proxy with "
			 "TLS in front, or listen on 127.0.0.1 or a unix socket",
			 config->listen);
	return true;
}

/* Rules that nothing would ever run are a slip. */
static bool check_jobs(const struct server *server, struct problems *problems)
{
	for (size_t i = 0; i < server->jobs.count; i++)
		if (!*server->jobs.items[i].name && !server->options->server)
			problem_add(problems, NULL,
				    "serve: nothing says when to run: give --every 6h or --cron "
				    "\"17 3 * * *\", or every or cron in each rule");
	return !problems->error_count;
}

static void tell_begin(const struct server *server)
{
	char when[CLOCK_TEXT_SIZE];
	int64_t next = server_runs_next(server);
	if (server->listener)
		log_info("serving: listening on %s", server->editions.current->server.listen);
	if (next == INT64_MAX)
		return;
	clock_rfc3339(next, when);
	log_info("serving: first run at %s", when);
}

static bool start(struct server *server, int *status)
{
	struct error err;
	struct edition *edition = server->editions.current;
	*status = EXIT_USAGE;
	if (edition->options.server && !open_hooks(server, &edition->server, &err)) {
		log_error("%s", err.text);
		return false;
	}
	if (!begin_confined(&edition->loaded, status))
		return false;
	*status = EXIT_FAILURE;
	if (server->queue &&
	    (!queue_start(server->queue, &err) || !listener_start(server->listener, &err))) {
		log_error("%s", err.text);
		return false;
	}
	return true;
}

/* Reads the files for the first time. */
static bool load(struct server *server, struct problems *problems, int *status)
{
	struct timespec since;
	struct edition *edition = edition_new(&server->session, server->options);
	clock_gettime(CLOCK_REALTIME_COARSE, &since);
	*status = EXIT_FAILURE;
	if (!edition) {
		log_error("out of memory");
		return false;
	}
	edition_enforce(&server->editions, edition);
	if (!begin_loaded(&edition->loaded, problems, status))
		return false;
	if (!edition_settle(edition) || !take_jobs(server, edition)) {
		log_error("out of memory");
		return false;
	}
	watch_files(server, edition, NULL, &since);
	if (check_jobs(server, problems))
		return true;
	problem_print(problems, stderr);
	*status = EXIT_USAGE;
	return false;
}

bool server_open(struct server *server)
{
	server->doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&server->lock, NULL);
	pthread_mutex_init(&server->editions.lock, NULL);
	return server->session.arena && session_last(&server->session);
}

int server_run(struct server *server, struct problems *problems)
{
	int status;
	server->started = server->looked = clock_unix();
	if (!load(server, problems, &status) || !start(server, &status))
		return status;
	const struct server_config *config = &server->editions.current->server;
	server->interval.period = config->interval;
	server->interval_due =
		config->interval ? schedule_start(&server->interval, server->looked) : INT64_MAX;
	server->grace = config->grace;
	cancel_defer((unsigned)config->grace);
	tell_begin(server);
	serve(server);
	stop(server);
	return EXIT_SUCCESS;
}

void server_close(struct server *server)
{
	listener_free(&server->listener);
	queue_free(&server->queue);
	jobs_finish(&server->jobs);
	news_finish(&server->news);
	news_finish(&server->told);
	watch_free(&server->watch);
	edition_enforce(&server->editions, NULL);
	session_close(&server->session);
	pthread_mutex_destroy(&server->lock);
	pthread_mutex_destroy(&server->editions.lock);
	if (server->doorbell >= 0)
		close(server->doorbell);
}
