/*
 * Everything a run is given, from the command line, the environment and the files.
 *
 * Plain records in the arena given to config_load(), never changed once the run has started.
 */
#pragma once

#include "config/auth/docker_config.h"
#include "config/auth/host_files.h"
#include "config/limits.h"
#include "config/notify/notify_target.h"
#include "config/options/options.h"
#include "config/rules/plan_file.h"
#include "config/rules/rule.h"
#include "config/state_place.h"
#include "net/proxy.h"
#include "registry/credential.h"

struct config {
	struct options options;
	struct credentials credentials; /* those of the auth file first, then docker's */
	size_t auth_count;              /* the number of those from the auth file */
	struct docker_store store;      /* the helper for hosts without a login, see usage.h */
	const char *docker_files[DOCKER_FILES_MAX]; /* those that were read; NULL ends them */
	struct host_files host_files;               /* certificates and the like, see usage.h */
	struct proxies proxies;                     /* from the environment */
	struct rules rules;
	struct terms terms; /* from the options; already applied to the rules */
	struct limits limits;
	struct notify_list notify;          /* who gets a message when the run is over */
	struct state_place state;           /* from the options */
	struct plan_file plan;              /* with options.apply */
	char plan_digest[DIGEST_TEXT_SIZE]; /* of its text */
	bool kyma;                          /* the rules come from an images file of kyma's tool */
	const char *kyma_prefix;            /* where its images go; NULL: each image has its own */
	unsigned keep_pulls; /* read no more manifests with only that many pulls left */
	bool lists_json;                    /* lists of images are written as JSON, else as YAML */
};

/* The seconds of --timeout; 0: not given, or malformed, which config_load() reports. */
unsigned config_timeout(const struct options *options);
/* The same of --image-timeout. */
unsigned config_image_timeout(const struct options *options);
/*
 * Reads the files that options name. Every mistake goes to problems; false when there was one, not
 * counting warnings. *out is valid either way and holds all that could be read, so that the caller
 * can check the rules themselves (plan_parse) and report all mistakes at once. Rules without
 * platforms of their own get those of the options.
 */
bool config_load(struct arena *arena, const struct options *options, struct config *out,
		 struct problems *problems);
/* The same without rules: the logins and limits of a run, for whoever only asks registries. */
bool config_logins(struct arena *arena, const struct options *options, struct config *out,
		   struct problems *problems);
