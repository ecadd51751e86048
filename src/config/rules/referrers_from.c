/*
 * The host follows from the source's host alone, so that its login and its place in the confinement
 * are known before the repositories of a namespace are.
 */
#include "config/rules/referrers_from.h"

#include "config/rules/naming.h"
#include "oci/layout_name.h"

#include <string.h>

enum { QUOTE_MAX = 100 };

static const char whole_host[] = "{host}/";

/* Refuses text for what rest, its end, begins with. host: that is in the part before the slash. */
static bool check_rest(const char *text, struct str rest, bool host, struct error *err)
{
	size_t hole = naming_hole(rest);
	if (str_starts(rest, "{tag}") || str_starts(rest, "{digest}"))
		return error_set(err, ERROR_CONFIG,
				 "referrers-from: %.*s has a {%s} in it, but referrers belong to "
				 "digests, and all of a repository's are in one: leave it out",
				 QUOTE_MAX, text, rest.at[1] == 't' ? "tag" : "digest");
	if (!hole && (rest.at[0] == '{' || rest.at[0] == '}'))
		return error_set(err, ERROR_CONFIG,
				 "referrers-from: %.*s has a %c that begins none of " NAMING_HOLES,
				 QUOTE_MAX, text, rest.at[0]);
	if (hole && host && !str_starts(str_of(text), whole_host))
		return error_set(err, ERROR_CONFIG,
				 "referrers-from: %.*s has a %.*s in its host: write the host, or "
				 "{host} alone for that of the source",
				 QUOTE_MAX, text, (int)hole, rest.at);
	return true;
}

static void fill(const char *text, const struct reference *source, struct buf *out)
{
	struct str path = str_of(source->repository);
	const struct naming naming = {source->host, path, path};
	/* Inside a path a host loses its port. */
	if (str_starts(str_of(text), whole_host)) {
		buf_printf(out, "%s/", source->host);
		text += strlen(whole_host);
	}
	naming_fill(text, &naming, out);
}

/* Makes the name of the repository, "host/path". *why: what is wrong with it, or NULL. */
static bool make_name(struct arena *arena, const char *text, const struct reference *source,
		      struct reference *out, const char **why, struct error *err)
{
	scoped(buf_finish) struct buf name = {0};
	fill(text, source, &name);
	*why = NULL;
	if (!buf_ok(&name))
		return error_memory(err);
	if (reference_parse(arena, buf_str(&name), out, err)) {
		if (layout_name_host(out->host))
			*why = "a folder has the referrers of its own images: name a registry";
		else if (out->tag || out->digest)
			*why = "referrers are found by digests, not under a tag: leave it out";
		return !*why;
	}
	const char *quoted = strstr(err->text, "\": ");
	*why = arena_string(arena, quoted ? quoted + strlen("\": ") : err->text);
	return *why ? false : error_memory(err);
}

/* True when text begins with a host, not with a path of Docker Hub. */
static bool has_host(const char *text)
{
	struct str first = str_head(str_of(text), strcspn(text, "/"));
	return first.len < strlen(text) &&
	       (str_find(first, '.') < first.len || str_find(first, ':') < first.len ||
		str_is(first, "localhost") || str_is(first, "{host}"));
}

bool referrers_from_check(const char *text, struct error *err)
{
	static const struct reference sample = {.host = "a.test", .repository = "team/app"};
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference ignored;
	const char *why = NULL;
	bool host = true;
	if (!arena)
		return error_memory(err);
	for (struct str rest = str_of(text); rest.len;) {
		size_t hole = naming_hole(rest);
		host = host && rest.at[0] != '/';
		if (!check_rest(text, rest, host, err))
			return false;
		rest = str_from(rest, hole ? hole : 1);
	}
	if (!has_host(text))
		return error_set(err, ERROR_CONFIG,
				 "referrers-from: %.*s names no registry: write HOST/PATH, as in "
				 "registry.scout.docker.com/{path}",
				 QUOTE_MAX, text);
	if (make_name(arena, text, &sample, &ignored, &why, err))
		return true;
	return why && error_set(err, ERROR_CONFIG, "referrers-from: %.*s names no repository: %s",
				QUOTE_MAX, text, why);
}

bool referrers_from_name(struct arena *arena, const char *text, const struct reference *source,
			 struct reference *out, struct error *err)
{
	const char *why = NULL;
	if (make_name(arena, text, source, out, &why, err))
		return true;
	return why && error_set(err, ERROR_CONFIG,
				"referrers-from: %.*s names no repository for %s/%s: %s", QUOTE_MAX,
				text, source->host, source->repository, why);
}
