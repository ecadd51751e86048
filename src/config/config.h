/*
 * Everything a run is given, from the command line, the environment and the files.
 *
 * Plain records in the arena given to config_load(), never changed once the run has started.
 */
#pragma once

#include "config/auth/docker_config.h"
#include "config/auth/host_files.h"
#include "config/limits.h"
#include "config/options/options.h"
#include "config/rules/rule.h"
#include "net/proxy.h"
#include "registry/credential.h"

struct config {
	struct options options;
	struct credentials credentials; /* of the auth file first, then docker's */
	size_t auth_count;              /* how many of them are the auth file's */
	struct docker_store store;      /* the helper for hosts without a login, see usage.h */
	const char *docker_files[DOCKER_FILES_MAX]; /* of docker's logins; NULL: no more */
	struct host_files host_files;               /* certificates and the like, see usage.h */
	struct proxies proxies;                     /* of the environment */
	struct rules rules;
	struct terms terms; /* of the options; the rules have them already */
	struct limits limits;
	bool kyma;               /* the rules come from an images file of kyma's tool */
	const char *kyma_prefix; /* where its images go; NULL: each says so itself */
	bool lists_json;         /* lists of images are written as JSON, else as YAML */
};

/* The seconds of --timeout; 0: none, or not to be read, which config_load() tells. */
unsigned config_timeout(const struct options *options);
/*
 * Reads the files that options name. Every mistake goes to problems; false when there was one,
 * warnings do not count. *out is valid either way and holds what could be read, so that the caller
 * can look for mistakes in the rules themselves (plan_parse) and tell all of them at once. Rules
 * without platforms of their own get those of the options.
 */
bool config_load(struct arena *arena, const struct options *options, struct config *out,
		 struct problems *problems);
