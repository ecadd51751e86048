/* --on-change and --require-platforms, for the rules that do not say it themselves. */
#pragma once

#include "config/options.h"
#include "config/rule.h"

/*
 * Gives each rule without a policy that of the options, else fallback; and each rule that neither
 * requires platforms nor takes any the platforms of the options. Mistakes go to problems.
 */
void policy_options_apply(struct arena *arena, const struct options *options,
			  enum change_policy fallback, struct rules *rules,
			  struct problems *problems);
