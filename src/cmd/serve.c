/*
 * A session with many runs, one after the other. Each has a thread of its own, so that this one is
 * free for what is asked of the server meanwhile: to open the log again, to run once more.
 *
 * What was loaded is kept apart from the runs (run_repeat()). Before each run the files are loaded
 * once more, as another version; only if that is right it replaces the one in force.
 *
 * Waits last a second at most: then the clock on the wall decides, which may have been set, and a
 * signal may have come to any thread.
 */
#include "cmd/serve.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/path.h"
#include "cmd/about.h"
#include "cmd/begin.h"
#include "cmd/confine.h"
#include "cmd/load.h"
#include "config/duration.h"
#include "config/environment.h"
#include "config/serve/serve_options.h"
#include "serve/schedule.h"
#include "serve/zone.h"

#include <signal.h>
#include <stdlib.h>

enum { EXIT_USAGE = 2, LOOK_MS = 1000, STACK_BYTES = 1024 * 1024 };

struct server {
	struct session session;
	const struct options *options;
	struct schedule schedule;
	int64_t due;       /* when the next run is */
	int64_t looked;    /* what the clock said last */
	struct run loaded; /* the version in force */
	unsigned number;   /* of the last run */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t ended;
	bool running;
	int status; /* of the last run */
};

/* --- signals -------------------------------------------------------------------------------- */

/* What signals asked for; they are the process's, so there is one of each. */
static atomic_bool run_wanted, log_wanted;

static void note_signal(int number)
{
	atomic_store(number == SIGHUP ? &run_wanted : &log_wanted, true);
}

