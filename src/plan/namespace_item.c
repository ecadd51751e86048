/* What a text is shows in its signs: slashes around a pattern, stars in a glob. */
#include "plan/namespace_item.h"

#include "oci/reference.h"
#include "plan/glob.h"

/* True when text is a /pattern/. */
static bool is_pattern(struct str text)
{
	return text.len > 1 && text.at[0] == '/' && text.at[text.len - 1] == '/';
}

/* A plain name is that of a repository below the namespace, and a glob has two signs only. */
static bool check(struct arena *arena, struct str text, struct error *err)
{
	struct reference name;
	if (glob_is(text) && glob_has_others(text))
		return error_set(err, ERROR_CONFIG,
				 "such a pattern knows only *, ** and ?: write a /pattern/");
	if (glob_is(text))
		return true;
	const char *full = arena_printf(arena, "a.test/%.*s", STR_ARGS(text));
	if (!full)
		return error_memory(err);
	if (!reference_parse(arena, str_of(full), &name, err))
		return error_set(err, ERROR_CONFIG, "this is no path of a repository");
	return (!name.tag && !name.digest) ||
	       error_set(err, ERROR_CONFIG,
			 "tags stand behind the namespace, as in quay.io/coreos/*:v1, or in tags");
}

static bool parse(struct arena *arena, struct namespace_item *out, struct error *err)
{
	struct str name = out->name;
	if (is_pattern(name))
		return pattern_parse(arena, str_head(str_from(name, 1), name.len - 2),
				     &out->pattern, err);
	return check(arena, name, err) &&
	       (!glob_is(name) || glob_parse(arena, name, &out->pattern, err));
}

bool namespace_item_parse(struct arena *arena, const char *text, struct namespace_item *out,
			  struct error *err)
{
	*out = (struct namespace_item){.name = str_of(text)};
	return parse(arena, out, err) || error_wrap(err, "\"%.100s\"", text);
}

bool namespace_item_find(const struct namespace_item *items, size_t count, struct str below,
			 bool *found, struct error *err)
{
	*found = false;
	for (size_t i = 0; i < count && !*found; i++) {
		const struct namespace_item *item = &items[i];
		if (!item->pattern)
			*found = str_equal(item->name, below);
		else if (!pattern_match(item->pattern, below, found, err))
			return false;
	}
	return true;
}
