/* What rules in a fuzz target may ask for: a variable, the tags of a repository, their dates. */
#pragma once

#include "fuzz.h"

#include "config/expand.h"
#include "plan/plan.h"

static inline const char *rules_variable(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "NAME") == 0 ? "value" : NULL;
}

static const struct expand_lookup some_variables = {.get = rules_variable};

static inline bool rules_tags(void *ctx, struct arena *arena, const struct reference *source,
			      const char *const **tags, size_t *count, struct error *err)
{
	static const char *const list[] = {"latest", "v1", "v1.2.3", "v1.10.0-rc.1", "2.0"};
	(void)ctx;
	(void)arena;
	(void)err;
	require(source->host && source->repository);
	*tags = list;
	*count = array_count(list);
	return true;
}

static inline bool rules_dates(void *ctx, const struct dating *dating, struct error *err)
{
	(void)ctx;
	(void)err;
	for (size_t i = 0; i < dating->count; i++)
		dating->when[i] = (int64_t)i * 1000000;
	return true;
}

static const struct catalog some_catalog = {.tags = rules_tags, .created = rules_dates};
