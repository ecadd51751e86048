/*
 * The fields of a step of regsync and of its defaults, and what is reported of those that have no
 * counterpart.
 */
#pragma once

#include "config/foreign/translation.h"

/* Those of a step, those of a step and of the defaults, those of the defaults. */
enum regsync_field {
	REGSYNC_SOURCE,
	REGSYNC_TARGET,
	REGSYNC_TYPE,
	REGSYNC_TAGS,
	REGSYNC_TAG_SETS,
	REGSYNC_REPOS,
	REGSYNC_PLATFORM,
	REGSYNC_PLATFORMS,
	REGSYNC_BACKUP,
	REGSYNC_INTERVAL,
	REGSYNC_SCHEDULE,
	REGSYNC_RATE_LIMIT,
	REGSYNC_DIGEST_TAGS,
	REGSYNC_REFERRERS,
	REGSYNC_REFERRER_FILTERS,
	REGSYNC_REFERRER_SOURCE,
	REGSYNC_REFERRER_TARGET,
	REGSYNC_REFERRER_SLOW,
	REGSYNC_FAST_CHECK,
	REGSYNC_FORCE_RECURSIVE,
	REGSYNC_INCLUDE_EXTERNAL,
	REGSYNC_MEDIA_TYPES,
	REGSYNC_HOOKS,
	REGSYNC_PARALLEL,
	REGSYNC_BLOB_LIMIT,
	REGSYNC_CACHE_COUNT,
	REGSYNC_CACHE_TIME,
	REGSYNC_SKIP_DOCKER_CONFIG,
	REGSYNC_USER_AGENT,
	REGSYNC_FIELDS,
	REGSYNC_SHARED = REGSYNC_BACKUP,
	REGSYNC_GENERAL = REGSYNC_PARALLEL
};

extern const struct field regsync_fields[REGSYNC_FIELDS];

/* The value of a switch, false where it is not given. */
bool regsync_fields_true(struct translation *translation, enum regsync_field field,
			 const struct node *const *values);
/* Tells what of a step, or of the defaults, has no counterpart. */
void regsync_fields_tell(struct translation *translation, const struct node *const *values);
/* Reads `ratelimit`. The pulls to be left alone hold for a run, so the largest number counts. */
void regsync_fields_limit(struct translation *translation, const struct node *limit);
