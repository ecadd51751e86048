/*
 * All rules are expanded before the first image is copied, so that duplicates and contradictions
 * are found in file order, whatever order the lists of tags come in.
 */
#include "cmd/expansion.h"

#include "base/cancel.h"
#include "base/log.h"
#include "base/map.h"
#include "base/retry.h"
#include "cmd/dates.h"
#include "cmd/lanes.h"
#include "cmd/listings.h"
#include "cmd/narrowing.h"
#include "config/imgsync/flags.h"
#include "discover/discover.h"
#include "plan/batch.h"
#include "registry/tags.h"

static bool list_tags(void *ctx, struct arena *arena, const struct reference *source,
		      const char *const **tags, size_t *count, struct error *err)
{
	struct run *run = ctx;
	struct tag_list list;
	if (!listings_tags(run->listings, source, arena, &list, err))
		return false;
	*tags = list.items;
	*count = list.count;
	return true;
}

/*
 * From this number of images of one repository on, a list of its tags is worth while, if it
 * includes digests.
 */
enum { LEARN_MIN = 10, DATED_PAGES = 10 };

/* A list of digests may take so many requests to save that many. */
static size_t worth(size_t images)
{
	return images / 2;
}

/* A source whose tags were listed may have told their digests with them. */
static void learn_source(struct run *run, const struct plan_rule *rule, size_t requests)
{
	struct repository from;
	struct error ignored;
	if (!registry_open(run->registry, &rule->source.name, false, &from, &ignored))
		return;
	if (rule->source.count)
		tags_learn(&from);
	discover_tags(&from, requests);
}

/* What kind of registry a destination is shows in its answer about the first image. */
static void learn_destination(struct run *run, const struct expansion *expansion,
			      const struct plan_rule *rule)
{
	struct repository to;
	struct error ignored;
	if (!registry_open(run->registry, &rule->destination.name, true, &to, &ignored))
		return;
	tags_learn(&to);
	if (!known_complete(&to))
		tags_ask(&to, expansion->tasks[0].destination.tag);
	discover_tags(&to, worth(expansion->count));
}

/*
 * Whether an image is old enough is known from a list, if it has dates. So one is asked for even
 * for a few images then, as long as it has no more than DATED_PAGES pages.
 */
static void learn_tags(struct run *run, size_t index)
{
	const struct expansion *expansion = &run->expansions[index];
	const struct plan_rule *rule = &run->rules[index];
	bool many = expansion->count >= LEARN_MIN;
	bool dated = expansion->count && rule->rule->terms.min_age > 0;
	size_t requests = worth(expansion->count);
	if (dated && requests < DATED_PAGES)
		requests = DATED_PAGES;
	if (many || dated)
		learn_source(run, rule, requests);
	if (many)
		learn_destination(run, expansion, rule);
}

/* Keeps why a rule was not expanded. Failures are few, and large beside the record of a rule. */
static void keep_failure(struct expansion *expansion, const struct error *err)
{
	expansion->err = expansion->arena ? arena_new_of(expansion->arena, struct error) : NULL;
	if (expansion->err)
		*expansion->err = *err;
}

static bool expand(struct run *run, size_t index, struct error *err)
{
	struct expansion *expansion = &run->expansions[index];
	const struct catalog catalog = {.tags = list_tags, .created = dates_find, .ctx = run};
	const struct expanding expanding = {&run->rules[index], &catalog, &expansion->warnings,
					    false};
	arena_free(&expansion->arena);
	expansion->arena = arena_new_small();
	if (cancel_closing())
		return error_canceled(err);
	if (!expansion->arena)
		return error_memory(err);
	if (run->narrowing) {
		const struct narrow_tags *tags = narrowing_tags(run, expanding.rule);
		return tags ? narrow_expand(expansion->arena, &expanding, tags, &expansion->tasks,
					    &expansion->count, err)
			    : error_memory(err);
	}
	return plan_expand(expansion->arena, &expanding, &expansion->tasks, &expansion->count, err);
}

/* True for a rule that another try may expand: one without memory for a reason is tried as well. */
static bool is_worth_it(const struct expansion *expansion)
{
	return !expansion->ok && (!expansion->err || retry_helps(expansion->err->kind));
}

