/*
 * The only place where configuration, plan, registries, copier and report meet.
 *
 * Three steps: everything that can be wrong with the input is told before the first request; then
 * all rules are expanded into tasks, so that duplicates and contradictions are found in file
 * order; then the tasks run, in rounds when some fail for reasons that may pass.
 */
#include "cmd/sync.h"

#include "base/cancel.h"
#include "base/log.h"
#include "base/map.h"
#include "base/retry.h"
#include "cmd/about.h"
#include "config/config.h"
#include "config/usage.h"
#include "copy/copier.h"
#include "copy/created.h"
#include "plan/plan.h"
#include "registry/tags.h"
#include "report/report.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	EXIT_USAGE = 2,
	WIDTH_MIN = 16,
	WIDTH_MAX = 128,
	FILES_KEPT = 64,
	FILES_EACH = 8,
	ROUND_PAUSE = 5,
	ROUND_PAUSE_MAX = 300
};

/* Everything one run owns, in the order it is made; released in the opposite one. */
struct run {
	const struct options *options;
	struct arena *arena;
	FILE *log;
	struct config config;
	struct plan_rule *rules;
	size_t rule_count;
	struct pool *pool;
	struct progress *progress;
	struct http *http;
	struct registry *registry;
	struct copier *copier;
	struct report *report;
	struct expansion *expansions; /* one for each rule */
	const struct task **tasks;    /* of all rules, each pair once */
	size_t task_count;
	bool *again;   /* for each task: failed in this round, worth another one */
	int *patience; /* for each task: the server's Retry-After */
};

/* What one rule became. */
struct expansion {
	struct arena *arena;
	struct task *tasks;
	size_t count;
	struct problems warnings;
	struct error err;
	bool ok;
};

static void run_finish(struct run *run)
{
	report_free(&run->report);
	copier_free(&run->copier);
	registry_free(&run->registry);
	pool_free(&run->pool);
	http_free(&run->http);
	progress_free(&run->progress);
	for (size_t i = 0; run->expansions && i < run->rule_count; i++) {
		arena_free(&run->expansions[i].arena);
		problem_finish(&run->expansions[i].warnings);
	}
	if (run->log) {
		log_open(stderr, LOG_INFO);
		fclose(run->log);
	}
	arena_free(&run->arena);
}

/* --- configuration ------------------------------------------------------------------------- */

static void print_problems(const struct problems *problems)
{
	fputs(buf_string(&problems->errors), stderr);
}

static void log_warnings(const struct problems *problems)
{
	struct str rest = buf_str(&problems->warnings);
	struct str line;
	while (str_cut(&rest, '\n', &line))
		if (line.len)
			log_warn("%.*s", STR_ARGS(line));
}

static bool open_log(struct run *run, struct problems *problems)
{
	const char *path = run->options->log;
	enum log_level level = run->options->debug ? LOG_DEBUG : LOG_INFO;
	if (path)
		run->log = fopen(path, "we");
	if (path && !run->log)
		problem_add(problems, NULL, "--log: cannot open %s: %s", path, strerror(errno));
	log_open(run->log ? run->log : stderr, level);
	return !path || run->log;
}

/* Tells what the rules leave of the credentials, and completes those. False without memory. */
static bool settle_credentials(struct run *run, struct problems *problems)
{
	struct usage_side *sides = arena_array(run->arena, run->rule_count * 2, sizeof(*sides));
	if (!sides)
		return false;
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct plan_rule *rule = &run->rules[i];
		const struct reference *from = &rule->source.name, *to = &rule->destination.name;
		sides[2 * i] = (struct usage_side){from->host, from->repository, rule->place, true};
		sides[2 * i + 1] =
			(struct usage_side){to->host, to->repository, rule->place, false};
	}
	return usage_settle(run->arena, &run->config, sides, run->rule_count * 2, problems);
}

/* Reads and checks everything. False: problems were printed, nothing was asked of any registry. */
static bool load(struct run *run)
{
	scoped(problem_finish) struct problems problems = {0};
	open_log(run, &problems);
	bool ok = config_load(run->arena, run->options, &run->config, &problems);
	/* Also after mistakes: those in the rules' own texts are to be told with the others. */
	ok &= plan_parse(run->arena, &run->config.rules, &run->rules, &run->rule_count, &problems);
	if (ok && !problems.error_count)
		ok = settle_credentials(run, &problems);
	if (!ok && !problems.error_count)
		problem_add(&problems, NULL, "out of memory");
	log_warnings(&problems);
	print_problems(&problems);
	return !problems.error_count;
}

/* --- setting up ---------------------------------------------------------------------------- */

static void count_request(void *ctx, bool target)
{
	progress_request(ctx, target);
}

