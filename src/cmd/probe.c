/*
 * Logins, certificates and proxies are found as for a run, of which each registry is a rule: so the
 * process is confined as one, and asks by the same client.
 */
#include "cmd/probe.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "cmd/about.h"
#include "cmd/confine.h"
#include "cmd/load.h"
#include "cmd/probing.h"
#include "config/auth/registry_key.h"
#include "config/options/probe_options.h"
#include "config/usage.h"

#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

struct probe {
	struct session session;
	struct run run;
	struct options options;
	struct probe_options given;
	struct problems problems;
	struct probing probing;
	struct http_observer observer;
	struct probing_target *targets;
	struct probe_report *reports;
};

static void finish(struct probe *probe)
{
	problem_finish(&probe->problems);
	run_close(&probe->run);
	session_close(&probe->session);
}

static bool wants_json(const struct probe *probe)
{
	return probe->given.format && strcmp(probe->given.format, "json") == 0;
}

/* False: the command line has mistakes. */
static bool read_command(int argc, char **argv, struct probe *probe)
{
	const char *format;
	options_init(&probe->options);
	options_variables(&probe->options, &probe->problems);
	bool ok = probe_options_parse(argc, argv, &probe->given, &probe->options, &probe->problems);
	format = probe->given.format;
	if (!format || strcmp(format, "text") == 0 || wants_json(probe))
		return ok;
	problem_add(&probe->problems, NULL, "--format %s: expected text or json", format);
	return false;
}

/* --- the run that each registry is a rule of ------------------------------------------------- */

/* False without memory; mistakes go to problems. */
static bool parse_targets(struct probe *probe)
{
	struct run *run = &probe->run;
	static const struct rule nothing = {.source = "", .destination = ""};
	size_t count = probe->given.target_count;
	struct error err;
	probe->targets = arena_array(run->arena, count, sizeof(*probe->targets));
	probe->reports = arena_array(run->arena, count, sizeof(*probe->reports));
	run->rules = arena_array(run->arena, count, sizeof(*run->rules));
	if (!probe->targets || !probe->reports || !run->rules)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct probing_target *target = &probe->targets[i];
		if (!probing_parse(run->arena, probe->given.targets[i], target, &err)) {
			problem_add(&probe->problems, NULL, "%s", err.text);
			continue;
		}
		struct plan_rule *rule = &run->rules[run->rule_count++];
		*rule = (struct plan_rule){.rule = &nothing};
		rule->source.name = rule->destination.name = &target->name;
	}
	return true;
}

static void warn_of_slip(struct probe *probe, const char *host)
{
	const char *real = registry_key_lookalike(str_of(host));
	if (real)
		problem_warn(&probe->problems, NULL,
			     "%s looks like a typo of %s; such domains are used to steal "
			     "credentials",
			     host, real);
}

/* That the files have logins for other registries is not odd here: only mistakes are passed on. */
static bool settle(struct probe *probe)
{
	struct run *run = &probe->run;
	scoped(problem_finish) struct problems found = {0};
	const char *lines = NULL;
	struct usage_side *sides = arena_array(run->arena, run->rule_count, sizeof(*sides));
	for (size_t i = 0; sides && i < run->rule_count; i++) {
		const struct reference *name = run->rules[i].source.name;
		sides[i] = (struct usage_side){name->host, name->repository, NULL, true};
		warn_of_slip(probe, name->host);
	}
	bool ok = sides && usage_settle(run->arena, &run->config, sides, run->rule_count, &found) &&
		  problem_keep(run->arena, &found, &lines);
	if (ok && lines)
		problem_add_lines(&probe->problems, lines);
	return ok;
}

/* False: something is wrong with what was given, or there is no memory. */
static bool load(struct probe *probe)
{
	struct run *run = &probe->run;
	bool ok = parse_targets(probe) &&
		  (config_logins(run->arena, &probe->options, &run->config, &probe->problems),
		   settle(probe));
	if (!ok && !probe->problems.error_count)
		problem_add(&probe->problems, NULL, "out of memory");
	return !probe->problems.error_count;
}

/* Opens the client, with an eye on all that it does. */
static bool open_client(struct probe *probe, struct error *err)
{
	struct session *session = &probe->session;
	struct run *run = &probe->run;
	if (!confine_runs(session, run, 1, err))
		return false;
	probe->observer = (struct http_observer){probing_saw, &probe->probing};
	session->observer = &probe->observer;
	if (!session_open(session, &probe->options, &run->config.limits))
		return error_memory(err);
	const struct registry_options options = {.http = session->http,
						 .credentials = &run->config.credentials,
						 .helpers = session->helpers,
						 .aws = &session->aws};
	run->registry = registry_new(&options);
	probe->probing = (struct probing){
		.arena = run->arena, .registry = run->registry, .write = probe->given.write};
	return run->registry || error_memory(err);
}

/* --- asking, and saying what came of it ------------------------------------------------------ */

static int report(const struct probe *probe, size_t count)
{
	scoped(buf_finish) struct buf text = {0};
	bool good = count == probe->given.target_count;
	for (size_t i = 0; i < count; i++) {
		const struct probe_report *each = &probe->reports[i];
		good = good && each->reads && (!each->pushing || each->pushes);
		if (!wants_json(probe))
			probe_report_text(each, clock_unix(), &text);
	}
	if (wants_json(probe))
		probe_report_json(probe->reports, count, &text);
	int written = about_write(&text);
	if (cancel_requested())
		return cancel_status(cancel_reason());
	return good ? written : EXIT_FAILURE;
}

static int ask(struct probe *probe)
{
	struct error err;
	size_t count = 0;
	if (!open_client(probe, &err)) {
		log_error("%s", err.text);
		return EXIT_FAILURE;
	}
	while (count < probe->given.target_count && !cancel_requested()) {
		if (!probing_run(&probe->probing, &probe->targets[count], &probe->reports[count])) {
			log_error("out of memory");
			return EXIT_FAILURE;
		}
		count++;
	}
	return report(probe, count);
}

static int probe_targets(struct probe *probe)
{
	enum log_level level = load_level(&probe->options, &probe->problems);
	if (!run_open(&probe->run, &probe->session, &probe->options)) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	/* The report says what a run would log. */
	log_open(stderr, level == LOG_INFO ? LOG_WARN : level);
	bool good = load(probe);
	problem_log(&probe->problems);
	if (good)
		return ask(probe);
	problem_print(&probe->problems, stderr);
	return EXIT_USAGE;
}

int probe_run(int argc, char **argv)
{
	scoped(cancel_close) struct cancel cancel = {0};
	scoped(finish) struct probe probe = {.session = {.arena = arena_new()}};
	if (!probe.session.arena) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	bool ok = read_command(argc, argv, &probe);
	if (probe.options.help)
		return about_print(probe_options_help);
	if (probe.options.version)
		return about_print(about_version);
	cancel_open(&cancel, config_timeout(&probe.options));
	cancel_enter(&cancel);
	if (ok)
		return probe_targets(&probe);
	problem_print(&probe.problems, stderr);
	fputs("Run image-syncer probe --help for the options.\n", stderr);
	return EXIT_USAGE;
}
