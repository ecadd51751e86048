/*
 * The host follows from the source's host alone, so that its login and its place in the confinement
 * are known before the repositories of a namespace are.
 */
#include "config/rules/referrers_from.h"

#include "config/rules/naming.h"

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

bool referrers_from_check(const char *text, struct error *err)
{
	static const struct reference sample = {.host = "a.test", .repository = "team/app"};
	scoped(arena_free) struct arena *arena = arena_new();
	struct reference ignored;
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
	return referrers_from_name(arena, text, &sample, &ignored, err);
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

/* Says why the name that was made is none. Returns false. */
static bool refuse(const char *text, const struct reference *source, struct error *err)
{
	char words[ERROR_TEXT_SIZE];
	const char *why = strstr(err->text, "\": ");
	struct str rest = str_of(why ? why + strlen("\": ") : err->text);
	memcpy(words, rest.at, rest.len + 1);
	return error_set(err, ERROR_CONFIG,
			 "referrers-from: %.*s names no repository for %s/%s: %s", QUOTE_MAX, text,
			 source->host, source->repository, words);
}

bool referrers_from_name(struct arena *arena, const char *text, const struct reference *source,
			 struct reference *out, struct error *err)
{
	scoped(buf_finish) struct buf name = {0};
	fill(text, source, &name);
	if (!buf_ok(&name))
		return error_memory(err);
	if (!reference_parse(arena, buf_str(&name), out, err))
		return err->kind == ERROR_CONFIG && refuse(text, source, err);
	if (!out->tag && !out->digest)
		return true;
	return error_set(err, ERROR_CONFIG,
			 "referrers-from: %.*s names an image, but referrers are found by digests: "
			 "leave out the %s",
			 QUOTE_MAX, text, out->tag ? "tag" : "digest");
}
