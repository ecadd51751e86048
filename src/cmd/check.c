/*
 * The files are read as a run reads them (load.c), so what is a mistake here is one there. Beyond
 * that, rules are compared with each other, which no run needs (plan/overlap.h).
 *
 * What was found goes to standard output, whatever its form. A command line that cannot be read is
 * reported on standard error, as by every command.
 */
#include "cmd/check.h"

#include "base/log.h"
#include "cmd/about.h"
#include "cmd/load.h"
#include "cmd/serve.h"
#include "config/environment.h"
#include "config/serve/check_options.h"
#include "plan/order.h"
#include "plan/overlap.h"
#include "report/findings.h"

#include <stdlib.h>

enum { EXIT_MISTAKES = 2 };

struct check {
	struct session session;
	struct run run;
	struct options options;
	struct check_options given;
	enum findings_format format;
	struct problems problems; /* what a run would report */
	struct overlaps overlaps;
	struct problems unsorted;
	struct findings findings;
};

static void finish(struct check *check)
{
	overlap_finish(&check->overlaps);
	problem_finish(&check->unsorted);
	problem_finish(&check->problems);
	run_close(&check->run);
	session_close(&check->session);
}

/* False: the command line has mistakes. */
static bool read_command(int argc, char **argv, struct check *check)
{
	struct options *options = &check->options;
	const struct expand_lookup lookup = environment_lookup(options);
	const struct serve_options_reading reading = {check->session.arena, argc, argv, &lookup,
						      &check->problems,     NULL};
	options_init(options);
	options_variables(options, &check->problems);
	bool ok = check_options_parse(&reading, &check->given, options);
	const char *format = check->given.format ? check->given.format : "text";
	if (findings_format_named(format, &check->format))
		return ok;
	problem_add(&check->problems, NULL,
		    "--format %s: expected text, json, sarif or annotations", format);
	return false;
}

static void read_server(struct check *check)
{
	const struct serve_options *serve = &check->given.serve;
	struct jobs_default own;
	if (check->options.server || serve->every || serve->cron)
		serve_judge(check->session.arena, serve, &check->options, &own, &check->problems);
}

/* All that a run does before its first request, but for opening its outputs. */
static void read_files(struct check *check)
{
	struct run *run = &check->run;
	log_hold(load_level(&check->options, &check->problems));
	read_server(check);
	load_read(run, &check->problems);
	outputs_compare(&check->options, &run->config, &run->outputs, &check->problems);
	outputs_probe(&check->options, &run->outputs, &check->problems);
}

static bool compare_rules(struct check *check)
{
	const struct run *run = &check->run;
	const struct overlap_rules rules = {run->config.rules.items, run->config.rules.count,
					    run->namespaces, run->namespace_count};
	const struct order_entries entries = {&run->config, run->namespaces, run->namespace_count};
	return overlap_find(run->arena, &rules, &check->overlaps) &&
	       (!check->given.sorted || order_check(run->arena, &entries, &check->unsorted));
}

static bool gather(struct check *check)
{
	const struct {
		enum findings_kind kind;
		const struct buf *lines;
	} found[] = {
		{FINDINGS_MISTAKE, &check->problems.errors},
		{FINDINGS_DOUBTFUL, &check->problems.warnings},
		{FINDINGS_DUPLICATE, &check->overlaps.duplicates.warnings},
		{FINDINGS_SHADOWED, &check->overlaps.shadows.warnings},
		{FINDINGS_CONFLICT, &check->overlaps.conflicts.warnings},
		{FINDINGS_UNSORTED, &check->unsorted.warnings},
	};
	check->findings.arena = check->run.arena;
	for (size_t i = 0; i < array_count(found); i++)
		if (!buf_ok(found[i].lines) ||
		    !findings_add(&check->findings, found[i].kind, buf_str(found[i].lines)))
			return false;
	return true;
}

static int out_of_memory(void)
{
	log_error("out of memory");
	return EXIT_FAILURE;
}

static int report(struct check *check)
{
	const struct options *options = &check->options;
	const char *const files[] = {check->given.serve.file, options->config, options->images,
				     options->list, options->auth};
	const char *workspace = getenv("GITHUB_WORKSPACE");
	scoped(buf_finish) struct buf text = {0};
	struct findings_about about = {.version = about_number,
				       .workspace = workspace && *workspace ? workspace : ".",
				       .rules = check->run.config.rules.count +
						check->run.namespace_count};
	for (size_t i = 0; i < array_count(files) && !about.file; i++)
		about.file = files[i];
	findings_write(&check->findings, check->format, &about, &text);
	if (about_write(&text) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	bool refused = check->problems.error_count || check->findings.errors;
	return refused || (check->given.strict && check->findings.warnings) ? EXIT_MISTAKES
									    : EXIT_SUCCESS;
}

/* Debug lines say more about what was read; others are findings, or of no interest here. */
static void open_log(const struct check *check)
{
	log_open(stderr, check->options.debug ? LOG_DEBUG : LOG_ERROR);
}

static int check_files(struct check *check)
{
	if (!run_open(&check->run, &check->session, &check->options))
		return out_of_memory();
	read_files(check);
	bool good = compare_rules(check) && gather(check);
	open_log(check);
	return good ? report(check) : out_of_memory();
}

int check_run(int argc, char **argv)
{
	scoped(finish) struct check check = {.session = {.arena = arena_new()}};
	if (!check.session.arena)
		return out_of_memory();
	bool ok = read_command(argc, argv, &check);
	if (check.options.help)
		return about_print(check_options_help);
	if (check.options.version)
		return about_print(about_version);
	if (ok)
		return check_files(&check);
	problem_print(&check.problems, stderr);
	fputs("Run image-syncer check --help for the options.\n", stderr);
	return EXIT_MISTAKES;
}
