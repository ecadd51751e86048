/* Finds and reads the files in which docker and podman keep logins. */
#pragma once

#include "config/auth/docker_config.h"
#include "config/expand.h"

/*
 * Reads docker's logins into *out. which is the value of --docker-config: NULL or a word for true
 * means the usual places, a word for false nothing, any other text a file, or a folder with a
 * config.json. Mistakes in a file that was named here are errors. In one of the usual places they
 * are warnings: nobody asked for that file, most images need no login, and a registry that needs
 * one says so.
 */
void docker_files_read(struct arena *arena, const char *which, const struct expand_lookup *lookup,
		       struct docker_logins *out, struct problems *problems);