static void expand_rule(void *ctx, size_t index)
{
	struct run *run = ctx;
	struct expansion *expansion = &run->expansions[index];
	struct error err;
	if (!is_worth_it(expansion))
		return;
	expansion->ok = expand(run, index, &err);
	if (!expansion->ok) {
		keep_failure(expansion, &err);
		return;
	}
	listings_done(run->listings, &run->rules[index]);
	learn_tags(run, index);
}

/* The number of rules that are worth another round. */
static size_t expand_again(const struct run *run)
{
	size_t count = 0;
	for (size_t i = 0; i < run->rule_count && !cancel_requested(); i++)
		count += is_worth_it(&run->expansions[i]);
	return count;
}

static void hosts_of(void *ctx, size_t number, const char *hosts[POOL_PARTIES])
{
	const struct run *run = ctx;
	hosts[0] = run->rules[number].source.name.host;
}

static const struct pool_lane *sort_rules(struct run *run, size_t *lane_count)
{
	size_t *all = arena_array(run->arena, run->rule_count + 1, sizeof(*all));
	for (size_t i = 0; all && i < run->rule_count; i++)
		all[i] = i;
	return all ? lanes_build(run->arena, all, run->rule_count, hosts_of, run, lane_count)
		   : NULL;
}

/* Expands in rounds, as images are copied, so that a short outage does not cost a rule. */
static bool expand_all(struct run *run)
{
	size_t count = 0;
	const struct pool_lane *lanes = sort_rules(run, &count);
	run->expansions = arena_array(run->arena, run->rule_count + 1, sizeof(*run->expansions));
	if (!run->expansions || !lanes ||
	    !pool_lanes(run->session->pool, lanes, count, expand_rule, run))
		return false;
	if (run->options->retries)
		report_retry(run->report, expand_again(run));
	for (int left = run->options->retries; left > 0 && expand_again(run); left--) {
		registry_forgive(run->registry);
		if (cancel_sleep(RUN_PAUSE * 1000) &&
		    !pool_lanes(run->session->pool, lanes, count, expand_rule, run))
			return false;
	}
	return true;
}

bool expansion_run(struct run *run)
{
	run->listings = listings_new(run);
	bool ok = run->listings && expand_all(run);
	listings_free(&run->listings);
	return ok;
}

/* Reports that two tasks have the same destination. False: they are the same work. */
static bool collide(struct run *run, const struct task *first, const struct task *task,
		    struct error *err)
{
	/* A digest names the same content whichever repository it is read from. */
	bool same = !task->destination.tag || plan_same_source(first, task);
	const char *difference = terms_difference(&first->rule->terms, &task->rule->terms);
	const char *place = first->rule->source_place;
	if (same && !difference)
		return false;
	const char *destination = reference_string(run->arena, &task->destination);
	const char *source = reference_string(run->arena, &first->source);
	if (!destination || !source)
		error_memory(err);
	else if (same)
		error_set(err, ERROR_CONFIG,
			  "the rule at %s also writes %s, with another value of %s", place,
			  destination, difference);
	else
		error_set(err, ERROR_CONFIG, "%s is already the destination of %s (%s)",
			  destination, source, place);
	return true;
}

/* Adds a task unless it is already there. A task that collides with another is a failed image. */
static bool add_task(struct run *run, struct map *seen, const struct task *task)
{
	scoped(buf_finish) struct buf key = {0};
	struct reference place = task->destination;
	struct error err;
	if (place.tag)
		place.digest = NULL;
	reference_print(&place, &key);
	if (!buf_ok(&key))
		return false;
	const struct task *first = map_get(seen, buf_str(&key));
	if (!first) {
		run->tasks[run->task_count++] = task;
		return map_put(seen, buf_str(&key), (void *)(uintptr_t)task);
	}
	if (!collide(run, first, task, &err))
		return true;
	struct outcome outcome = {.status = OUTCOME_FAILED,
				  .reason = error_kind_name(err.kind),
				  .error_kind = err.kind,
				  .error_text = err.text};
	report_plan(run->report, 1);
	report_outcome(run->report, task, &outcome);
	return true;
}

static bool repository_key(const struct plan_rule *rule, struct buf *key)
{
	buf_reset(key);
	buf_printf(key, "%s/%s", rule->destination.name.host, rule->destination.name.repository);
	return buf_ok(key);
}

/*
 * Maps each destination repository to the only rule that writes to it, or to run when there are
 * several.
 */
