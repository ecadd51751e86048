/*
 * The lock guards the tally and is held only for counting. Writing happens without it, so that a
 * slow terminal or log file delays only the thread that writes. The price is that the lines of two
 * images that end together may not be in the order of their counts.
 */
#include "report/report.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "doc/node.h"
#include "report/action.h"
#include "report/display.h"
#include "report/heartbeat.h"
#include "report/image_lists.h"
#include "report/levels.h"
#include "report/plan_files.h"
#include "report/report_json.h"
#include "report/report_log.h"
#include "report/summary.h"
#include "report/tally.h"

#include <pthread.h>
#include <unistd.h>

enum { TEXT_MAX = 1024 * 1024 * 1024, HEARTBEAT_MS = 10 * 1000 };

struct report {
	struct arena *arena; /* holds this struct as well */
	pthread_mutex_t lock;
	struct report_options options;
	struct progress *progress;
	struct display *display; /* NULL: log lines instead */
	struct heartbeat *heartbeat;
	enum lines logged; /* the images that get a line in the log */
	struct tally tally;
	int64_t started_ms;
};

static void tell_counts(void *ctx, size_t *done, size_t *total)
{
	struct report *report = ctx;
	pthread_mutex_lock(&report->lock);
	*done = tally_done(&report->tally);
	*total = report->tally.total;
	pthread_mutex_unlock(&report->lock);
}

static void open_lines(struct report *report)
{
	const struct report_options *options = &report->options;
	const struct heartbeat_counts counts = {tell_counts, report};
	report->logged = lines_of_log(options->lines, options->log_in_file || log_is_json());
	if (options->lines == LINES_NONE)
		return;
	if (options->live && display_possible())
		report->display =
			display_open(report->arena, report->progress, !options->log_in_file);
	if (!report->display || options->log_in_file)
		report->heartbeat =
			heartbeat_open(report->arena, report->progress, &counts, HEARTBEAT_MS);
}

struct report *report_new(const struct report_options *options, struct progress *progress)
{
	struct arena *arena = arena_new();
	struct report *report = arena ? arena_new_of(arena, struct report) : NULL;
	if (!report) {
		arena_free(&arena);
		return NULL;
	}
	report->arena = arena;
	report->options = *options;
	report->progress = progress;
	report->started_ms = clock_ms();
	report->tally.started = clock_unix();
	report->tally.dry_run = options->dry_run;
	report->tally.brief = !options->json_path && !options->whole && options->level < LEVELS_ALL;
	report->tally.prune = options->prune;
	report->tally.shard = options->shard;
	report->tally.plan = options->plan;
	if (options->terms)
		report->tally.general = *options->terms;
	pthread_mutex_init(&report->lock, NULL);
	open_lines(report);
	return report;
}

void report_free(struct report **given)
{
	struct report *report = *given;
	if (!report)
		return;
	heartbeat_close(&report->heartbeat);
	display_close(&report->display);
	pthread_mutex_destroy(&report->lock);
	struct arena *arena = report->arena;
	arena_free(&arena);
	*given = NULL;
}

/* Caller holds the lock. */
static void publish(const struct report *report)
{
	const struct tally *tally = &report->tally;
	struct report_live *figures = report->options.figures;
	if (!figures)
		return;
	atomic_store(&figures->images, tally->total);
	atomic_store(&figures->copied, tally->copied);
	atomic_store(&figures->in_sync, tally->in_sync);
	atomic_store(&figures->failed, tally->failed);
	atomic_store(&figures->bytes, tally->bytes);
}

static struct frame_counts counts(const struct report *report)
{
	publish(report);
	return (struct frame_counts){
		.done = tally_done(&report->tally),
		.total = report->tally.total,
		.copied = report->tally.copied,
		.would_copy = report->tally.would_copy,
		.in_sync = report->tally.in_sync,
		.failed = tally_failed(&report->tally),
	};
}

