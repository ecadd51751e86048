/*
 * The command: what was asked for, and the signals that a server takes beside those that stop it.
 */
#include "cmd/serve.h"

#include "base/log.h"
#include "base/path.h"
#include "cmd/about.h"
#include "cmd/server.h"
#include "config/duration.h"
#include "config/environment.h"
#include "config/serve/serve_options.h"
#include "serve/zone.h"

#include <signal.h>
#include <stdlib.h>

enum { EXIT_USAGE = 2 };

static void note_signal(int number)
{
	if (number == SIGHUP)
		server_wish_files();
	else
		server_wish_log();
}

static void install(void)
{
	struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
	sigemptyset(&action.sa_mask);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

static void read_schedule(struct arena *arena, const struct serve_options *given,
			  struct jobs_default *out, struct problems *problems)
{
	const char *text = given->every ? given->every : given->cron;
	struct error err;
	out->name = text ? arena_printf(arena, "%s %s", given->every ? "every" : "cron", text) : "";
	if (!out->name)
		problem_add(problems, NULL, "out of memory");
	if (given->every && given->cron)
		problem_add(problems, NULL,
			    "--every and --cron both say when to run: give one of them");
	if (given->every) {
		out->schedule.period = duration_read(given->every);
		if (!out->schedule.period)
			problem_add(problems, NULL, "--every %s: expected " DURATION_FORM,
				    given->every);
	}
	if (given->cron && !cron_parse(str_of(given->cron), &out->schedule.cron, &err))
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

void serve_judge(struct arena *arena, const struct serve_options *given,
		 const struct options *options, struct jobs_default *out, struct problems *problems)
{
	static const struct config nothing;
	read_schedule(arena, given, out, problems);
	read_zone(given, problems);
	outputs_inputs(options, &nothing, refuse_stream, problems);
	if (options->server && options->dry_run)
		problem_add(problems, NULL,
			    "--dry-run: what hooks name would stay queued for ever: leave it out, "
			    "or -c");
}

/* Reads the command line and runs what it says. */
static int run_command(int argc, char **argv, struct server *server)
{
	scoped(problem_finish) struct problems problems = {0};
	struct options options;
	struct serve_options given;
	options_init(&options);
	const struct expand_lookup lookup = environment_lookup(&options);
	const struct serve_options_reading reading = {
		server->session.arena, argc, argv, &lookup, &problems, NULL};
	options_variables(&options, &problems);
	bool ok = serve_options_parse(&reading, &given, &options);
	if (options.help)
		return about_print(serve_options_help);
	if (options.version)
		return about_print(about_version);
	if (!options.server)
		options_usual_files(&options);
	serve_judge(server->session.arena, &given, &options, &server->own, &problems);
	server->options = &options;
	ok = ok && !(options.server && options.dry_run);
	if (ok)
		return server_run(server, &problems);
	problem_print(&problems, stderr);
	fputs("Run image-syncer serve --help for the options.\n", stderr);
	return EXIT_USAGE;
}

int serve_run(int argc, char **argv)
{
	struct server server = {.session = {.arena = arena_new()}, .interval_due = INT64_MAX};
	int status = EXIT_FAILURE;
	install();
	if (server_open(&server))
		status = run_command(argc, argv, &server);
	else
		log_error("out of memory");
	server_close(&server);
	return status;
}
