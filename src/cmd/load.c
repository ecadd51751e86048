/*
 * All mistakes are reported together, those of the command line, of both files and of the rules'
 * own texts, before the first request.
 */
#include "cmd/load.h"

#include "base/log.h"
#include "cmd/apply.h"
#include "cmd/cooldowns.h"
#include "cmd/folders.h"
#include "cmd/mirror_config.h"
#include "cmd/namespaces.h"
#include "cmd/pruning.h"
#include "config/auth/registry_key.h"
#include "config/usage.h"
#include "discover/discover.h"
#include "oci/layout_name.h"
#include "plan/shard.h"

#include <string.h>

/* A runner shows annotations in its log, where another line of our own would repeat them. */
static void tell_problems(const struct run *run, bool again, const struct problems *problems)
{
	bool step = run->options->inputs;
	if (again) {
		problem_log(problems);
		problem_log_errors(problems);
		return;
	}
	if (step)
		step_problems(&run->action, problems);
	if (!step || run->session->log)
		problem_log(problems);
	if (!step && log_is_json())
		problem_log_errors(problems);
	else if (!step)
		problem_print(problems, stderr);
}

/* Before the first line is written. */
static void set_format(const struct options *options, struct problems *problems)
{
	const char *format = options->log_format;
	bool json = format && strcmp(format, "json") == 0;
	if (format && !json && strcmp(format, "text") != 0)
		problem_add(problems, NULL, "--log-format %s: expected text or json", format);
	log_json(json);
}

static void check_progress(const struct options *options, struct problems *problems)
{
	enum lines ignored;
	if (options->progress && !lines_named(options->progress, &ignored))
		problem_add(problems, NULL, "--progress %s: expected all, changes or none",
			    options->progress);
}

enum log_level load_level(const struct options *options, struct problems *problems)
{
	enum log_level level = LOG_INFO;
	const char *named = options->log_level;
	if (named && !log_level_named(named, &level))
		problem_add(problems, NULL, "--log-level %s: expected error, warn, info or debug",
			    named);
	if (options->debug)
		return LOG_DEBUG;
	/* A log that goes elsewhere disturbs nobody. */
	return options->quiet && !options->log ? LOG_ERROR : level;
}

/*
 * So far nothing was opened for writing. Now the log is, unless the run cannot begin: then the log
 * of the last run is kept.
 */
static void open_log(struct run *run, enum log_level level, struct problems *problems)
{
	const struct inputs *inputs = run->options->inputs;
	FILE *log = problems->error_count
			    ? NULL
			    : outputs_log(run->options, run->session->lasting, problems);
	if (problems->error_count)
		log_open(stderr, level);
	else
		session_log(run->session, log, level);
	log_colour(inputs && inputs->colour && !log);
}

static void open_outputs(struct run *run, enum log_level level, struct problems *problems)
{
	const struct options *options = run->options;
	struct outputs *outputs = &run->outputs;
	outputs_compare(options, &run->config, outputs, problems);
	if (!folders_compare(run, problems))
		problem_add(problems, NULL, "out of memory");
	struct options probed = *options;
	if (run->session->logging)
		probed.log = NULL; /* it is open, and not this run's */
	outputs_probe(&probed, outputs, problems);
	if (!run->session->logging)
		open_log(run, level, problems);
	if (!options->inputs)
		return;
	run->action = step_action(options->inputs, outputs);
	action_begin(&run->action);
}

/* The repositories of registries that rules name. */
struct usage_sides {
	struct usage_side *items;
	size_t count;
};

static void add_side(struct usage_sides *sides, const struct reference *name, const char *place,
		     bool source)
{
	if (!layout_name_host(name->host))
		sides->items[sides->count++] =
			(struct usage_side){name->host, name->repository, place, source};
}

/* Entries of the auth file for repositories below name may be needed as well. */
static void add_below(const struct run *run, const struct reference *name, const char *place,
		      bool source, struct usage_sides *sides)
{
	const struct credentials *credentials = &run->config.credentials;
	size_t prefix = strlen(name->repository);
	for (size_t i = 0; i < credentials->count; i++) {
		struct str host, path;
		registry_key_split(credentials->items[i].key, &host, &path);
		bool below = path.len > prefix && str_is(host, name->host) &&
			     str_starts(path, name->repository) &&
			     (!prefix || path.at[prefix] == '/');
		const char *copy = below ? arena_copy(run->arena, path.at, path.len) : NULL;
		if (copy)
			sides->items[sides->count++] =
				(struct usage_side){name->host, copy, place, source};
	}
}

/* Tags may be removed by an API with a login of its own. */
static void add_removal(const struct run *run, const struct rule *rule, const struct reference *to,
			struct usage_sides *sides)
{
	const char *api = run->options->prune && rule->prune ? discover_api(to->host) : NULL;
	if (api)
		sides->items[sides->count++] =
			(struct usage_side){api, to->repository, rule->source_place, false};
}

