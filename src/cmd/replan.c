/* Rules are planned together once more, whatever made them, so that collisions are found. */
#include "cmd/replan.h"

/* What collides with another rule is left out, and has failed. */
static void judge(void *ctx, const struct rule *rule, const struct problems *problems)
{
	struct run *run = ctx;
	struct error err;
	struct str lines = str_trim(buf_str(&problems->errors)), first = lines;
	problem_log(problems);
	if (!problems->error_count)
		return;
	str_cut(&lines, '\n', &first);
	if (first.len)
		error_set(&err, ERROR_CONFIG, "%.*s", STR_ARGS(first));
	else
		error_memory(&err);
	report_rule_failed(run->report, rule, &err);
}

bool replan_all(struct run *run, const struct rules *all)
{
	const struct plan_judge reporting = {judge, run};
	return plan_parse_apart(run->arena, all, &run->rules, &run->rule_count, &reporting);
}
