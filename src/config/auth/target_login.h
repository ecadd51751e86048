/* The login that kyma's image-syncer takes on its command line. */
#pragma once

#include "config/options/options.h"
#include "registry/credential.h"

/*
 * Adds what --target-repo-auth-key, --access-token or --access-token-file give to list, for what
 * lies below prefix, in place of another login for the same key; other settings that list has
 * there are kept. Nothing when none is given. Two of them and a file
 * that cannot be read are mistakes, which go to problems. prefix may be NULL: none is right.
 */
void target_login_add(struct arena *arena, const struct options *options, const char *prefix,
		      struct credentials *list, struct problems *problems);
