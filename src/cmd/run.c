/*
 * One run: all rules become tasks (expansion.c), then the tasks run (rounds.c). Here is what holds
 * these together, and what its threads share.
 */
#include "cmd/run.h"

#include "base/cancel.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/about.h"
#include "cmd/apply.h"
#include "cmd/expansion.h"
#include "cmd/folders.h"
#include "cmd/namespaces.h"
#include "cmd/narrowing.h"
#include "cmd/pruning.h"
#include "cmd/rounds.h"
#include "cmd/state_keeper.h"
#include "config/imgsync/flags.h"
#include "config/options/plan_options.h"
#include "layout/archive_base.h"
#include "layout/layout_store.h"
#include "notify/notify.h"
#include "report/tally.h"

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
	run->loaded = loaded;
	run->config = loaded->config;
	run->namespaces = loaded->namespaces;
	run->namespace_count = loaded->namespace_count;
	run->rules = loaded->rules;
	run->rule_count = loaded->rule_count;
	run->folders = loaded->folders;
	run->folder_count = loaded->folder_count;
	return true;
}

void run_close(struct run *run)
{
	report_free(&run->report);
	copier_free(&run->copier);
	survey_free(&run->survey);
	layouts_free(&run->layouts);
	archive_base_free(run->base);
	registry_free(&run->registry);
	/* What one run found out about a server is no reason to leave out the next one's. */
	if (run->session && run->session->http)
		http_forgive(run->session->http);
	progress_free(&run->progress);
	for (size_t i = 0; run->expansions && i < run->expansion_count; i++) {
		if (run->expansions[i].warnings)
			problem_finish(run->expansions[i].warnings);
		arena_free(&run->expansions[i].arena);
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

/* False without memory. */
static bool set_up_plan(struct run *run)
{
	const struct plan_options *plan = run->options->plan;
	if (!plan)
		return true;
	run->survey = survey_new();
	run->planning = (struct plan_files){.path = plan->out,
					    .markdown = plan->markdown,
					    .groups = plan->groups,
					    .survey = run->survey,
					    .program = about_user_agent};
	return run->survey != NULL;
}

/* Images may have to be of some age. */
static bool wants_dates(const struct run *run)
{
	bool wanted = run->config.terms.min_age > 0;
	for (size_t i = 0; i < run->rule_count && !wanted; i++)
		wanted = rule_terms(run->rules[i].rule)->min_age > 0;
	for (size_t i = 0; i < run->namespace_count && !wanted; i++)
		wanted = rule_terms(run->namespaces[i].rule)->min_age > 0;
	return wanted;
}

static void set_up_copier(struct run *run)
{
	const struct options *options = run->options;
	struct session *session = run->session;
	struct copier_options copier = {.pool = session->pool,
					.stores = run->stores,
					.progress = run->progress,
					.state = state_keeper_state(session->keeper),
					.survey = run->survey,
					.throttle = session->throttle,
					.ranges = session_ranges(session, options),
					.blobs_in_flight = session_blobs(options),
					.force = options->force,
					.dry_run = options->dry_run,
					.verify = options->verify};
	run->copier = copier_new(&copier);
}

static bool set_up(struct run *run)
{
	const struct options *options = run->options;
	const struct session *session = run->session;
	run->progress = progress_new();
	if (!run->progress || !set_up_plan(run) || !folders_open(run))
		return false;
	struct registry_options registry = {.http = session->http,
					    .credentials = &run->config.credentials,
					    .helpers = session->helpers,
					    .aws = &session->aws,
					    .keep_pulls = run->config.keep_pulls,
					    .keep_lists = wants_dates(run),
					    .folders = layout_store_opener(run->layouts),
					    .counted = count_request,
					    .ctx = run->progress};
	run->registry = registry_new(&registry);
	if (!run->registry)
		return false;
	set_up_copier(run);
	const struct flags *flags = options->imgsync;
	enum lines lines = LINES_UNSAID;
	if (options->progress)
		lines_named(options->progress, &lines);
	struct report_options report = {
		.level = flags ? flags_level(flags) : 0,
		.level_title = flags ? flags_title(flags) : NULL,
		.json_path = options->report,
		.success_path = options->output_success_images,
		.failed_path = options->output_failed_images,
		.action = options->inputs ? &run->action : NULL,
		.program = about_user_agent,
		.images_json = run->config.lists_json,
		.terms = &run->config.terms,
		.whole = run->narrowing || run->survey || options->rules ||
			 notify_wants_report(&run->config.notify),
		.answers = options->rules != NULL,
		.figures = run->figures,
		.prune = options->prune && !run->narrowing && !options->apply,
		.dry_run = options->dry_run,
		.shard = options->shard,
		.plan = options->apply ? run->config.plan_digest : NULL,
		.planning = run->survey ? &run->planning : NULL,
		.live = !session->lasting && !options->quiet && isatty(STDERR_FILENO) &&
			!log_debugging() && (!log_is_json() || session->log_in_file),
		.lines = lines,
		.quiet = options->quiet && !options->debug,
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

/* Finds the rules that are not in the files. */
static bool plan_more(struct run *run)
{
	return run->narrowing ? narrowing_plan(run) : namespaces_expand(run);
}

/* FNV-1a over what failed and in which way. */
static uint64_t hash_failures(const struct tally *tally)
{
	uint64_t hash = 0xcbf29ce484222325;
	struct tally_walk walk = tally_list_walk(&tally->list);
	while (tally_list_next(&walk)) {
		scoped(buf_finish) struct buf text = {0};
		if (walk.image.outcome.status != OUTCOME_FAILED)
			continue;
		tally_source(&walk.image, &text);
		buf_add_char(&text, '\n');
		tally_destination(&walk.image, &text);
		buf_printf(&text, "\n%d\n", (int)walk.image.outcome.error_kind);
		for (size_t i = 0; i < text.len; i++)
			hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3;
	}
	return hash;
}

/* Returns the exit status. Runs for hooks send no message of their own: see cmd/news.h. */
static int send_messages(struct run *run, int code)
{
	const struct tally *tally = report_tally(run->report);
	struct run_memory before = {.failed = false}, now = {code != 0, 0};
	struct notify_run messages = {.http = run->session->http,
				      .pool = run->session->pool,
				      .targets = &run->config.notify,
				      .tally = tally,
				      .report = report_file(run->options),
				      .code = code};
	if (run->narrowing)
		return code;
	if (run->memory) {
		now.failures = hash_failures(tally);
		before = *run->memory;
		*run->memory = now;
	}
	messages.recovered = before.failed && !now.failed;
	messages.repeated =
		before.failed && now.failed && !tally->copied && before.failures == now.failures;
	return notify_send(&messages);
}

/* Why the run has ended early; 0: it has not. */
static int stop_reason(const struct run *run)
{
	int reason = cancel_reason();
	/* What was under way when the signal was noted may have been all. */
	return reason || tally_clean(report_tally(run->report)) ? reason : cancel_signal();
}

int run_sync(struct run *run)
{
	struct error err;
	if (!set_up(run)) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	if (!state_keeper_load(run))
		return cancel_reason() ? cancel_status(cancel_reason()) : EXIT_FAILURE;
	if (state_keeper_is_new(run->session->keeper))
		report_new_state(run->report);
	apply_failures(run);
	if (!plan_more(run) || !expansion_run(run) || !expansion_collect(run) || !rounds_run(run) ||
	    !pruning_run(run)) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	run->complete = true;
	bool finished = folders_finish(run, &err);
	if (!finished)
		log_error("%s", err.text);
	warn_unmatched(run);
	/* Where descriptors are few, the files of the report need them now. */
	http_close_idle(run->session->http);
	int reason = stop_reason(run);
	bool written = report_finish(run->report, reason, &err);
	/* Whoever reads the files may have kept us waiting until a stop. */
	int code = report_exit_code(run->report, cancel_reason() ? cancel_reason() : reason);
	if (!written)
		log_error("%s", err.text);
	written &= state_keeper_save(run);
	return send_messages(run, (written && finished) || code ? code : EXIT_FAILURE);
}