static void add_namespace(const struct run *run, const struct namespace_rule *namespace,
			  struct usage_sides *sides)
{
	const char *place = namespace->rule->source_place;
	const struct reference *from = &namespace->source, *to = &namespace->destination;
	/* What a route takes images from is never listed. */
	const char *api = namespace->rule->route ? NULL : discover_api(from->host);
	add_side(sides, from, place, true);
	add_side(sides, to, place, false);
	add_below(run, from, place, true, sides);
	add_below(run, to, place, false, sides);
	add_removal(run, namespace->rule, to, sides);
	if (namespace->referrers.host) {
		add_side(sides, &namespace->referrers, place, true);
		add_below(run, &namespace->referrers, place, true, sides);
	}
	if (api)
		sides->items[sides->count++] =
			(struct usage_side){api, from->repository, place, true};
}

/*
 * Reports problems of the credentials that the rules need, and completes them. False without
 * memory.
 */
static bool settle_credentials(struct run *run, struct problems *problems)
{
	size_t entries = run->config.credentials.count;
	const struct reference *state = &run->config.state.image;
	size_t most = 1 + run->rule_count * 4 + run->namespace_count * (5 + 3 * entries);
	scoped(arena_free) struct arena *scratch = arena_new();
	struct usage_sides sides = {
		.items = scratch ? arena_array(scratch, most, sizeof(*sides.items)) : NULL};
	if (!sides.items)
		return false;
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct plan_rule *rule = &run->rules[i];
		const char *place = rule->rule->source_place;
		add_side(&sides, rule->source.name, place, true);
		add_side(&sides, rule->destination.name, place, false);
		add_removal(run, rule->rule, rule->destination.name, &sides);
		if (rule->referrers)
			add_side(&sides, rule->referrers, place, true);
	}
	for (size_t i = 0; i < run->namespace_count; i++)
		add_namespace(run, &run->namespaces[i], &sides);
	if (state->host)
		sides.items[sides.count++] =
			(struct usage_side){state->host, state->repository, "--state", false};
	return usage_settle(run->arena, &run->config, sides.items, sides.count, problems);
}

bool load_shard(struct run *run)
{
	const struct limits *limits = &run->config.limits;
	size_t all = run->rule_count;
	if (limits->shard_of < 2)
		return true;
	if (run->options->apply)
		return apply_shard(run);
	if (!shard_select(run->rules, &run->rule_count, limits->shard, limits->shard_of))
		return false;
	log_info("shard %u/%u has %zu of %zu rules", limits->shard, limits->shard_of,
		 run->rule_count, all);
	return true;
}

void load_read(struct run *run, struct problems *problems)
{
	config_load(run->arena, run->options, &run->config, problems);
	/*
	 * Rules are parsed even after mistakes, so that theirs are reported with the others, and
	 * problems of the credentials that they need as well.
	 */
	bool ok = namespace_parse(run->arena, &run->config.rules, &run->namespaces,
				  &run->namespace_count, problems) &&
		  plan_parse(run->arena, &run->config.rules, &run->rules, &run->rule_count,
			     problems) &&
		  namespaces_check(run, problems) && cooldowns_check(run, problems) &&
		  folders_find(run, problems) && settle_credentials(run, problems);
	if (!ok && !problems->error_count)
		problem_add(problems, NULL, "out of memory");
}

/* All rules of the run, also those that other shards have. False without memory. */
static bool keep_rules(const struct run *run, struct mirror_rules *out)
{
	struct plan_rule *items = arena_array(run->arena, run->rule_count + 1, sizeof(*items));
	for (size_t i = 0; items && i < run->rule_count; i++)
		items[i] = run->rules[i];
	*out = (struct mirror_rules){items, run->rule_count, run->namespaces, run->namespace_count,
				     &run->config.credentials};
	return items;
}

/* Which copies there will be does not depend on what comes of the run. */
static void write_mirrors(const struct run *run, const struct mirror_rules *rules,
			  struct problems *problems)
{
	const struct mirror_options options = mirror_options_read(run->options, NULL);
	struct error err;
	if (options.path && !mirror_config_write(run->arena, rules, &options, &err))
		problem_add(problems, NULL, "--mirror-config: %s", err.text);
}

bool load_run(struct run *run, struct problems *problems)
{
	enum log_level level = load_level(run->options, problems);
	bool again = run->session->logging;
	struct mirror_rules mirrors = {.count = 0};
	if (!again) {
		set_format(run->options, problems);
		check_progress(run->options, problems);
		log_hold(level);
	}
	load_read(run, problems);
	cooldowns_need_state(run, problems);
	if (run->options->mirror_config && !problems->error_count && !keep_rules(run, &mirrors))
		problem_add(problems, NULL, "out of memory");
	pruning_check(run, problems);
	/* The repositories of a namespace are not known yet. */
	if (!problems->error_count && !run->namespace_count && !load_shard(run))
		problem_add(problems, NULL, "out of memory");
	open_outputs(run, level, problems);
	if (!again && !problems->error_count)
		write_mirrors(run, &mirrors, problems);
	tell_problems(run, again, problems);
	return !problems->error_count;
}
