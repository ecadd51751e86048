/*
 * A repository is pruned as a whole: what any rule of the run produces there stays, and only one
 * rule has to say prune. It is left alone if anything about it is not known: an image failed or had
 * no turn, or a rule that writes there runs at another time. And if any rule of the run could not
 * be worked out, nothing is pruned at all, since nobody knows what it would have produced, and
 * where.
 */
#include "cmd/pruning.h"

#include "base/cancel.h"
#include "base/log.h"
#include "cmd/prune_repository.h"
#include "oci/layout_name.h"
#include "report/tally.h"

#include <string.h>

/* --- before the run ------------------------------------------------------------------------- */

static void check_rule(const struct run *run, const struct rule *rule, const struct prune *prune,
		       const struct reference *destination, struct problems *problems)
{
	const char *place = prune->place;
	if (!run->options->state && !prune->foreign)
		problem_add(problems, place,
			    "prune: only tags that runs have written are removed, and that is in "
			    "the state: add --state WHERE, or say foreign: true to remove others "
			    "as well");
	if (rule_terms(rule)->on_change == CHANGE_RETAG)
		problem_add(problems, place,
			    "prune: with on-change: retag the destination has tags that no rule "
			    "produces: use another policy, or remove prune");
	if (layout_name_archived(destination->host))
		problem_add(problems, place,
			    "prune: an archive is written as a whole, so there is nothing to "
			    "remove: leave out prune");
}

void pruning_check(const struct run *run, struct problems *problems)
{
	size_t count = 0;
	if (!run->options->prune)
		return;
	if (run->options->shard)
		problem_add(problems, NULL,
			    "--prune cannot be used with --shard, since other jobs have a part of "
			    "the images: prune in a job of its own, after them");
	for (size_t i = 0; i < run->rule_count; i++)
		if (run->rules[i].prune && ++count)
			check_rule(run, run->rules[i].rule, run->rules[i].prune,
				   run->rules[i].destination.name, problems);
	for (size_t i = 0; i < run->namespace_count; i++)
		if (run->namespaces[i].rule->prune && ++count)
			check_rule(run, run->namespaces[i].rule, run->namespaces[i].rule->prune,
				   &run->namespaces[i].destination, problems);
	if (!count && !problems->error_count)
		problem_warn(problems, NULL,
			     "--prune removes nothing: no rule has prune: true, or a mapping of "
			     "it (docs/prune.md)");
}

/* --- which repositories --------------------------------------------------------------------- */

/* The repositories that are pruned, by name. */
struct prunings {
	struct run *run;
	struct arena *arena;
	struct map repositories; /* "HOST/PATH" -> struct prune_repository */
	struct map blocked;      /* "HOST/PATH" -> why it is left alone */
};

static void prunings_finish(struct prunings *prunings)
{
	for (size_t i = 0; i < prunings->repositories.count; i++) {
		struct prune_repository *each = prunings->repositories.entries[i].value;
		map_finish(&each->selected);
		map_finish(&each->sources);
	}
	map_finish(&prunings->repositories);
	map_finish(&prunings->blocked);
	arena_free(&prunings->arena);
}

static bool print_key(const struct reference *name, struct buf *out)
{
	buf_reset(out);
	buf_printf(out, "%s/%s", reference_api_host(name->host), name->repository);
	return buf_ok(out);
}

static bool add_rule(struct prunings *prunings, const struct plan_rule *rule)
{
	scoped(buf_finish) struct buf key = {0};
	const struct reference *name = rule->destination.name;
	if (!rule->prune)
		return true;
	if (!print_key(name, &key))
		return false;
	struct prune_repository *found = map_get(&prunings->repositories, buf_str(&key));
	if (!found) {
		found = arena_new_of(prunings->arena, struct prune_repository);
		if (!found || !map_put(&prunings->repositories, buf_str(&key), found))
			return false;
		*found = (struct prune_repository){
			.name = *name, .terms = *rule->prune, .rule = rule->rule};
	}
	found->terms = prune_join(&found->terms, rule->prune);
	buf_reset(&key);
	buf_printf(&key, "%s/%s", rule->source.name->host, rule->source.name->repository);
	return buf_ok(&key) && map_put(&found->sources, buf_str(&key), found);
}

/* What a task produces stays, whichever rule it is of. */
static bool add_task(struct prunings *prunings, const struct task *task)
{
	scoped(buf_finish) struct buf key = {0};
	const struct reference *to = &task->destination;
	if (!print_key(to, &key))
		return false;
	struct prune_repository *found = map_get(&prunings->repositories, buf_str(&key));
	if (!found)
		return true;
	found->selected_tags += to->tag != NULL;
	return (!to->tag || map_put(&found->selected, str_of(to->tag), found)) &&
	       (!to->digest || map_put(&found->selected, str_of(to->digest), found));
}

/* --- what is left alone --------------------------------------------------------------------- */

