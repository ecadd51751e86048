/*
 * A prefix is parsed as the name of a repository below it, so that hosts, ports and the names of
 * Docker Hub are judged as everywhere else.
 */
#include "config/rules/prefix.h"

#include <string.h>

enum { QUOTE_MAX = 300 };

/* Stands for any repository below a prefix. */
#define ANY "any"

/* Takes the repository that stands for any out of the error again. */
static void hide_any(struct error *err)
{
	char *any = NULL;
	for (char *at = err->text; (at = strstr(at, "/" ANY)); at++)
		any = at;
	if (any)
		memmove(any, any + strlen("/" ANY), strlen(any + strlen("/" ANY)) + 1);
}

/* Says what is wrong with text in the terms of a prefix, if it can. Returns false. */
static bool blame(struct str text, struct error *err)
{
	struct str shown = str_head(text, QUOTE_MAX);
	size_t slash = text.len;
	while (slash && text.at[slash - 1] != '/')
		slash--;
	struct str last = str_from(text, slash);
	bool digest = str_find(last, '@') < last.len;
	hide_any(err);
	if (err->kind != ERROR_CONFIG)
		return false;
	if (str_find(text, '*') < text.len)
		return error_set(err, ERROR_CONFIG,
				 "\"%.*s\": this is a prefix, to which names are appended: leave "
				 "out the stars",
				 STR_ARGS(shown));
	if (slash && (digest || str_find(last, ':') < last.len))
		return error_set(err, ERROR_CONFIG,
				 "\"%.*s\": this is a prefix, and what is below keeps its tags and "
				 "digests: leave out the part from '%c' on",
				 STR_ARGS(shown),
				 str_find(last, ':') < str_find(last, '@') ? ':' : '@');
	return false;
}

bool prefix_parse(struct arena *arena, struct str text, struct reference *out, struct error *err)
{
	struct reference name;
	while (text.len && text.at[text.len - 1] == '/')
		text = str_head(text, text.len - 1);
	if (!text.len)
		return error_set(err, ERROR_CONFIG,
				 "\"\": a registry is missing, as in "
				 "registry.example.com/team");
	const char *full = arena_printf(arena, "%.*s/" ANY, STR_ARGS(text));
	if (!full)
		return error_memory(err);
	if (!reference_parse(arena, str_of(full), &name, err))
		return blame(text, err);
	if (strcmp(name.host, "docker.io") == 0 && strcmp(name.repository, "library/" ANY) == 0 &&
	    !str_ends(text, "library"))
		return error_set(err, ERROR_CONFIG,
				 "\"%.*s\": names on Docker Hub have a namespace: write "
				 "docker.io/NAMESPACE",
				 STR_ARGS(str_head(text, QUOTE_MAX)));
	size_t len = strlen(name.repository) - strlen(ANY);
	*out = (struct reference){.host = name.host,
				  .repository =
					  arena_copy(arena, name.repository, len ? len - 1 : 0)};
	return out->repository || error_memory(err);
}
