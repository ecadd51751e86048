/* A mistake is reported once, for the option, not for each rule that would have got its value. */
#include "config/rules/policy_options.h"

#include "config/rules/platform_options.h"

#include <string.h>

/* NULL when nothing is required. */
static const struct platform_filter *
read_required(struct arena *arena, const struct option_list *list, struct problems *problems)
{
	struct platform_filter *required = arena_new_of(arena, struct platform_filter);
	if (!required ||
	    !platform_options_names(arena, list, "require-platforms", required, problems)) {
		problem_add(problems, NULL, "out of memory");
		return NULL;
	}
	return required->platform_count ? required : NULL;
}

/* NULL when the option is not given. */
static const struct creation_settings *read_repository(struct arena *arena, const char *text,
						       struct problems *problems)
{
	struct creation_settings *settings;
	if (!text)
		return NULL;
	settings = arena_new_of(arena, struct creation_settings);
	if (!settings)
		problem_add(problems, NULL, "out of memory");
	else if (strcmp(text, "true") == 0)
		settings->wanted = true;
	else if (strcmp(text, "false") != 0)
		problem_add(problems, NULL, "--create-repository %s: expected true or false", text);
	return settings;
}

void policy_options_read(struct arena *arena, const struct options *options, struct terms *out,
			 struct problems *problems)
{
	out->required = read_required(arena, &options->require_platforms, problems);
	if (options->on_change && !change_parse(str_of(options->on_change), &out->on_change))
		problem_add(problems, NULL,
			    "--on-change %s: expected overwrite, fail, skip or retag",
			    options->on_change);
	if (options->foreign && !foreign_parse(str_of(options->foreign), &out->foreign))
		problem_add(problems, NULL, "--foreign %s: expected skip, copy or fail",
			    options->foreign);
	out->creation.repository = read_repository(arena, options->create_repository, problems);
	if (options->create_project)
		out->creation.project = CREATION_YES;
}
