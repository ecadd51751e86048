/*
 * All mistakes are told at once, those of the command line, of both files and of the rules' own
 * texts, and before the first request.
 */
#include "cmd/load.h"

#include "base/log.h"
#include "config/usage.h"
#include "plan/shard.h"

#include <errno.h>
#include <string.h>

/* A runner shows its annotations in its log: there a line of our own would be the second one. */
static void tell_problems(const struct run *run, const struct problems *problems)
{
	const struct inputs *inputs = run->options->inputs;
	if (inputs)
		step_problems(inputs, problems);
	if (!inputs || run->log)
		problem_log(problems);
	if (!inputs)
		problem_print(problems, stderr);
}

static bool open_log(struct run *run, struct problems *problems)
{
	const char *path = run->options->log;
	const char *named = run->options->log_level;
	enum log_level level = LOG_INFO;
	if (named && !log_level_named(named, &level))
		problem_add(problems, NULL, "--log-level %s: expected error, warn, info or debug",
			    named);
	if (run->options->debug)
		level = LOG_DEBUG;
	if (path)
		run->log = fopen(path, "we");
	if (path && !run->log)
		problem_add(problems, NULL, "--log: cannot open %s: %s", path, strerror(errno));
	log_open(run->log ? run->log : stderr, level);
	log_colour(run->options->inputs && run->options->inputs->colour && !run->log);
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

/* Mistakes are told by every shard, each image's fate by the one that has it. */
static bool take_shard(struct run *run)
{
	const struct limits *limits = &run->config.limits;
	size_t all = run->rule_count;
	if (limits->shard_of < 2)
		return true;
	if (!shard_select(run->rules, &run->rule_count, limits->shard, limits->shard_of))
		return false;
	log_info("shard %u/%u has %zu of %zu rules", limits->shard, limits->shard_of,
		 run->rule_count, all);
	return true;
}

bool load_run(struct run *run, struct problems *problems)
{
	open_log(run, problems);
	config_load(run->arena, run->options, &run->config, problems);
	/*
	 * Also after mistakes: those in the rules' own texts are told with the others, and so is
	 * what is wrong with a credential that a rule needs.
	 */
	bool ok = plan_parse(run->arena, &run->config.rules, &run->rules, &run->rule_count,
			     problems) &&
		  settle_credentials(run, problems);
	if (ok && !problems->error_count)
		ok = take_shard(run);
	if (!ok && !problems->error_count)
		problem_add(problems, NULL, "out of memory");
	tell_problems(run, problems);
	return !problems->error_count;
}
