/* A container of an Action gets GITHUB_TOKEN as an input, not in its environment. */
#include "config/environment.h"

#include "base/log.h"
#include "config/action/inputs.h"

#include <stdlib.h>
#include <string.h>

static const char *get(void *ctx, const char *name)
{
	const struct options *options = ctx;
	const char *value = getenv(name);
	if (options->inputs && (!value || !*value) && strcmp(name, "GITHUB_TOKEN") == 0)
		value = options->inputs->token;
	/* The text after a $ inside a password is no name, and is not logged. */
	bool set = value && *value;
	if (set || expand_quotable(str_of(name)))
		log_debug("environment variable %s %s", name,
			  set ? "is used" : "is not set or empty");
	return value;
}

struct expand_lookup environment_lookup(const struct options *options)
{
	return (struct expand_lookup){.get = get,
				      .ctx = (void *)(uintptr_t)options,
				      .advice = options->inputs ? "set it with env: on the step"
								: NULL};
}
