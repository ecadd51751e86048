/* Jobs are few and known by a short text, so they are found by looking through all of them. */
#include "cmd/jobs.h"

#include "config/duration.h"

#include <string.h>

void jobs_finish(struct jobs *jobs)
{
	arena_free(&jobs->arena);
	*jobs = (struct jobs){.count = 0};
}

/* Routes run when a hook has named an image. */
static bool runs(const struct rule *rule)
{
	return !rule->route;
}

/* Whether the job with that name has the rule; own is that of rules without a schedule. */
static bool has_name(const struct rule *rule, const char *name, const char *own)
{
	const struct rule_schedule *schedule = rule->schedule;
	struct str rest = str_of(name);
	if (!schedule)
		return strcmp(name, own) == 0;
	const char *kind = schedule->every.text ? "every " : "cron ";
	const char *text = schedule->every.text ? schedule->every.text : schedule->cron.text;
	return str_starts(rest, kind) && str_is(str_from(rest, strlen(kind)), text);
}

static struct job *find(const struct jobs *jobs, const struct rule *rule, const char *own)
{
	for (size_t i = 0; i < jobs->count; i++)
		if (has_name(rule, jobs->items[i].name, own))
			return &jobs->items[i];
	return NULL;
}

static bool fill(struct arena *arena, const struct rule_schedule *given, struct job *job)
{
	struct error err;
	const char *every = given->every.text, *cron = given->cron.text;
	job->name = arena_printf(arena, "%s%s", every ? "every " : "cron ", every ? every : cron);
	if (every)
		job->schedule.period = duration_read(every);
	return job->name && (every || cron_parse(str_of(cron), &job->schedule.cron, &err));
}

static bool add_rule(struct jobs *jobs, const struct rule *rule, const struct jobs_default *own)
{
	if (!runs(rule))
		return true;
	struct job *job = find(jobs, rule, own->name);
	if (!job) {
		job = &jobs->items[jobs->count++];
		if (rule->schedule ? !fill(jobs->arena, rule->schedule, job)
				   : !(job->name = arena_string(jobs->arena, own->name)))
			return false;
		if (!rule->schedule)
			job->schedule = own->schedule;
	}
	job->rules++;
	return true;
}

static bool add_all(struct jobs *jobs, const struct run *loaded, const struct jobs_default *own)
{
	const struct rules *rules = &loaded->config.rules;
	jobs->items = arena_array(jobs->arena, rules->count + loaded->namespace_count + 1,
				  sizeof(*jobs->items));
	if (!jobs->items)
		return false;
	for (size_t i = 0; i < rules->count; i++)
		if (!add_rule(jobs, &rules->items[i], own))
			return false;
	for (size_t i = 0; i < loaded->namespace_count; i++)
		if (!add_rule(jobs, loaded->namespaces[i].rule, own))
			return false;
	return true;
}

/* Keeps the times of a job that was there before. */
static void begin(struct job *job, const struct jobs *before, int64_t now)
{
	for (size_t i = 0; i < before->count; i++)
		if (strcmp(before->items[i].name, job->name) == 0) {
			job->schedule = before->items[i].schedule;
			job->due = before->items[i].due;
			job->wanted = before->items[i].wanted;
			job->memory = before->items[i].memory;
			return;
		}
	job->due = *job->name ? schedule_start(&job->schedule, now) : INT64_MAX;
}

bool jobs_take(struct jobs *jobs, const struct edition *edition, const struct jobs_default *own,
	       int64_t now)
{
	struct jobs fresh = {.arena = arena_new()};
	if (!fresh.arena || !add_all(&fresh, &edition->loaded, own)) {
		jobs_finish(&fresh);
		return false;
	}
	for (size_t i = 0; i < fresh.count; i++)
		begin(&fresh.items[i], jobs, now);
	jobs_finish(jobs);
	*jobs = fresh;
	return true;
}

/* --- the rules of one ------------------------------------------------------------------------- */

static bool is_of(const struct rule *rule, const char *name, const char *own)
{
	return runs(rule) && has_name(rule, name, own);
}

static bool select_written(struct run *run, const char *name, const char *own)
{
	struct rules *rules = &run->config.rules;
	const struct rule *all = rules->items;
	size_t count = rules->count;
	rules->items = arena_array(run->arena, count + 1, sizeof(*rules->items));
	rules->count = 0;
	for (size_t i = 0; rules->items && i < count; i++)
		if (is_of(&all[i], name, own))
			rules->items[rules->count++] = all[i];
	return rules->items != NULL;
}

static bool select_parsed(struct run *run, const char *name, const char *own)
{
	const struct plan_rule *all = run->rules;
	size_t count = run->rule_count;
	run->rules = arena_array(run->arena, count + 1, sizeof(*run->rules));
	run->rule_count = 0;
	for (size_t i = 0; run->rules && i < count; i++)
		if (is_of(all[i].rule, name, own))
			run->rules[run->rule_count++] = all[i];
	return run->rules != NULL;
}

static bool select_namespaces(struct run *run, const char *name, const char *own)
{
	const struct namespace_rule *all = run->namespaces;
	size_t count = run->namespace_count;
	run->namespaces = arena_array(run->arena, count + 1, sizeof(*run->namespaces));
	run->namespace_count = 0;
	for (size_t i = 0; run->namespaces && i < count; i++)
		if (is_of(all[i].rule, name, own))
			run->namespaces[run->namespace_count++] = all[i];
	return run->namespaces != NULL;
}

/* Whether nothing is left out, as where all rules run at the same times. */
static bool is_whole(const struct run *run, const char *name, const char *own)
{
	for (size_t i = 0; i < run->config.rules.count; i++)
		if (!is_of(&run->config.rules.items[i], name, own))
			return false;
	for (size_t i = 0; i < run->namespace_count; i++)
		if (!is_of(run->namespaces[i].rule, name, own))
			return false;
	return true;
}

bool jobs_select(struct run *run, const char *name, const char *own)
{
	if (is_whole(run, name, own))
		return true;
	return select_written(run, name, own) && select_parsed(run, name, own) &&
	       select_namespaces(run, name, own);
}