void report_batch(struct report *report, size_t number, size_t batches)
{
	pthread_mutex_lock(&report->lock);
	report->tally.batch = arena_printf(report->arena, "%zu of %zu", number, batches);
	pthread_mutex_unlock(&report->lock);
}

void report_new_state(struct report *report)
{
	pthread_mutex_lock(&report->lock);
	report->tally.new_state = true;
	pthread_mutex_unlock(&report->lock);
}

void report_plan(struct report *report, size_t images)
{
	pthread_mutex_lock(&report->lock);
	report->tally.total += images;
	struct frame_counts now = counts(report);
	pthread_mutex_unlock(&report->lock);
	if (report->display)
		display_count(report->display, &now);
}

static char mark(enum outcome_status status)
{
	if (status == OUTCOME_FAILED)
		return 'x';
	return status == OUTCOME_SKIPPED ? '=' : '+';
}

static void show_image(struct report *report, const struct tally_image *image, const char *source,
		       const char *destination, const struct frame_counts *now)
{
	scoped(buf_finish) struct buf text = {0};
	summary_brief(image, &text);
	struct display_event event = {
		.mark = mark(image->outcome.status),
		.source = source,
		.destination = destination,
		.detail = buf_string(&text),
	};
	display_count(report->display, now);
	display_finished(report->display, &event);
}

static void tell(struct report *report, const struct tally_image *image, const char *work,
		 const struct frame_counts *now)
{
	scoped(buf_finish) struct buf source = {0};
	scoped(buf_finish) struct buf destination = {0};
	tally_source(image, &source);
	tally_destination(image, &destination);
	const struct report_log_image line = {.image = image,
					      .source = buf_string(&source),
					      .destination = buf_string(&destination),
					      .work = work};
	if (report->display && lines_show(report->options.lines, image))
		show_image(report, image, buf_string(&source), buf_string(&destination), now);
	else if (report->display)
		display_count(report->display, now);
	if ((!report->display || report->options.log_in_file) && lines_show(report->logged, image))
		report_log_image(&line, now);
}

/* A warning is logged in both modes, above the live display as well. */
static void warn(const struct tally_image *image)
{
	scoped(buf_finish) struct buf source = {0};
	tally_source(image, &source);
	log_warn("%s: %s", buf_string(&source), image->outcome.warning);
}

/* True when the run was stopped, and that is all that is known. */
static bool is_unfinished(const struct outcome *outcome)
{
	return outcome->status == OUTCOME_FAILED && outcome->error_kind == ERROR_CANCELED &&
	       cancel_closing();
}

void report_outcome(struct report *report, const struct task *task, const struct outcome *outcome)
{
	struct tally_image image = {.task = task, .outcome = *outcome};
	const char *work = report->options.dry_run ? "comparison of image" : "synchronizing image";
	image.unfinished = is_unfinished(outcome);
	if (outcome->warning)
		warn(&image);
	pthread_mutex_lock(&report->lock);
	tally_add(&report->tally, report->arena, &image);
	struct frame_counts now = counts(report);
	pthread_mutex_unlock(&report->lock);
	/* Those that a stop cut off are a number in the summary. */
	if (!image.unfinished)
		tell(report, &image, work, &now);
}

void report_rule_failed(struct report *report, const struct rule *rule, const struct error *why)
{
	struct tally_image image = {
		.rule = rule,
		.outcome =
			{
				.status = OUTCOME_FAILED,
				.reason = error_kind_name(why->kind),
				.error_kind = why->kind,
				.error_shared = why->shared,
				.error_text = why->text,
			},
	};
	image.unfinished = is_unfinished(&image.outcome);
	pthread_mutex_lock(&report->lock);
	report->tally.total++;
	tally_add(&report->tally, report->arena, &image);
	struct frame_counts now = counts(report);
	pthread_mutex_unlock(&report->lock);
	if (!image.unfinished)
		tell(report, &image, "generating sync tasks", &now);
}

