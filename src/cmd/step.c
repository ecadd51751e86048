/* config/ and report/ do not know each other: the two meet here. */
#include "cmd/step.h"

struct action step_action(const struct inputs *inputs)
{
	return (struct action){.output = inputs->output,
			       .summary = inputs->summary ? inputs->summary_to : NULL,
			       .workspace = inputs->workspace};
}

void step_problems(const struct inputs *inputs, const struct problems *problems)
{
	const struct action action = step_action(inputs);
	action_problems(&action, buf_str(&problems->errors), buf_str(&problems->warnings));
}
