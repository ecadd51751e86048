/* What options say of registries: --insecure, --ca and --creds are entries of the auth file. */
#pragma once

#include "config/expand.h"
#include "config/options/options.h"
#include "config/problem.h"
#include "registry/credential.h"

/*
 * Adds the settings and logins of the options to *list, which holds the entries of the auth file,
 * and takes precedence over them. Secrets are registered.
 */
void registry_options_read(struct arena *arena, const struct options *options,
			   const struct expand_lookup *lookup, struct credentials *list,
			   struct problems *problems);
/* The file of --ca that is for no registry in particular; NULL: there is none. */
const char *registry_options_ca_file(const struct options *options);
/* The file that an item of --ca names, which may have a registry before it. */
const char *registry_options_ca(const char *item);
/* The file that an item of --creds names, or NULL: a variable, or nothing that is right. */
const char *registry_options_secret(const char *item);
