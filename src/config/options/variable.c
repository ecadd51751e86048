/*
 * The variables count whatever the form of the images file: whoever sets SYNCER_DRY_RUN wants
 * nothing to be written. Each acts as if its option were given, so the rest of the program does not
 * know them.
 */
#include "config/options/variable.h"

#include "base/scoped.h"

#include <string.h>

const struct variable variable_table[] = {
	{"SYNCER_IMAGES_FILE", "images-file"},
	{"SYNCER_TARGET_REPO_PREFIX", "target-repo-prefix"},
	{"SYNCER_TARGET_REPO_AUTH_KEY", "target-repo-auth-key"},
	{"SYNCER_ACCESS_TOKEN", "access-token"},
	{"SYNCER_DRY_RUN", "dry-run"},
	{"SYNCER_DEBUG", "debug"},
};

const size_t variable_count = array_count(variable_table);

const char *variable_of(const char *option)
{
	for (size_t i = 0; i < variable_count; i++)
		if (strcmp(variable_table[i].option, option) == 0)
			return variable_table[i].name;
	return NULL;
}