static bool block(struct prunings *prunings, const struct reference *name, const char *why)
{
	scoped(buf_finish) struct buf key = {0};
	return print_key(name, &key) &&
	       map_put(&prunings->blocked, buf_str(&key), (void *)(uintptr_t)why);
}

static bool block_failures(struct prunings *prunings, const struct tally *tally)
{
	struct tally_walk walk = tally_list_walk(&tally->list);
	while (tally_list_next(&walk))
		if (walk.image.outcome.status == OUTCOME_FAILED && walk.image.task &&
		    !block(prunings, &walk.image.task->destination, "an image of it failed"))
			return false;
	return true;
}

static bool is_in_run(const struct run *run, const struct rule *rule)
{
	for (size_t i = 0; i < run->rule_count; i++)
		if (run->rules[i].rule == rule)
			return true;
	for (size_t i = 0; i < run->namespace_count; i++)
		if (run->namespaces[i].rule == rule)
			return true;
	return false;
}

static bool is_below(const struct reference *prefix, const struct reference *name)
{
	size_t len = strlen(prefix->repository);
	return strcmp(reference_api_host(prefix->host), reference_api_host(name->host)) == 0 &&
	       (!len || (strncmp(prefix->repository, name->repository, len) == 0 &&
			 name->repository[len] == '/'));
}

/* A server's job has some of its rules; the others write at their own times. */
static bool block_others(struct prunings *prunings)
{
	static const char why[] = "another rule, which runs at other times, writes to it as well";
	const struct run *run = prunings->run, *all = run->loaded;
	for (size_t i = 0; all && i < all->rule_count; i++)
		if (!is_in_run(run, all->rules[i].rule) &&
		    !block(prunings, all->rules[i].destination.name, why))
			return false;
	for (size_t i = 0; all && i < all->namespace_count; i++)
		for (size_t k = 0; k < prunings->repositories.count; k++) {
			const struct prune_repository *each =
				prunings->repositories.entries[k].value;
			if (!is_in_run(run, all->namespaces[i].rule) &&
			    is_below(&all->namespaces[i].destination, &each->name) &&
			    !block(prunings, &each->name, why))
				return false;
		}
	return true;
}

/* Why nothing at all is pruned; NULL: there is no such reason. */
static const char *obstacle(const struct run *run, const struct tally *tally)
{
	struct tally_walk walk = tally_list_walk(&tally->list);
	if (tally->unlisted)
		return "there was no memory for all images";
	if (cancel_requested() || tally_left(tally))
		return "not all images had their turn";
	for (size_t i = 0; i < run->expansion_count; i++)
		if (!run->expansions[i].ok)
			return "not all images are known";
	while (tally_list_next(&walk))
		if (walk.image.outcome.status == OUTCOME_FAILED && !walk.image.task)
			return "not all images are known";
	return NULL;
}

/* --- the run -------------------------------------------------------------------------------- */

static void tell(const struct run *run, const struct prune_repository *repository,
		 enum pruned_status status, const char *reason, const char *text)
{
	const struct pruned pruned = {.name = repository->name,
				      .place = repository->terms.place,
				      .reason = reason,
				      .text = text,
				      .status = status};
	report_pruned(run->report, &pruned);
}

static void prune_each(struct prunings *prunings, const char *obstacle)
{
	struct run *run = prunings->run;
	for (size_t i = 0; i < prunings->repositories.count; i++) {
		const struct map_entry *entry = &prunings->repositories.entries[i];
		const struct prune_repository *each = entry->value;
		const char *blocked =
			map_get(&prunings->blocked, (struct str){entry->key, entry->len});
		scoped(buf_finish) struct buf text = {0};
		struct error err = {0};
		if (obstacle || blocked) {
			buf_printf(&text, "nothing is removed, since %s",
				   obstacle ? obstacle : blocked);
			tell(run, each, PRUNED_LEFT, "incomplete", buf_string(&text));
		} else if (!prune_repository(run, each, &err)) {
			tell(run, each, PRUNED_FAILED, error_kind_name(err.kind), err.text);
		}
	}
}

static bool collect(struct prunings *prunings, const struct tally *tally)
{
	const struct run *run = prunings->run;
	for (size_t i = 0; i < run->rule_count; i++)
		if (!add_rule(prunings, &run->rules[i]))
			return false;
	for (size_t i = 0; i < run->task_count; i++)
		if (!add_task(prunings, run->tasks[i]))
			return false;
	return block_failures(prunings, tally) && block_others(prunings);
}

bool pruning_run(struct run *run)
{
	const struct tally *tally = report_tally(run->report);
	scoped(prunings_finish) struct prunings prunings = {.run = run, .arena = arena_new()};
	if (!run->options->prune || run->narrowing || run->options->apply)
		return true;
	if (!prunings.arena || !collect(&prunings, tally))
		return false;
	prune_each(&prunings, obstacle(run, tally));
	return true;
}
