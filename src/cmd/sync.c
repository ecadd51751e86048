/*
 * One run: every problem of the input is reported before the first request (load.c); all rules
 * become tasks (expansion.c); then the tasks run (rounds.c). This file joins the three, and creates
 * the objects that all threads share.
 */
#include "cmd/sync.h"

#include "base/cancel.h"
#include "base/log.h"
#include "base/secret.h"
#include "cmd/about.h"
#include "cmd/confine.h"
#include "cmd/expansion.h"
#include "cmd/load.h"
#include "cmd/rounds.h"

#include <sys/resource.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, WIDTH_MIN = 36, WIDTH_MAX = 128, FILES_KEPT = 64, FILES_EACH = 8 };

static void run_finish(struct run *run)
{
	report_free(&run->report);
	copier_free(&run->copier);
	registry_free(&run->registry);
	pool_free(&run->pool);
	http_free(&run->http);
	throttle_free(&run->throttle);
	helpers_stop(&run->helpers);
	progress_free(&run->progress);
	for (size_t i = 0; run->expansions && i < run->rule_count; i++) {
		arena_free(&run->expansions[i].arena);
		problem_finish(&run->expansions[i].warnings);
	}
	if (run->outputs.log)
		log_open(stderr, LOG_INFO);
	outputs_close(&run->outputs);
	arena_free(&run->arena);
}

static void count_request(void *ctx, bool target)
{
	progress_request(ctx, target);
}

/*
 * --proc 0: as many blobs as the limit on open files allows. A blob needs two connections, and the
 * threads that check and list need some as well.
 */
static unsigned blobs_by_files(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return WIDTH_MIN;
	if (limit.rlim_cur >= FILES_KEPT + WIDTH_MAX * FILES_EACH)
		return WIDTH_MAX;
	unsigned files = (unsigned)limit.rlim_cur;
	return files >= FILES_KEPT + FILES_EACH ? (files - FILES_KEPT) / FILES_EACH : 1;
}

static unsigned blobs_in_flight(const struct run *run)
{
	return run->options->proc ? (unsigned)run->options->proc : blobs_by_files();
}

/* Checks, manifests and small blobs run wider than blobs; --proc 1 makes all of it serial. */
static unsigned pool_width(const struct run *run)
{
	unsigned blobs = blobs_in_flight(run);
	if (blobs == 1)
		return 1;
	if (blobs > WIDTH_MAX / 3)
		return WIDTH_MAX;
	return blobs * 3 > WIDTH_MIN ? blobs * 3 : WIDTH_MIN;
}

static bool set_up(struct run *run)
{
	const struct options *options = run->options;
	const struct limits *limits = &run->config.limits;
	struct http_options http = {.user_agent = about_user_agent,
				    .proxies = &run->config.proxies,
				    .stall_seconds = options->stall_timeout,
				    .ports = run->ports,
				    .per_second = (unsigned)options->requests_per_second};
	run->progress = progress_new();
	run->pool = pool_new(pool_width(run));
	run->http = http_new(&http);
	if (limits->bytes_per_second)
		run->throttle = throttle_new(limits->bytes_per_second);
	if (!run->progress || !run->pool || !run->http ||
	    (limits->bytes_per_second && !run->throttle))
		return false;
	struct registry_options registry = {.http = run->http,
					    .credentials = &run->config.credentials,
					    .helpers = run->helpers,
					    .keep_pulls = (unsigned)options->keep_pulls,
					    .counted = count_request,
					    .ctx = run->progress};
	run->registry = registry_new(&registry);
	struct copier_options copier = {.pool = run->pool,
					.registry = run->registry,
					.progress = run->progress,
					.throttle = run->throttle,
					.blobs_in_flight = blobs_in_flight(run),
					.force = options->force,
					.dry_run = options->dry_run,
					.verify = options->verify};
	run->copier = run->registry ? copier_new(&copier) : NULL;
	struct report_options report = {.json_path = options->report,
					.success_path = options->output_success_images,
					.failed_path = options->output_failed_images,
					.action = options->inputs ? &run->action : NULL,
					.program = about_user_agent,
					.images_json = run->config.lists_json,
					.terms = &run->config.terms,
					.dry_run = options->dry_run,
					.shard = options->shard,
					.live = isatty(STDERR_FILENO) && !log_debugging(),
					.log_in_file = run->outputs.log != NULL};
	run->report = report_new(&report, run->progress);
	secret_leave_environment();
	return run->copier && run->report;
}

/* A pattern that matches nothing at all is probably a typing mistake. */
static void warn_unmatched(struct run *run)
{
	const char *const *patterns = NULL;
	size_t count = 0;
	if (cancel_requested() || !copier_unmatched(run->copier, run->arena, &patterns, &count))
		return;
	for (size_t i = 0; i < count; i++)
		log_warn("platform filter: no image of this run is for %s", patterns[i]);
}

int sync_run(const struct options *options, struct problems *problems)
{
	scoped(run_finish) struct run run = {.options = options, .arena = arena_new()};
	struct error err;
	if (!run.arena) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	if (config_timeout(options))
		cancel_after(config_timeout(options));
	if (!load_run(&run, problems))
		return cancel_requested() ? cancel_status(cancel_signal()) : EXIT_USAGE;
	if (!confine_run(&run, &err)) {
		log_error("%s", err.text);
		return EXIT_FAILURE;
	}
	if (!set_up(&run) || !expansion_run(&run) || !expansion_collect(&run) ||
	    !rounds_run(&run)) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	warn_unmatched(&run);
	/* The files of the report need descriptors, which may be few. */
	http_close_idle(run.http);
	bool written = report_finish(run.report, cancel_signal(), &err);
	int code = report_exit_code(run.report, cancel_signal());
	if (!written)
		log_error("%s", err.text);
	return written || code ? code : EXIT_FAILURE;
}