static void install(void)
{
	struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
	sigemptyset(&action.sa_mask);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

static void open_log_again(struct server *server)
{
	if (!atomic_exchange(&log_wanted, false))
		return;
	session_log_again(&server->session, server->options);
	log_info(server->session.log ? "SIGUSR1: the log was opened again"
				     : "SIGUSR1: there is no log file to open again");
}

/* --- one run -------------------------------------------------------------------------------- */

/* A wrong version leaves the one before it in force. */
static void load_again(struct server *server)
{
	scoped(problem_finish) struct problems problems = {0};
	scoped(problem_finish) struct problems refused = {0};
	struct run fresh;
	bool good =
		run_open(&fresh, &server->session, server->options) && load_run(&fresh, &problems);
	if (good && !confine_check(&fresh, &refused)) {
		problem_log_errors(&refused);
		good = false;
	}
	if (good) {
		run_close(&server->loaded);
		server->loaded = fresh;
		return;
	}
	run_close(&fresh);
	if (!cancel_requested())
		log_error("these files are not used: the rules and logins read before them stay in "
			  "force");
}

static int carry_out(const struct server *server)
{
	scoped(cancel_close) struct cancel cancel = {0};
	scoped(run_close) struct run run = {0};
	cancel_open(&cancel, config_timeout(server->options));
	cancel_enter(&cancel);
	if (run_repeat(&run, &server->loaded))
		return run_sync(&run);
	log_error("out of memory");
	return EXIT_FAILURE;
}

static void *run_thread(void *ctx)
{
	struct server *server = ctx;
	int status = carry_out(server);
	pthread_mutex_lock(&server->lock);
	server->status = status;
	server->running = false;
	pthread_cond_signal(&server->ended);
	pthread_mutex_unlock(&server->lock);
	return NULL;
}

static bool is_running(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	if (server->running)
		cond_wait_ms(&server->ended, &server->lock, LOOK_MS);
	bool running = server->running;
	pthread_mutex_unlock(&server->lock);
	return running;
}

/* Runs what is in force, to its end. False: no thread could be started. */
static bool run_once(struct server *server)
{
	pthread_t thread;
	pthread_attr_t attributes;
	server->running = true;
	if (pthread_attr_init(&attributes) != 0)
		return false;
	bool started = pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
		       pthread_create(&thread, &attributes, run_thread, server) == 0;
	pthread_attr_destroy(&attributes);
	if (!started)
		return false;
	while (is_running(server))
		open_log_again(server);
	pthread_join(thread, NULL);
	return true;
}

static void tell_result(const struct server *server, bool ran, int64_t took_ms)
{
	char when[CLOCK_TEXT_SIZE];
	clock_rfc3339(server->due, when);
	if (!ran)
		log_error("run %u could not be started: no memory for a thread; next run at %s",
			  server->number, when);
	else if (server->status == EXIT_SUCCESS)
		log_info("run %u succeeded after %.1f s; next run at %s", server->number,
			 (double)took_ms / 1000, when);
	else
		log_error("run %u failed after %.1f s; next run at %s", server->number,
			  (double)took_ms / 1000, when);
}

/* One run and all about it. load: the files are read first. */
static void serve_once(struct server *server, bool load)
{
	int64_t begin_ms = clock_ms(), now;
	if (load)
		load_again(server);
	if (cancel_requested())
		return;
	/* If the clock was set back just now, the same time is not due once more. */
	now = clock_unix();
	server->due = schedule_next(&server->schedule, now > server->looked ? now : server->looked);
	log_info("run %u starts", ++server->number);
	bool ran = run_once(server);
	if (!cancel_requested())
		tell_result(server, ran, clock_ms() - begin_ms);
}

/* --- all of them ---------------------------------------------------------------------------- */

/* Looks at the clock, which may have been set. Whether a run is due. */
static bool is_due(struct server *server)
{
	char when[CLOCK_TEXT_SIZE];
	int64_t now = clock_unix();
	int64_t due = schedule_adjust(&server->schedule, server->due, server->looked, now);
	server->looked = now;
	if (due != server->due) {
		clock_rfc3339(due, when);
		log_warn("the clock was set back: next run at %s", when);
	}
	server->due = due;
	return now >= due;
}

/* Waits until it is time for a run. False: the server is to stop. */
static bool wait_for_run(struct server *server)
{
	while (!cancel_requested()) {
		open_log_again(server);
		if (atomic_exchange(&run_wanted, false)) {
			log_info("SIGHUP: the files are read again, for a run that starts now");
			return true;
		}
		if (is_due(server))
			return true;
		cancel_sleep(LOOK_MS);
	}
	return false;
}

static int serve_all(struct server *server)
{
	char when[CLOCK_TEXT_SIZE];
	server->looked = clock_unix();
	server->due = schedule_start(&server->schedule, server->looked);
	clock_rfc3339(server->due, when);
	log_info("serving: first run at %s", when);
	/* What is due at once was read just now. */
	bool load = !server->schedule.period;
	for (; wait_for_run(server); load = true)
		serve_once(server, load);
	log_info("stopped by %s", cancel_name(cancel_reason()));
	return cancel_status(cancel_reason());
}

static int serve(struct server *server, struct problems *problems)
{
	int status = EXIT_FAILURE;
	if (!run_open(&server->loaded, &server->session, server->options))
		log_error("out of memory");
	else if (begin_session(&server->loaded, problems, &status))
		status = serve_all(server);
	run_close(&server->loaded);
	return status;
}

/* --- what was asked for --------------------------------------------------------------------- */

static void read_schedule(const struct serve_options *given, struct schedule *out,
			  struct problems *problems)
{
	struct error err;
	if (!given->every == !given->cron)
		problem_add(problems, NULL,
			    given->every ? "--every and --cron both say when to run: give one of "
					   "them"
					 : "serve: nothing says when to run: give --every 6h or "
					   "--cron \"17 3 * * *\"");
	if (given->every) {
		out->period = duration_read(given->every);
		if (!out->period)
			problem_add(problems, NULL, "--every %s: expected " DURATION_FORM,
				    given->every);
	}
	if (given->cron && !cron_parse(str_of(given->cron), &out->cron, &err))
		problem_add(problems, NULL, "--cron %s: %s", given->cron, err.text);
}

/* Without an option the variable TZ counts: the C library would not say what is wrong with it. */
static void read_zone(const struct serve_options *given, struct problems *problems)
{
	const char *zone = given->time_zone ? given->time_zone : getenv("TZ");
	struct error err;
	if (zone && *zone && !zone_set(zone, &err))
		problem_add(problems, NULL, "%s: %s", given->time_zone ? "--time-zone" : "TZ",
			    err.text);
}

/* Before each run files are read from their beginning: a pipe has none. */
static void refuse_stream(void *ctx, const struct outputs_input *input)
{
	struct path path;
	if (input->given && path_find_input(input->given, &path) && !path.regular)
		problem_add(ctx, input->place,
			    "%s %s cannot be read a second time, but serve reads it before each "
			    "run: name a file",
			    input->name, input->given);
}

/* Reads the command line and runs what it says. */
static int run_command(int argc, char **argv, struct server *server)
{
	static const struct config nothing;
	scoped(problem_finish) struct problems problems = {0};
	struct options options;
	struct serve_options given;
	options_init(&options);
	const struct expand_lookup lookup = environment_lookup(&options);
	const struct serve_options_reading reading = {server->session.arena, argc, argv, &lookup,
						      &problems};
	options_variables(&options, &problems);
	bool ok = serve_options_parse(&reading, &given, &options);
	if (options.help)
		return about_print(serve_options_help);
	if (options.version)
		return about_print(about_version);
	read_schedule(&given, &server->schedule, &problems);
	read_zone(&given, &problems);
	outputs_inputs(&options, &nothing, refuse_stream, &problems);
	server->options = &options;
	if (ok)
		return serve(server, &problems);
	problem_print(&problems, stderr);
	fputs("Run image-syncer serve --help for the options.\n", stderr);
	return EXIT_USAGE;
}

int serve_run(int argc, char **argv)
{
	struct server server = {.session = {.arena = arena_new()},
				.lock = PTHREAD_MUTEX_INITIALIZER};
	int status = EXIT_FAILURE;
	cond_init(&server.ended);
	install();
	if (server.session.arena && session_last(&server.session))
		status = run_command(argc, argv, &server);
	else
		log_error("out of memory");
	session_close(&server.session);
	pthread_cond_destroy(&server.ended);
	return status;
}
