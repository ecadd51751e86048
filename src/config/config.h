/*
 * Everything a run is told, from the command line, the environment and the two files.
 *
 * Plain records in the arena given to config_load(), never changed afterwards.
 */
#pragma once

#include "config/options.h"
#include "config/rule.h"
#include "registry/credential.h"

struct config {
	struct options options;
	struct credentials credentials;
	struct rules rules;
};

/*
 * Reads the files that options name. Every mistake of both files goes to problems; false when there
 * was one, warnings do not count. *out is valid either way and holds what could be read, so that
 * the caller can look for mistakes in the rules themselves (plan_parse) and tell all of them at
 * once.
 */
bool config_load(struct arena *arena, const struct options *options, struct config *out,
		 struct problems *problems);
