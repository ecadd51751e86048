/* The inside of struct registry, for the files of registry/ only. */
#pragma once

#include "base/map.h"
#include "registry/registry.h"
#include "registry/token.h"

#include <pthread.h>

struct registry {
	struct arena *arena;
	struct registry_options options;
	struct tokens *tokens;
	pthread_mutex_t lock; /* guards hosts and arena */
	struct map hosts;     /* name, and whether insecure -> struct host */
};