/*
 * --proc 0: as many as open files allow. A blob needs two connections, and the threads beside it
 * that check and list need some as well.
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

/* Checks and manifests run wider than blobs; --proc 1 makes all of it serial. */
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
	run->progress = progress_new();
	run->pool = pool_new(pool_width(run));
	run->http = http_new(about_user_agent, NULL);
	if (!run->progress || !run->pool || !run->http)
		return false;
	struct registry_options registry = {.http = run->http,
					    .credentials = &run->config.credentials,
					    .counted = count_request,
					    .ctx = run->progress};
	run->registry = registry_new(&registry);
	struct copier_options copier = {.pool = run->pool,
					.registry = run->registry,
					.progress = run->progress,
					.blobs_in_flight = blobs_in_flight(run),
					.force = options->force,
					.dry_run = options->dry_run};
	run->copier = run->registry ? copier_new(&copier) : NULL;
	struct report_options report = {.json_path = options->report,
					.success_path = options->output_success_images,
					.failed_path = options->output_failed_images,
					.images_json = run->config.lists_json,
					.platforms = run->config.platforms,
					.dry_run = options->dry_run,
					.live = isatty(STDERR_FILENO) && !options->debug,
					.log_in_file = run->log != NULL};
	run->report = report_new(&report, run->progress);
	return run->copier && run->report;
}

/* --- rules to tasks ------------------------------------------------------------------------ */

static bool list_tags(void *ctx, struct arena *arena, const struct reference *source,
		      const char *const **tags, size_t *count, struct error *err)
{
	struct run *run = ctx;
	struct repository repository;
	return registry_open(run->registry, source, false, &repository, err) &&
	       tags_list(&repository, arena, tags, count, err);
}

/* The dates of some images, asked for in parallel. */
struct dates {
	struct run *run;
	const struct reference *images;
	int64_t *when;
	struct error *errors;
	bool *known;
};

static void find_date(void *ctx, size_t index)
{
	struct dates *dates = ctx;
	if (cancel_requested())
		error_set(&dates->errors[index], ERROR_CANCELED, "stopped by a signal");
	else
		dates->known[index] = created_of(dates->run->registry, &dates->images[index], NULL,
						 &dates->when[index], &dates->errors[index]);
}

static bool find_created(void *ctx, const struct reference *images, size_t count, int64_t *when,
			 struct error *err)
{
	struct run *run = ctx;
	scoped(arena_free) struct arena *arena = arena_new();
	struct dates dates = {.run = run, .images = images, .when = when};
	dates.errors = arena ? arena_array(arena, count, sizeof(*dates.errors)) : NULL;
	dates.known = arena ? arena_array(arena, count, sizeof(*dates.known)) : NULL;
	if (!dates.errors || !dates.known)
		return error_memory(err);
	pool_each(run->pool, count, find_date, &dates);
	for (size_t i = 0; i < count; i++) {
		if (dates.known[i])
			continue;
		*err = dates.errors[i];
		return false;
	}
	return true;
}

static void expand_rule(void *ctx, size_t index)
{
	struct run *run = ctx;
	struct expansion *expansion = &run->expansions[index];
	struct catalog catalog = {.tags = list_tags, .created = find_created, .ctx = run};
	if (expansion->ok || (expansion->arena && !retry_helps(expansion->err.kind)))
		return; /* of an earlier round */
	arena_free(&expansion->arena);
	expansion->arena = arena_new();
	if (cancel_requested())
		error_set(&expansion->err, ERROR_CANCELED, "stopped by a signal");
	else if (!expansion->arena)
		error_memory(&expansion->err);
	else
		expansion->ok = plan_expand(expansion->arena, &run->rules[index], &catalog,
					    &expansion->tasks, &expansion->count,
					    &expansion->warnings, &expansion->err);
}

static bool expand_again(const struct run *run)
{
	for (size_t i = 0; i < run->rule_count && !cancel_requested(); i++)
		if (!run->expansions[i].ok && retry_helps(run->expansions[i].err.kind))
			return true;
	return false;
}

/* Lists tags in rounds, as images are copied: a rule is not lost to one bad minute. */
static bool expand(struct run *run)
{
	run->expansions = arena_array(run->arena, run->rule_count + 1, sizeof(*run->expansions));
	if (!run->expansions)
		return false;
	pool_each(run->pool, run->rule_count, expand_rule, run);
	for (int left = run->options->retries; left > 0 && expand_again(run); left--) {
		registry_forgive(run->registry);
		if (cancel_sleep(ROUND_PAUSE * 1000))
			pool_each(run->pool, run->rule_count, expand_rule, run);
	}
	return true;
}

/* Adds a task unless its pair is there; a second source for one destination is a failed image. */
static bool add_task(struct run *run, struct map *seen, const struct task *task)
{
	scoped(buf_finish) struct buf key = {0};
	reference_print(&task->destination, &key);
	if (!buf_ok(&key))
		return false;
	const struct task *earlier = map_get(seen, buf_str(&key));
	if (!earlier) {
		run->tasks[run->task_count++] = task;
		return map_put(seen, buf_str(&key), (void *)(uintptr_t)task);
	}
	if (plan_same_work(earlier, task))
		return true;
	struct error err;
	char *other = reference_string(run->arena, &earlier->source);
	if (!other)
		return false;
	error_set(&err, ERROR_CONFIG, "%s is the destination of %s (%s) already", key.at, other,
		  earlier->place);
	struct outcome outcome = {.status = OUTCOME_FAILED,
				  .reason = error_kind_name(err.kind),
				  .error_kind = err.kind,
				  .error_text = err.text};
	report_plan(run->report, 1);
	report_outcome(run->report, task, &outcome);
	return true;
}

