/* What a step of an Action does: the input mode, and the inputs that go with it. */
#pragma once

#include "config/action/inputs.h"

/* Reads "sync", "plan", "apply" or "request"; false for anything else. */
bool mode_named(const char *word, enum inputs_mode *out);
/*
 * Sets the options that stand for the mode of the step. path: the file of the plan; NULL: none.
 * What makes no sense goes to problems.
 */
void mode_settle(struct arena *arena, const struct inputs *inputs, const char *path,
		 struct options *options, struct problems *problems);
