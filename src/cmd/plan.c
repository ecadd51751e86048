/*
 * A plan is a report of a dry run with more in it: report/plan_files.h writes it, of the outcomes
 * and of what copy/ adds to the run's survey (plan/survey.h).
 */
#include "cmd/plan.h"

#include "cmd/about.h"
#include "cmd/sync.h"
#include "config/options/plan_options.h"

#include <stdio.h>

enum { EXIT_USAGE = 2 };

int plan_run(int argc, char **argv)
{
	scoped(problem_finish) struct problems problems = {0};
	struct options options;
	struct plan_options plan;
	options_init(&options);
	options_variables(&options, &problems);
	bool ok = plan_options_parse(argc, argv, &plan, &options, &problems);
	if (options.help)
		return about_print(plan_options_help);
	if (options.version)
		return about_print(about_version);
	if (ok) {
		options_usual_files(&options);
		return sync_run(&options, &problems);
	}
	problem_print(&problems, stderr);
	fputs("Run image-syncer plan --help for the options.\n", stderr);
	return EXIT_USAGE;
}