static bool collect(struct run *run)
{
	scoped(map_finish) struct map seen = {0};
	size_t most = 0;
	for (size_t i = 0; i < run->rule_count; i++)
		most += run->expansions[i].count;
	run->tasks = arena_array(run->arena, most + 1, sizeof(const struct task *));
	run->again = arena_array(run->arena, most + 1, sizeof(*run->again));
	run->patience = arena_array(run->arena, most + 1, sizeof(*run->patience));
	if (!run->tasks || !run->again || !run->patience)
		return false;
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct expansion *expansion = &run->expansions[i];
		log_warnings(&expansion->warnings);
		if (!expansion->ok)
			report_rule_failed(run->report, run->rules[i].rule, &expansion->err);
		for (size_t j = 0; expansion->ok && j < expansion->count; j++)
			if (!add_task(run, &seen, &expansion->tasks[j]))
				return false;
	}
	report_plan(run->report, run->task_count);
	return true;
}

/* --- the work ------------------------------------------------------------------------------ */

/* One round over the tasks in todo. */
struct round {
	struct run *run;
	const size_t *todo;
	bool last;
};

static void log_attempt(const struct task *task, const struct outcome *outcome)
{
	scoped(buf_finish) struct buf name = {0};
	reference_print(&task->source, &name);
	log_warn("%s failed and will be tried again: %s", buf_string(&name), outcome->error_text);
}

static void run_task(void *ctx, size_t index)
{
	struct round *round = ctx;
	struct run *run = round->run;
	size_t number = round->todo[index];
	struct outcome outcome = {.status = OUTCOME_FAILED,
				  .reason = error_kind_name(ERROR_MEMORY),
				  .error_kind = ERROR_MEMORY,
				  .error_text = "out of memory"};
	/* What was never begun has no outcome: the report counts it as not processed. */
	if (cancel_requested())
		return;
	scoped(arena_free) struct arena *arena = arena_new();
	if (arena)
		copier_run(run->copier, arena, run->tasks[number], &outcome);
	run->again[number] = outcome.status == OUTCOME_FAILED && !round->last &&
			     retry_helps(outcome.error_kind) && !cancel_requested();
	run->patience[number] = outcome.retry_after;
	if (run->again[number])
		log_attempt(run->tasks[number], &outcome);
	else
		report_outcome(run->report, run->tasks[number], &outcome);
}

/* Moves the tasks that are worth another round to the front of todo; returns how many. */
static size_t take_failed(struct run *run, size_t *todo)
{
	size_t count = 0;
	for (size_t i = 0; i < run->task_count; i++) {
		if (run->again[i])
			todo[count++] = i;
		run->again[i] = false;
	}
	return count;
}

/* Between rounds: long enough for a restart, or as long as the servers asked for. */
static bool pause_for(struct run *run, const size_t *todo, size_t count)
{
	int seconds = ROUND_PAUSE;
	for (size_t i = 0; i < count; i++)
		if (run->patience[todo[i]] > seconds)
			seconds = run->patience[todo[i]];
	if (seconds > ROUND_PAUSE_MAX)
		seconds = ROUND_PAUSE_MAX;
	log_info("Start to retry %zu image%s in %d s, please wait ...", count,
		 count == 1 ? "" : "s", seconds);
	registry_forgive(run->registry);
	return cancel_sleep((unsigned)seconds * 1000);
}

static bool work(struct run *run)
{
	size_t *todo = arena_array(run->arena, run->task_count + 1, sizeof(*todo));
	size_t count = run->task_count;
	if (!todo)
		return false;
	for (size_t i = 0; i < count; i++)
		todo[i] = i;
	for (int left = run->options->retries; count; left--) {
		struct round round = {.run = run, .todo = todo, .last = left <= 0};
		pool_each(run->pool, count, run_task, &round);
		count = take_failed(run, todo);
		if (count && !pause_for(run, todo, count))
			return true;
	}
	return true;
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

int sync_run(const struct options *options)
{
	scoped(run_finish) struct run run = {.options = options, .arena = arena_new()};
	struct error err;
	if (!run.arena || !load(&run))
		return EXIT_USAGE;
	if (!set_up(&run) || !expand(&run) || !collect(&run) || !work(&run)) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	warn_unmatched(&run);
	bool written = report_finish(run.report, cancel_signal(), &err);
	int code = report_exit_code(run.report, cancel_signal());
	if (!written)
		log_error("%s", err.text);
	return written || code ? code : EXIT_FAILURE;
}
