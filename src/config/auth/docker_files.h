/* Where docker and podman keep logins, and reading them. */
#pragma once

#include "config/auth/docker_config.h"
#include "config/expand.h"

/*
 * Reads the logins that --docker-config, which, means into *out: NULL or a word for true the usual
 * places, a word for false nothing, else one file, or a folder that holds config.json. What is
 * wrong with a file is an error if it was named here. In a usual place it is a warning: nobody
 * asked for that file, most images need no login, and where one is missing the registry says so.
 */
void docker_files_read(struct arena *arena, const char *which, const struct expand_lookup *lookup,
		       struct docker_logins *out, struct problems *problems);
