/* A file may have a = in its name: only a known form before it counts as one. */
#include "config/mirror_options.h"

static const char *const names[MIRROR_FORMS] = {[MIRROR_REGISTRIES] = "registries.conf",
						[MIRROR_HOSTS] = "hosts.toml",
						[MIRROR_OPENSHIFT] = "openshift"};

enum mirror_form mirror_options_form(struct str name)
{
	enum mirror_form form = MIRROR_REGISTRIES;
	while (form < MIRROR_FORMS && !str_is(name, names[form]))
		form++;
	return form;
}

struct mirror_options mirror_options_read(const struct options *options, struct problems *problems)
{
	struct str text = str_of(options->mirror_config), word = text;
	if (!text.len)
		return (struct mirror_options){.path = NULL};
	size_t equals = str_find(text, '=');
	enum mirror_form form = mirror_options_form(str_head(word, equals));
	if (equals < text.len && form < MIRROR_FORMS && equals + 1 < text.len)
		return (struct mirror_options){form, options->mirror_config + equals + 1};
	if (str_ends(text, ".conf"))
		return (struct mirror_options){MIRROR_REGISTRIES, options->mirror_config};
	if (str_ends(text, ".yaml") || str_ends(text, ".yml"))
		return (struct mirror_options){MIRROR_OPENSHIFT, options->mirror_config};
	if (problems)
		problem_add(problems, NULL,
			    "--mirror-config %.200s: expected registries.conf=FILE, "
			    "hosts.toml=FOLDER or openshift=FILE",
			    options->mirror_config);
	return (struct mirror_options){.path = NULL};
}
