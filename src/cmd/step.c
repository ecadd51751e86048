/* config/ and report/ are independent of each other; they are joined here. */
#include "cmd/step.h"

struct action step_action(const struct inputs *inputs, const struct outputs *outputs)
{
	bool summary = inputs->summary && outputs->step_summary;
	return (struct action){.output = outputs->step_output ? inputs->output : NULL,
			       .summary = summary ? inputs->summary_to : NULL,
			       .workspace = inputs->workspace};
}

void step_problems(const struct action *action, const struct problems *problems)
{
	action_problems(action, buf_str(&problems->errors), buf_str(&problems->warnings));
}
