/*
 * One run: all rules become tasks (expansion.c), then the tasks run (rounds.c). Here is what holds
 * these together, and what its threads share.
 */
#include "cmd/run.h"

#include "base/cancel.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/about.h"
#include "cmd/expansion.h"
#include "cmd/hints_file.h"
#include "cmd/namespaces.h"
#include "cmd/rounds.h"
#include "config/imgsync/flags.h"
#include "notify/notify.h"
#include "registry/registry_store.h"

#include <stdlib.h>
#include <unistd.h>

bool run_open(struct run *run, struct session *session, const struct options *options)
{
	*run = (struct run){.session = session, .options = options, .arena = arena_new()};
	return run->arena != NULL;
}

bool run_repeat(struct run *run, const struct run *loaded)
{
	if (!run_open(run, loaded->session, loaded->options))
		return false;
	run->config = loaded->config;
	run->namespaces = loaded->namespaces;
	run->namespace_count = loaded->namespace_count;
	run->rules = loaded->rules;
	run->rule_count = loaded->rule_count;
	return true;
}

void run_close(struct run *run)
{
	report_free(&run->report);
	copier_free(&run->copier);
	hints_free(&run->hints);
	registry_free(&run->registry);
	/* What one run found out about a server is no reason to leave out the next one's. */
	if (run->session && run->session->http)
		http_forgive(run->session->http);
	progress_free(&run->progress);
	for (size_t i = 0; run->expansions && i < run->rule_count; i++) {
		arena_free(&run->expansions[i].arena);
		problem_finish(&run->expansions[i].warnings);
	}
	for (size_t i = 0; run->gathered && i < run->namespace_count; i++)
		arena_free(&run->gathered[i]);
	outputs_close(&run->outputs);
	arena_free(&run->arena);
}

static void count_request(void *ctx, bool target)
{
	progress_request(ctx, target);
}

static bool set_up(struct run *run)
{
	const struct options *options = run->options;
	const struct session *session = run->session;
	run->progress = progress_new();
	if (!run->progress)
		return false;
	struct registry_options registry = {.http = session->http,
					    .credentials = &run->config.credentials,
					    .helpers = session->helpers,
					    .aws = &session->aws,
					    .keep_pulls = (unsigned)options->keep_pulls,
					    .counted = count_request,
					    .ctx = run->progress};
	run->registry = registry_new(&registry);
	if (!run->registry)
		return false;
	run->stores = registry_store_opener(run->registry);
	struct copier_options copier = {.pool = session->pool,
					.stores = run->stores,
					.progress = run->progress,
					.hints = run->hints,
					.throttle = session->throttle,
					.blobs_in_flight = session_blobs(options),
					.force = options->force,
					.dry_run = options->dry_run,
					.verify = options->verify};
	run->copier = copier_new(&copier);
	const struct flags *flags = options->imgsync;
	struct report_options report = {.level = flags ? flags_level(flags) : 0,
					.level_title = flags ? flags_title(flags) : NULL,
					.json_path = options->report,
					.success_path = options->output_success_images,
					.failed_path = options->output_failed_images,
					.action = options->inputs ? &run->action : NULL,
					.program = about_user_agent,
					.images_json = run->config.lists_json,
					.terms = &run->config.terms,
					.whole = notify_wants_report(&run->config.notify),
					.dry_run = options->dry_run,
					.shard = options->shard,
					.live = isatty(STDERR_FILENO) && !log_debugging(),
					.log_in_file = session->log_in_file};
	run->report = report_new(&report, run->progress);
	return run->copier && run->report;
}

/* A pattern that fits nothing at all is most likely a slip of the pen. */
static void warn_unmatched(struct run *run)
{
	const char *const *patterns = NULL;
	size_t count = 0;
	if (cancel_requested() || !copier_unmatched(run->copier, run->arena, &patterns, &count))
		return;
	for (size_t i = 0; i < count; i++)
		log_warn("platform filter: no image of this run is for %s", patterns[i]);
}

/* The file that messages name; NULL: there is none. */
static const char *report_file(const struct options *options)
{
	return options->report && !file_is_stdout(options->report) ? options->report : NULL;
}

int run_sync(struct run *run)
{
	struct error err;
	if (!set_up(run) || !namespaces_expand(run) || !expansion_run(run) ||
	    !expansion_collect(run) || !rounds_run(run)) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	warn_unmatched(run);
	/* Where descriptors are few, the files of the report need them now. */
	http_close_idle(run->session->http);
	bool written = report_finish(run->report, cancel_reason(), &err);
	int code = report_exit_code(run->report, cancel_reason());
	if (!written)
		log_error("%s", err.text);
	hints_file_save(run);
	const struct notify_run messages = {.http = run->session->http,
					    .pool = run->session->pool,
					    .targets = &run->config.notify,
					    .tally = report_tally(run->report),
					    .report = report_file(run->options),
					    .code = written || code ? code : EXIT_FAILURE};
	return notify_send(&messages);
}
