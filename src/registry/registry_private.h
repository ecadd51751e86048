/* The inside of struct registry, for the files of registry/ only. */
#pragma once

#include "base/map.h"
#include "registry/create.h"
#include "registry/ecr.h"
#include "registry/facts.h"
#include "registry/known.h"
#include "registry/login.h"
#include "registry/registry.h"
#include "registry/token.h"
#include "store/mirrored.h"

#include <pthread.h>

struct registry {
	struct arena *arena;
	struct registry_options options;
	struct tokens *tokens;
	struct logins *logins;
	struct known *known;
	struct facts *facts;
	struct creations *creations;
	struct mirrored_memory *mirrors;
	pthread_mutex_t lock;     /* guards arena and the members below */
	struct map hosts;         /* name and how it is reached -> struct host */
	struct map hub_tokens;    /* see hub.c: credential -> text */
	struct map ghcr_versions; /* see ghcr.c: "name@digest" -> path of its API */
};

/* How a host is reached. */
struct registry_approach {
	bool insecure;      /* see struct host */
	const char *scheme; /* static; NULL: https, or what it turns out to speak */
};

/*
 * Sets *out to repository at another host, with the same login and settings: only where these may
 * go there. ERROR_MEMORY only.
 */
bool registry_beside(const struct repository *repository, const char *host,
		     const struct registry_approach *approach, struct repository *out,
		     struct error *err);