void report_pruned(struct report *report, const struct pruned *pruned)
{
	scoped(buf_finish) struct buf line = {0};
	pruned_print(pruned, &line);
	pthread_mutex_lock(&report->lock);
	if (!tally_add_pruned(&report->tally, report->arena, pruned))
		report->tally.unlisted++;
	pthread_mutex_unlock(&report->lock);
	if (pruned->status == PRUNED_FAILED)
		log_error("%s", buf_string(&line));
	else if (pruned->status == PRUNED_LEFT)
		log_warn("%s", buf_string(&line));
	else
		log_info("%s", buf_string(&line));
}

void report_retry(struct report *report, size_t images)
{
	pthread_mutex_lock(&report->lock);
	report->tally.retried += images;
	pthread_mutex_unlock(&report->lock);
}

/* A file that was written is complete only if all images are in it. */
static bool complete(const struct report *report, const char *what, const char *path,
		     struct error *err)
{
	if (!report->tally.unlisted)
		return true;
	error_memory(err);
	return error_wrap(err, "%s %s lacks %zu images", what, path, report->tally.unlisted);
}

static bool take_piece(void *sink, struct str piece, struct error *err)
{
	return file_add(sink, piece, err);
}

static bool produce_json(const void *tally, struct file_sink *sink, struct error *err)
{
	return report_json_write(tally, take_piece, sink, err);
}

static bool write_json(const struct report *report, struct error *err)
{
	const char *path = report->options.json_path;
	if (!path)
		return true;
	if (!file_produce(path, produce_json, &report->tally, err))
		return error_wrap(err, "report");
	return complete(report, "report", path, err);
}

/* Writes a list to its file. */
static bool save(const struct report *report, const char *what, const char *path,
		 const struct buf *text, struct error *err)
{
	if (!buf_ok(text)) {
		error_memory(err);
		return error_wrap(err, "%s %s", what, path);
	}
	if (!file_write(path, buf_str(text), err))
		return error_wrap(err, "%s", what);
	return complete(report, what, path, err);
}

static bool write_list(const struct report *report, enum outcome_status status, struct error *err)
{
	const struct report_options *options = &report->options;
	bool failed = status == OUTCOME_FAILED;
	const char *path = failed ? options->failed_path : options->success_path;
	/* A list that is too large for the next run to read is useless. */
	scoped(buf_finish) struct buf text = buf_limit(NODE_BYTES_MAX);
	if (!path)
		return true;
	image_lists_write(&report->tally, status, options->images_json, &text);
	return save(report, failed ? "list of failed images" : "list of copied images", path, &text,
		    err);
}

/* Prints the report in imgsync's words. False: it is not complete, or was not written. */
static bool write_levels(const struct report *report, struct error *err)
{
	scoped(buf_finish) struct buf text = buf_limit(TEXT_MAX);
	const struct levels levels = {report->options.level, report->options.level_title};
	if (!levels.level)
		return true;
	levels_write(&report->tally, &levels, &text);
	return save(report, "report", "-", &text, err);
}

/* Writes all files, even if one of them fails. */
static bool write_files(const struct report *report, struct error *err)
{
	struct error each[4] = {{0}};
	bool written[4] = {
		write_json(report, &each[0]),
		write_list(report, OUTCOME_COPIED, &each[1]),
		write_list(report, OUTCOME_FAILED, &each[2]),
		write_levels(report, &each[3]),
	};
	bool all = true;
	for (size_t i = 0; i < array_count(written); i++) {
		if (written[i])
			continue;
		if (all)
			*err = each[i];
		else
			log_error("%s", each[i].text);
		all = false;
	}
	return all;
}

static bool is_stdout(const char *path)
{
	return path && file_is_stdout(path);
}

/* True when standard output carries a document, so nothing else may be printed there. */
static bool stdout_taken(const struct report_options *options)
{
	return options->level || options->answers || is_stdout(options->json_path) ||
	       is_stdout(options->success_path) || is_stdout(options->failed_path) ||
	       (options->planning &&
		(is_stdout(options->planning->path) || is_stdout(options->planning->markdown)));
}

