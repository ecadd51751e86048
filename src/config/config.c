/* Both files are read even if the first is wrong, so that one run tells all there is to mend. */
#include "config/config.h"

#include "base/log.h"
#include "config/auth_file.h"
#include "config/images_file.h"

#include <stdlib.h>
#include <string.h>

/* Names are worth a line when a run is debugged, values never. */
static const char *environment(void *ctx, const char *name)
{
	(void)ctx;
	const char *value = getenv(name);
	log_debug("environment variable %s %s", name,
		  value && *value ? "is used" : "is not set or empty");
	return value;
}

static bool both_from_stdin(const struct options *options)
{
	return options->auth && options->images && strcmp(options->auth, "-") == 0 &&
	       strcmp(options->images, "-") == 0;
}

bool config_load(struct arena *arena, const struct options *options, struct config *out,
		 struct problems *problems)
{
	static const struct expand_lookup lookup = {.get = environment};
	size_t before = problems->error_count;
	struct document document;
	*out = (struct config){.options = *options};
	if (!options->images)
		problem_add(problems, NULL,
			    "--images is missing: give the file that says what to copy, as in "
			    "--images images.yaml (--help lists all options)");
	if (both_from_stdin(options)) {
		problem_add(problems, NULL,
			    "--auth and --images cannot both be stdin (-): put one into a file");
		return false;
	}
	if (options->auth && document_read(arena, options->auth, &document, problems))
		auth_file_read(arena, &document, &lookup, &out->credentials, problems);
	if (options->images && document_read(arena, options->images, &document, problems))
		images_file_read(arena, &document, &lookup, &out->rules, problems);
	return problems->error_count == before;
}
