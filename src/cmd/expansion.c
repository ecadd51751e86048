/*
 * All rules are expanded before the first image is copied, so that duplicates and contradictions
 * are found in file order, whatever order the lists of tags come in. Most rules of long files name
 * one image, and need no registry for that: their tasks are in one array.
 */
#include "cmd/expansion.h"

#include "base/cancel.h"
#include "base/log.h"
#include "base/map.h"
#include "base/retry.h"
#include "cmd/dates.h"
#include "cmd/lanes.h"
#include "cmd/learning.h"
#include "cmd/listings.h"
#include "cmd/narrowing.h"
#include "config/imgsync/flags.h"
#include "plan/batch.h"

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

/* Keeps why a rule was not expanded. Failures are few, and large beside the record of a rule. */
static void keep_failure(struct expansion *expansion, const struct error *err)
{
	expansion->err = expansion->arena ? arena_new_of(expansion->arena, struct error) : NULL;
	if (expansion->err)
		*expansion->err = *err;
}

/* Makes room for what a try, perhaps not the first, will find. False without memory. */
static bool begin(struct expansion *expansion)
{
	if (expansion->warnings)
		problem_finish(expansion->warnings);
	arena_free(&expansion->arena);
	expansion->arena = arena_new_small();
	expansion->warnings =
		expansion->arena ? arena_new_of(expansion->arena, struct problems) : NULL;
	return expansion->warnings != NULL;
}

static bool expand(struct run *run, size_t index, struct error *err)
{
	struct expansion *expansion = &run->expansions[index];
	const struct catalog catalog = {.tags = list_tags, .created = dates_find, .ctx = run};
	bool begun = begin(expansion);
	const struct expanding expanding = {expansion->rule, &catalog, expansion->warnings, false};
	if (cancel_closing())
		return error_canceled(err);
	if (!begun)
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
	listings_done(run->listings, expansion->rule);
	learning_rule(run, expansion);
}

/* The number of rules that are worth another round. */
static size_t expand_again(const struct run *run)
{
	size_t count = 0;
	for (size_t i = 0; i < run->expansion_count && !cancel_requested(); i++)
		count += is_worth_it(&run->expansions[i]);
	return count;
}

static void needs_of(void *ctx, size_t number, struct lanes_need *need)
{
	const struct run *run = ctx;
	need->hosts[0] = run->expansions[number].rule->source.name->host;
}

/*
 * True for a rule that names its only image, and needs no list of its own: the image's date may be
 * in one.
 */
static bool is_lone(const struct run *run, const struct plan_rule *rule)
{
	return !run->narrowing && plan_is_known(rule) && rule->source.count == 1 &&
	       rule_terms(rule->rule)->min_age <= 0;
}

/* Makes the tasks of lone rules, and room for what the others become. False without memory. */
static bool begin_all(struct run *run)
{
	size_t lone = 0, others = 0;
	for (size_t i = 0; i < run->rule_count; i++)
		lone += is_lone(run, &run->rules[i]);
	others = run->rule_count - lone;
	run->lone = arena_array(run->arena, lone + 1, sizeof(*run->lone));
	run->expansions = arena_array(run->arena, others + 1, sizeof(*run->expansions));
	if (!run->lone || !run->expansions)
		return false;
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct plan_rule *rule = &run->rules[i];
		if (is_lone(run, rule))
			run->lone[run->lone_count++] = plan_task(rule);
		else
			run->expansions[run->expansion_count++].rule = rule;
	}
	return true;
}

/* NULL without memory. */
static const struct pool_lane *sort_rules(struct run *run, size_t *lane_count)
{
	size_t count = run->expansion_count;
	size_t *all = arena_array(run->arena, count + 1, sizeof(*all));
	for (size_t i = 0; all && i < count; i++)
		all[i] = i;
	return all ? lanes_build(run->arena, all, count, needs_of, run, lane_count) : NULL;
}

/* Expands in rounds, as images are copied, so that a short outage does not cost a rule. */
static bool expand_all(struct run *run)
{
	size_t count = 0;
	if (!begin_all(run))
		return false;
	const struct pool_lane *lanes = sort_rules(run, &count);
	if (!lanes || !pool_lanes(run->session->pool, lanes, count, expand_rule, run))
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
	bool ok = run->listings && expand_all(run) && learning_lone(run);
	listings_free(&run->listings);
	return ok;
}