/* The file that lists all images, or NULL. */
static const char *report_file(const struct report *report)
{
	const char *path = report->options.json_path;
	return is_stdout(path) ? NULL : path;
}

/* A log on standard error has named the failed images already; one in a file has not. */
static void write_failures(const struct report *report)
{
	scoped(buf_finish) struct buf text = buf_limit(TEXT_MAX);
	if (!report->options.log_in_file)
		return;
	summary_failures(&report->tally, &text);
	file_put(STDERR_FILENO, buf_ok(&text) ? buf_str(&text) : STR("out of memory\n"));
}

/* True when the log of a job has each failure already, and annotations repeat the first ones. */
static bool is_told(const struct report *report)
{
	return report->options.action && !report->options.log_in_file && !report->tally.unlisted;
}

/* The images in sync that have no line of their own in the log have one together. */
static void write_folded(const struct report *report)
{
	const struct tally *tally = &report->tally;
	bool on_screen = report->display && !report->options.log_in_file;
	if (!on_screen && !log_is_json() && report->logged == LINES_CHANGES && tally->in_sync)
		report_log_folded(tally);
}

static void write_summary(const struct report *report)
{
	const struct changes_view view = {
		.told = is_told(report),
		.columns = report->options.live ? display_columns() : 0,
		.report = report_file(report),
	};
	scoped(buf_finish) struct buf text = buf_limit(TEXT_MAX);
	scoped(buf_finish) struct buf last = {0};
	summary_last_line(&report->tally, &last);
	bool json = log_is_json() && !report->options.log_in_file;
	if (report->options.log_in_file || json)
		report_log_end(&report->tally);
	if (json)
		return;
	if (report->options.quiet) {
		write_failures(report);
		return;
	}
	/* A line for scripts, as the original has it. */
	if (tally_failed(&report->tally) && !stdout_taken(&report->options) &&
	    !isatty(STDOUT_FILENO))
		file_put(STDOUT_FILENO, STR("failed tasks exist\n"));
	summary_write(&report->tally, &view, &text);
	buf_add_char(&last, '\n');
	if (buf_ok(&text))
		file_put(STDERR_FILENO, buf_str(&text));
	else
		file_put(STDERR_FILENO, buf_ok(&last) ? buf_str(&last) : STR("out of memory\n"));
}

/* Writes the plan, if there is one. *plan stays as it is without. */
static bool write_plan(struct report *report, struct plan_sheet *sheet, struct action_plan *plan,
		       struct error *err)
{
	const struct plan_files *files = report->options.planning;
	if (!files)
		return true;
	if (!plan_files_write(files, &report->tally, report->arena, sheet, err))
		return false;
	*plan = (struct action_plan){sheet, files->path};
	return true;
}

bool report_finish(struct report *report, int reason, struct error *err)
{
	struct plan_sheet sheet = {0};
	struct action_plan plan = {0};
	struct error second;
	struct progress_view view = {0};
	write_folded(report);
	heartbeat_close(&report->heartbeat);
	display_close(&report->display);
	progress_view(report->progress, &view);
	report->tally.requests_source = view.requests_source;
	report->tally.requests_target = view.requests_target;
	report->tally.milliseconds = clock_ms() - report->started_ms;
	report->tally.stopped = reason;
	tally_list_sort(&report->tally.list);
	bool written = write_files(report, err);
	bool planned = write_plan(report, &sheet, &plan, written ? err : &second);
	if (!planned && !written)
		log_error("%s", second.text);
	write_summary(report);
	if (report->options.action)
		action_finish(report->options.action, &report->tally, report->options.program,
			      report->options.json_path, plan.sheet ? &plan : NULL);
	return written && planned;
}

const struct tally *report_tally(const struct report *report)
{
	return &report->tally;
}

int report_exit_code(const struct report *report, int reason)
{
	if (reason)
		return cancel_status(reason);
	return tally_clean(&report->tally) ? 0 : 1;
}
