/* config/ and report/ are independent of each other; they are joined here. */
#include "cmd/step.h"

#include "base/workflow.h"

extern char **environ;

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

void step_read(struct arena *arena, struct inputs *inputs, struct options *options,
	       struct problems *problems)
{
	options_init(options);
	options_variables(options, problems);
	if (!inputs_present(environ))
		return;
	workflow_mask_secrets();
	inputs_read(arena, environ, inputs, options, problems);
}

struct action step_alone(const struct options *options, struct problems *problems)
{
	static const struct config nothing;
	struct outputs outputs = {.held_count = 0};
	outputs_compare(options, &nothing, &outputs, problems);
	return step_action(options->inputs, &outputs);
}