/* Reports that two tasks have the same destination. False: they are the same work. */
static bool collide(struct run *run, const struct task *first, const struct task *task,
		    struct error *err)
{
	/* A digest names the same content whichever repository it is read from. */
	bool same = !task->destination.tag || plan_same_source(first, task);
	const char *difference = terms_difference(rule_terms(first->rule), rule_terms(task->rule));
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
	buf_printf(key, "%s/%s", rule->destination.name->host, rule->destination.name->repository);
	return buf_ok(key);
}

/* Who writes to a destination repository, beside a rule that is the only one. */
static const char settled[] = "rules that name all their images", others[] = "any rules";

/* Maps each destination repository to the only rule that writes to it, settled or others. */
static bool find_writers(struct run *run, struct map *writers)
{
	scoped(buf_finish) struct buf key = {0};
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct plan_rule *rule = &run->rules[i];
		if (!repository_key(rule, &key))
			return false;
		const void *first = map_get(writers, buf_str(&key));
		bool known = plan_is_known(rule) && (!first || first == settled);
		const void *writer = rule;
		if (known)
			writer = settled;
		else if (first)
			writer = others;
		if (writer != first && !map_put(writers, buf_str(&key), (void *)(uintptr_t)writer))
			return false;
	}
	return true;
}

/*
 * True when no task of the rule can collide with another: a list of tags has each tag once, and
 * images that rules name were compared when these were read. That saves looking up each of perhaps
 * a hundred thousand tags.
 */
static bool is_alone(const struct map *writers, const struct plan_rule *rule)
{
	scoped(buf_finish) struct buf key = {0};
	bool known = plan_is_known(rule), all = !rule->source.count && !rule->destination.count;
	const void *only = rule;
	if (known)
		only = settled;
	return (known || all) && repository_key(rule, &key) &&
	       map_get(writers, buf_str(&key)) == only;
}

/* Adds the tasks of one rule. */
static bool add_tasks(struct run *run, const struct map *writers, struct map *seen,
		      const struct plan_rule *rule, const struct task *tasks, size_t count)
{
	bool alone = is_alone(writers, rule);
	for (size_t i = 0; i < count; i++) {
		if (alone)
			run->tasks[run->task_count++] = &tasks[i];
		else if (!add_task(run, seen, &tasks[i]))
			return false;
	}
	return true;
}

/* Adds what a rule became, or reports why it was not expanded. */
static bool add_expansion(struct run *run, const struct map *writers, struct map *seen,
			  const struct expansion *expansion)
{
	struct error memory;
	/* That a pattern finds none of a few tags is no slip. */
	if (!run->narrowing && expansion->warnings)
		problem_log(expansion->warnings);
	if (expansion->ok)
		return add_tasks(run, writers, seen, expansion->rule, expansion->tasks,
				 expansion->count);
	if (!expansion->err)
		error_memory(&memory);
	report_rule_failed(run->report, expansion->rule->rule,
			   expansion->err ? expansion->err : &memory);
	return true;
}

static bool add_all(struct run *run, const struct map *writers, struct map *seen)
{
	const struct task *lone = run->lone;
	const struct expansion *expansion = run->expansions;
	for (size_t i = 0; i < run->rule_count; i++) {
		const struct plan_rule *rule = &run->rules[i];
		bool other = expansion->rule == rule;
		if (other ? !add_expansion(run, writers, seen, expansion++)
			  : !add_tasks(run, writers, seen, rule, lone++, 1))
			return false;
	}
	return true;
}

static bool is_complete(const struct run *run)
{
	bool ok = true;
	for (size_t i = 0; i < run->expansion_count; i++)
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
	size_t most = run->rule_count;
	if (!find_writers(run, &writers))
		return false;
	for (size_t i = 0; i < run->expansion_count; i++)
		most += run->expansions[i].count;
	run->tasks = arena_array(run->arena, most + 1, sizeof(const struct task *));
	if (!run->tasks || !add_all(run, &writers, &seen))
		return false;
	refuse_nothing(run);
	if (!cut_batch(run))
		return false;
	report_plan(run->report, run->task_count);
	return true;
}
