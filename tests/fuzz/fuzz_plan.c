/*
 * Plans, and reports that are to be joined. A plan that was understood names one image by digest in
 * each rule and one place for it, and the planner takes it; joined reports are a document.
 */
#include "rules.h"

#include "base/secret.h"
#include "config/rules/plan_file.h"
#include "doc/json.h"
#include "report/merge.h"

static void check_told(const struct buf *lines)
{
	struct str rest = buf_str(lines);
	while (rest.len)
		require(input_printable(input_part(&rest, '\n')));
}

static void check_rules(struct arena *arena, const struct rules *rules, struct problems *problems)
{
	struct plan_rule *parsed = NULL;
	size_t count = 0;
	require(plan_parse(arena, rules, &parsed, &count, problems));
	require(count <= rules->count);
	for (size_t i = 0; i < count; i++) {
		const struct plan_rule *rule = &parsed[i];
		const struct planned *planned = rule->rule->planned;
		require(rule->source.count == 1 && rule->destination.count == 1);
		require(rule->source.items[0].digest && !rule->source.items[0].tag);
		require(planned && planned->reason && planned->action < PLANNED_FAILED);
		require(planned->after || planned->action >= PLANNED_SKIPPED);
		require(planned->bytes >= 0 && planned->shard < PLANNED_SHARDS_MAX);
		require(rule_terms(rule->rule)->on_change != CHANGE_UNSAID);
	}
}

static void check_plan(struct arena *arena, const struct node *root)
{
	scoped(problem_finish) struct problems problems = {0};
	struct document document = {.name = "plan.json", .json = true, .root = root};
	struct rules rules;
	struct plan_file plan;
	if (!plan_file_recognise(&document))
		return;
	plan_file_read(arena, &document, CHANGE_UNSAID, &rules, &plan, &problems);
	require(plan.shards <= PLANNED_SHARDS_MAX);
	if (!problems.error_count)
		check_rules(arena, &rules, &problems);
	check_told(&problems.errors);
	check_told(&problems.warnings);
}

static void check_merge(struct arena *arena, struct str text, const struct node *root)
{
	struct merge_part parts[] = {{.name = "a", .text = text, .root = root}};
	scoped(buf_finish) struct buf joined = {0};
	struct merging merging;
	const struct node *again = NULL;
	struct error err = {0};
	if (!merge_read(parts, array_count(parts), &merging, &err)) {
		require(err.kind == ERROR_CONFIG && err.text[0]);
		return;
	}
	merge_write(&merging, &joined);
	require(buf_ok(&joined) && json_read_file(arena, buf_str(&joined), &again, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str text = input_text(data, size);
	const struct node *root = NULL;
	struct error err = {0};
	require(arena);
	if (!json_read_file(arena, text, &root, &err)) {
		require(err.kind == ERROR_CONFIG && err.text[0]);
		return 0;
	}
	check_plan(arena, root);
	check_merge(arena, text, root);
	secret_forget();
	return 0;
}
