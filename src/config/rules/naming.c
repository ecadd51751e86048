/* A text is tried on a sample, so that what no copy could be called is one mistake. */
#include "config/rules/naming.h"

#include "oci/reference.h"

#include <string.h>

enum { QUOTE_MAX = 100 };

static const char *const forms[] = {"keep", "full", "flatten"};
static const char *const holes[] = {"{host}", "{path}", "{flat}", "{namespace}", "{name}"};

static bool is_form(const char *text)
{
	for (size_t i = 0; i < array_count(forms); i++)
		if (strcmp(text, forms[i]) == 0)
			return true;
	return false;
}

/* The hole of a template that text begins with; NULL: none. */
static const char *hole_at(struct str text)
{
	for (size_t i = 0; i < array_count(holes); i++)
		if (str_starts(text, holes[i]))
			return holes[i];
	return NULL;
}

size_t naming_hole(struct str text)
{
	const char *hole = hole_at(text);
	return hole ? strlen(hole) : 0;
}

/* True for what differs from repository to repository. */
static bool tells_apart(const char *hole)
{
	return strcmp(hole, "{name}") == 0 || strcmp(hole, "{path}") == 0 ||
	       strcmp(hole, "{flat}") == 0;
}

/* Refuses names for what rest begins with, if no template may have it. */
static bool check_rest(const char *names, struct str rest, struct error *err)
{
	char c = rest.at[0];
	if (c == ':' || c == '@')
		return error_set(err, ERROR_CONFIG,
				 "names: %.*s has a '%c' in it: these are names of repositories, "
				 "and tags stay as they are",
				 QUOTE_MAX, names, c);
	if (str_starts(rest, "{tag}") || str_starts(rest, "{digest}"))
		return error_set(err, ERROR_CONFIG,
				 "names: %.*s has a {%s} in it, but all tags of a repository go to "
				 "one, where they stay as they are: leave it out",
				 QUOTE_MAX, names, rest.at[1] == 't' ? "tag" : "digest");
	if (c == '{' || c == '}')
		return error_set(err, ERROR_CONFIG,
				 "names: %.*s has a %c that begins none of " NAMING_HOLES,
				 QUOTE_MAX, names, c);
	return true;
}

/* Fits a template to a repository that could be any. */
static bool try_sample(const char *names, struct error *err)
{
	static const struct naming sample = {"a.test", {"team/app", 8}, {"app", 3}};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf name = {0};
	struct reference ref;
	buf_add_string(&name, "a.test/");
	naming_add(names, &sample, &name);
	if (!arena || !buf_ok(&name))
		return error_memory(err);
	if (reference_parse(arena, buf_str(&name), &ref, err) || err->kind != ERROR_CONFIG)
		return err->kind != ERROR_MEMORY;
	const char *why = strstr(err->text, "\": ");
	const char *copy = arena_string(arena, why ? why + strlen("\": ") : err->text);
	return copy ? error_set(err, ERROR_CONFIG, "names: %.*s makes names that none can be: %s",
				QUOTE_MAX, names, copy)
		    : error_memory(err);
}

bool naming_check(const char *names, struct error *err)
{
	bool apart = false;
	if (is_form(names))
		return true;
	for (struct str rest = str_of(names); rest.len;) {
		const char *hole = hole_at(rest);
		if (!hole && !check_rest(names, rest, err))
			return false;
		apart |= hole && tells_apart(hole);
		rest = str_from(rest, hole ? strlen(hole) : 1);
	}
	if (!apart)
		return error_set(err, ERROR_CONFIG,
				 "names: expected keep, full, flatten or a text with {name} or "
				 "{path} in it, found %.*s",
				 QUOTE_MAX, names);
	return try_sample(names, err);
}

static void add_flat(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(out, text.at[i] == '/' || text.at[i] == ':' ? '_' : text.at[i]);
}

/* A host in the middle of a name cannot have a port. */
static void add_host(const char *host, struct buf *out)
{
	for (; *host; host++)
		buf_add_char(out, *host == ':' ? '_' : *host);
}

static void fill_hole(const struct naming *naming, const char *hole, struct buf *out)
{
	struct str path = naming->path;
	size_t slash = path.len;
	while (slash && path.at[slash - 1] != '/')
		slash--;
	if (strcmp(hole, "{host}") == 0)
		add_host(naming->host, out);
	else if (strcmp(hole, "{path}") == 0)
		buf_add_str(out, path);
	else if (strcmp(hole, "{flat}") == 0)
		add_flat(path, out);
	else if (strcmp(hole, "{name}") == 0)
		buf_add_str(out, str_from(path, slash));
	else
		buf_add_str(out, str_head(path, slash ? slash - 1 : 0));
}

void naming_fill(const char *text, const struct naming *naming, struct buf *out)
{
	for (struct str rest = str_of(text); rest.len;) {
		const char *hole = hole_at(rest);
		if (hole)
			fill_hole(naming, hole, out);
		else
			buf_add_char(out, rest.at[0]);
		rest = str_from(rest, hole ? strlen(hole) : 1);
	}
}

void naming_add(const char *names, const struct naming *naming, struct buf *out)
{
	if (!names || strcmp(names, "keep") == 0) {
		buf_add_str(out, naming->below);
	} else if (strcmp(names, "full") == 0) {
		add_host(naming->host, out);
		buf_add_char(out, '/');
		buf_add_str(out, naming->path);
	} else if (strcmp(names, "flatten") == 0) {
		add_flat(str_of(naming->host), out);
		buf_add_char(out, '_');
		add_flat(naming->path, out);
	} else {
		naming_fill(names, naming, out);
	}
}
