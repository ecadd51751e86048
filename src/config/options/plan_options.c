/*
 * An option that says what is copied has no meaning beside a plan, which says that already. It is
 * refused, since whoever gives it expects that it counts.
 */
#include "config/options/plan_options.h"

#include "base/secret.h"
#include "config/options/arguments.h"
#include "config/options/options_help.h"

#include <stddef.h>

enum { GROUPS_MAX = 1000 };

const struct option plan_options_table[] = {
#define PLAN_TEXT(field, name, argument, help)                                                     \
	{OPTION_KIND_TEXT, name, 0, argument, 0, offsetof(struct plan_options, field), help},
#include "config/options/plan_options.def"
#undef PLAN_TEXT
};
const size_t plan_options_count = array_count(plan_options_table);

/* --- plan ----------------------------------------------------------------------------------- */

void plan_options_settle(struct plan_options *out, struct options *options,
			 struct problems *problems)
{
	int64_t groups = 0;
	options->plan = out;
	options->dry_run = true;
	if (out->shards &&
	    (!str_to_int64(str_of(out->shards), &groups) || groups < 1 || groups > GROUPS_MAX))
		problem_add(problems, NULL, "--shards %s: expected a number from 1 to %d",
			    out->shards, GROUPS_MAX);
	else
		out->groups = (unsigned)groups;
	if (options->shard)
		problem_add(problems, NULL,
			    "--shard is for apply: a plan has all images, and --shards N puts "
			    "them into groups");
	if (options->force)
		problem_add(problems, NULL,
			    "--force is not for a plan: what the destination holds already is "
			    "not sent again");
}

bool plan_options_parse(int argc, char **argv, struct plan_options *out, struct options *options,
			struct problems *problems)
{
	const struct arguments_table own = {
		.options = plan_options_table, .count = plan_options_count, .record = out};
	size_t before = problems->error_count;
	*out = (struct plan_options){.groups = 0};
	options_parse_beside(argc, argv, &own, options, problems);
	if (options->help || options->version)
		return problems->error_count == before;
	plan_options_settle(out, options, problems);
	if (!out->out)
		problem_add(problems, NULL,
			    "--out is missing: say where the plan is written, as in --out "
			    "plan.json");
	return problems->error_count == before;
}

/* --- apply ---------------------------------------------------------------------------------- */

static void take_plan(struct arguments *given, const char *word)
{
	struct options *options = given->ctx;
	secret_suspect(str_of(word));
	if (!*word)
		problem_add(given->problems, NULL, "the name of the plan is empty");
	else if (options->apply && !given->unknown)
		problem_add(given->problems, NULL,
			    "apply takes one plan, but \"%s\" is given beside \"%s\"", word,
			    options->apply);
	else
		options->apply = word;
}

bool plan_options_apply(int argc, char **argv, struct options *options, struct problems *problems)
{
	struct arguments given = {
		.argc = argc,
		.argv = argv,
		.tables = {{.count = 0},
			   {.options = option_table,
			    .count = option_count,
			    .record = options,
			    .letters = true}},
		.word = take_plan,
		.ctx = options,
		.problems = problems,
	};
	size_t before = problems->error_count;
	arguments_parse(&given);
	if (!options->apply && problems->error_count == before)
		problem_add(problems, NULL,
			    "name the plan, as in image-syncer apply plan.json (image-syncer plan "
			    "--out plan.json makes one)");
	return problems->error_count == before;
}

void plan_options_refuse(const struct options *options, struct problems *problems)
{
	const struct {
		const char *name;
		bool given;
	} given[] = {
		{"--images", options->images},
		{"--list", options->list},
		{"--to", options->to},
		{"--config", options->config},
		{"--platform", options->platform.count},
		{"--os", options->os.count},
		{"--arch", options->arch.count},
		{"--require-platforms", options->require_platforms.count},
		{"--referrers", options->referrers.count},
		{"--referrers-from", options->referrers_from},
		{"--require-referrers", options->require_referrers.count},
		{"--min-age", options->min_age},
		{"--hold", options->hold.count},
		{"--release", options->release.count},
		{"--foreign", options->foreign},
		{"--create-repository", options->create_repository},
		{"--create-project", options->create_project},
		{"--mirror-config", options->mirror_config},
		{"--force", options->force},
		{"a source", options->source},
	};
	for (size_t i = 0; i < array_count(given); i++)
		if (given[i].given)
			problem_add(problems, NULL,
				    "%s cannot be given beside a plan, which says what is copied "
				    "and how: plan again with it",
				    given[i].name);
}

/* --- help ----------------------------------------------------------------------------------- */

void plan_options_help(struct buf *out)
{
	buf_add_string(
		out, "Usage: image-syncer plan --images FILE [--auth FILE] --out FILE [OPTION]...\n"
		     "       image-syncer plan SRC DST [DST]... --out FILE [OPTION]...\n"
		     "\n"
		     "A dry run that writes down what a sync would do now: for each image the\n"
		     "digest at the source, the digest at the destination, what is to be done and\n"
		     "why, and how many bytes that takes at most. image-syncer apply does it.\n"
		     "\nWhere the plan goes:\n");
	for (size_t i = 0; i < plan_options_count; i++) {
		scoped(buf_finish) struct buf left = {0};
		buf_printf(&left, "      --%s %s", plan_options_table[i].name,
			   plan_options_table[i].argument);
		options_help_row(out, &left, str_of(plan_options_table[i].help));
	}
	buf_add_string(
		out, "\n"
		     "All options of a sync may be given as well (image-syncer --help), but for\n"
		     "--force and --shard.\n"
		     "\n"
		     "Exit status: 0 all images could be compared and none is refused; 1 not all,\n"
		     "and the plan says which; 2 usage or configuration.\n");
}

void plan_options_help_apply(struct buf *out)
{
	buf_add_string(
		out,
		"Usage: image-syncer apply PLAN [--auth FILE] [--shard I/N] [OPTION]...\n"
		"\n"
		"Does what the plan says: each image is read by the digest that the plan has.\n"
		"A destination that has changed since fails as moved, unless --on-change says\n"
		"what to do with it: overwrite, skip or retag. What is done already is in sync,\n"
		"so an apply that was interrupted is just run again.\n"
		"\n"
		"--shard I/N takes one of N groups of images: those of plan --shards N, or\n"
		"groups of about as many bytes each.\n"
		"\n"
		"Other options of a sync may be given as well (image-syncer --help), but none\n"
		"that says what is copied or how: that is in the plan. --require-signed counts\n"
		"where the plan has no such demand.\n"
		"\n"
		"Exit status: as of a sync (image-syncer help exit).\n");
}
