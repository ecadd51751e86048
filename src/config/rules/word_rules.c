/*
 * A destination without a registry means Docker Hub, as everywhere. But "nginx redis
 * registry.example.com/mirror" asks for something else than a copy of nginx to redis: so among
 * several destinations each has to name its registry.
 */
#include "config/rules/word_rules.h"

#include <string.h>

static const char place[] = "command line";

/* Where the variables of a destination have been expanded: does it name a registry? */
static bool names_registry(const char *destination)
{
	struct str text = str_of(destination);
	struct str host = str_head(text, str_find(text, '/'));
	return str_find(host, '.') < host.len || str_find(host, ':') < host.len ||
	       str_is(host, "localhost");
}

static bool check(const struct options *options, const char *destination, struct problems *problems)
{
	if (!*options->source || !*destination)
		problem_add(problems, place,
			    "the %s is empty: write a name as in "
			    "registry.example.com/team/app:v1",
			    *options->source ? "destination" : "source");
	else if (options->destination_count > 1 && !names_registry(destination))
		problem_add(problems, place,
			    "%s is one of several destinations, but names no registry: write "
			    "docker.io/%s if Docker Hub is meant; several sources belong in a "
			    "file, as in --list FILE",
			    destination, destination);
	else
		return true;
	return false;
}

/* True for a command of other programs, which nobody means as an image of Docker Hub. */
static bool is_command(const char *word)
{
	static const char *const commands[] = {
		"catalog", "config",  "copy",  "cp",   "delete", "export", "image",    "import",
		"index",   "inspect", "list",  "load", "login",  "logout", "ls",       "manifest",
		"mirror",  "once",    "prune", "pull", "push",   "repo",   "rm",       "run",
		"save",    "scan",    "start", "sync", "tag",    "tags",   "validate",
	};
	for (size_t i = 0; i < array_count(commands); i++)
		if (strcmp(word, commands[i]) == 0)
			return true;
	return false;
}

void word_rules_read(struct arena *arena, const struct options *options,
		     const struct expand_lookup *lookup, struct rules *out,
		     struct problems *problems)
{
	struct error err;
	struct rule *rules = arena_array(arena, options->destination_count, sizeof(*rules));
	size_t count = 0;
	if (!rules) {
		problem_add(problems, place, "out of memory");
		return;
	}
	if (is_command(options->source)) {
		problem_add(problems, place,
			    "%s is not a command of this program: write SOURCE DESTINATION alone "
			    "(an image of that name is docker.io/library/%s)",
			    options->source, options->source);
		return;
	}
	for (size_t i = 0; i < options->destination_count; i++) {
		struct rule *rule = &rules[count];
		*rule = (struct rule){.source = options->source,
				      .source_place = place,
				      .destination_place = place};
		if (!expand_text(arena, str_of(options->destinations[i]), EXPAND_DESTINATION,
				 lookup, &rule->destination, &err))
			problem_add(problems, place, "destination of %s: %s", rule->source,
				    err.text);
		else if (check(options, rule->destination, problems))
			count++;
	}
	*out = (struct rules){.items = rules, .count = count};
}