static bool find_writers(struct run *run, struct map *writers)
{
	scoped(buf_finish) struct buf key = {0};
	for (size_t i = 0; i < run->rule_count; i++) {
		if (!repository_key(&run->rules[i], &key))
			return false;
		bool first = !map_get(writers, buf_str(&key));
		if (!map_put(writers, buf_str(&key), first ? (void *)&run->rules[i] : run))
			return false;
	}
	return true;
}

/*
 * True when no task of the rule can collide with another: a list of tags has each tag once. That
 * saves looking up each of perhaps a hundred thousand tags.
 */
static bool is_alone(const struct map *writers, const struct plan_rule *rule)
{
	scoped(buf_finish) struct buf key = {0};
	return !rule->source.count && !rule->destination.count && repository_key(rule, &key) &&
	       map_get(writers, buf_str(&key)) == rule;
}

/* Adds the tasks of one rule. */
static bool add_tasks(struct run *run, const struct map *writers, struct map *seen, size_t rule)
{
	const struct expansion *expansion = &run->expansions[rule];
	bool alone = is_alone(writers, &run->rules[rule]);
	for (size_t i = 0; i < expansion->count; i++) {
		if (alone)
			run->tasks[run->task_count++] = &expansion->tasks[i];
		else if (!add_task(run, seen, &expansion->tasks[i]))
			return false;
	}
	return true;
}

static void report_failed(struct run *run, size_t rule)
{
	struct error memory;
	const struct error *err = run->expansions[rule].err;
	if (!err)
		error_memory(&memory);
	report_rule_failed(run->report, run->rules[rule].rule, err ? err : &memory);
}

static bool is_complete(const struct run *run)
{
	bool ok = true;
	for (size_t i = 0; i < run->rule_count; i++)
		ok = ok && run->expansions[i].ok;
	return ok;
}

/*
 * Keeps the images of one batch, if there are batches. Of a list with gaps other jobs may cut other
 * batches, so there is none. False without memory.
 */
static bool cut_batch(struct run *run)
{
	const struct flags *flags = run->options->imgsync;
	size_t all = run->task_count, batches = 0;
	if (!flags || !flags->batch_size)
		return true;
	const struct batch batch = {flags->batch_size, flags->batch_number};
	if (!is_complete(run)) {
		log_error("batch %d is left out, since not all tags could be listed", batch.number);
		run->task_count = 0;
		return true;
	}
	if (!batch_select(run->tasks, &run->task_count, &batch, &batches))
		return false;
	report_batch(run->report, (size_t)batch.number, batches);
	log_info("batch %d of %zu has %zu of %zu images", batch.number, batches, run->task_count,
		 all);
	if ((size_t)batch.number > batches)
		log_warn("batch %d is empty: of %zu image%s there %s %zu batch%s of %d",
			 batch.number, all, all == 1 ? "" : "s", batches == 1 ? "is" : "are",
			 batches, batches == 1 ? "" : "es", batch.size);
	return true;
}

/* A namespace is named for its images, so that there are none is no success. */
static void refuse_nothing(struct run *run)
{
	struct error err;
	if (!run->options->imgsync || run->options->shard || run->task_count || !run->rule_count ||
	    !is_complete(run))
		return;
	error_set(&err, ERROR_MISSING, "no image was found");
	report_rule_failed(run->report, run->rules[0].rule, &err);
}

bool expansion_collect(struct run *run)
{
	scoped(map_finish) struct map seen = {0};
	scoped(map_finish) struct map writers = {0};
	size_t most = 0;
	if (!find_writers(run, &writers))
		return false;
	for (size_t i = 0; i < run->rule_count; i++)
		most += run->expansions[i].count;
	run->tasks = arena_array(run->arena, most + 1, sizeof(const struct task *));
	if (!run->tasks)
		return false;
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct expansion *expansion = &run->expansions[i];
		/* That a pattern finds none of a few tags is no slip. */
		if (!run->narrowing)
			problem_log(&expansion->warnings);
		if (!expansion->ok)
			report_failed(run, i);
		if (expansion->ok && !add_tasks(run, &writers, &seen, i))
			return false;
	}
	refuse_nothing(run);
	if (!cut_batch(run))
		return false;
	report_plan(run->report, run->task_count);
	return true;
}
