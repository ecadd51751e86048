/* There may be a hundred thousand tasks, so none carries the name that its rule can make. */
#include "plan/task.h"

#include "config/rules/referrers_from.h"

bool task_referrers(struct arena *arena, const struct task *task, struct reference *out,
		    struct error *err)
{
	const char *from = rule_terms(task->rule)->referrers_from;
	*out = (struct reference){0};
	return !from || referrers_from_name(arena, from, &task->source, out, err);
}
