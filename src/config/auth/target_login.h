/* The logins that kyma's image-syncer and imgsync take on their command lines. */
#pragma once

#include "config/options/options.h"
#include "registry/credential.h"

/*
 * Adds the login of --target-repo-auth-key, --access-token or --access-token-file to list, for all
 * repositories below prefix. It replaces another login for the same key, whose other settings stay.
 * Does nothing if none of the options is given. Two of them, or a file that cannot be read, are
 * mistakes, which go to problems. prefix is NULL if there is none for all images, or a wrong one.
 */
void target_login_add(struct arena *arena, const struct options *options, const char *prefix,
		      struct credentials *list, struct problems *problems);
/*
 * Adds login to list. It replaces another login for the same key, whose other settings stay; a new
 * key gets the settings that fit so far. The password is copied, and registered as a secret.
 */
void target_login_set(struct arena *arena, const struct credential *login, struct credentials *list,
		      struct problems *problems);
