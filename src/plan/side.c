/*
 * Every item of a list is attached to the repository and parsed as a whole reference, so an item is
 * checked, and complained about, by the same code as a name written out.
 */
#include "plan/side.h"

enum { QUOTE_MAX = 300 };

static bool refuse(struct str text, const char *why, struct error *err)
{
	return error_set(err, ERROR_CONFIG, "\"%.*s\": %s", STR_ARGS(str_head(text, QUOTE_MAX)),
			 why);
}

/* ":/" starts a pattern, unless it belongs to "scheme://something". */
static bool has_pattern(struct str text)
{
	size_t slash = str_find(text, '/');
	struct str behind = str_from(text, slash);
	bool scheme =
		slash && text.at[slash - 1] == ':' && str_starts(behind, "//") && behind.len > 2;
	for (size_t i = scheme ? slash + 2 : 0; i + 1 < text.len; i++)
		if (text.at[i] == ':' && text.at[i + 1] == '/')
			return !scheme;
	return false;
}

static size_t count_parts(struct str text)
{
	struct str part;
	size_t count = 0;
	while (str_cut(&text, ',', &part))
		count++;
	return count;
}

/* A tag, a digest, or a tag with a digest, of the repository name. */
static bool parse_item(struct arena *arena, const struct reference *name, struct str item,
		       struct reference *out, struct error *err)
{
	bool bare_digest = str_find(item, ':') < item.len && str_find(item, '@') == item.len;
	if (str_find(item, '/') < item.len)
		return refuse(item, "a list names tags or digests of one repository only", err);
	const char *text = arena_printf(arena, "%s/%s%c%.*s", name->host, name->repository,
					bare_digest ? '@' : ':', STR_ARGS(item));
	return text ? reference_parse(arena, str_of(text), out, err) : error_memory(err);
}

bool side_parse(struct arena *arena, struct str text, struct plan_side *out, struct error *err)
{
	struct str rest = text;
	struct str part = {0};
	size_t count = count_parts(text);
	*out = (struct plan_side){0};
	if (has_pattern(text))
		return refuse(text, "tag patterns are not supported by this version yet", err);
	struct reference *items = arena_array(arena, count, sizeof(*items));
	if (!items)
		return error_memory(err);
	for (size_t i = 0; str_cut(&rest, ',', &part); i++) {
		if (count > 1 && !part.len)
			return refuse(text, "empty item: remove the extra ','", err);
		if (i == 0 ? !reference_parse(arena, part, &items[0], err)
			   : !parse_item(arena, &items[0], part, &items[i], err))
			return false;
		if (count > 1 && !items[0].tag && !items[0].digest)
			return refuse(text, "the first item of the list has no tag", err);
	}
	out->name = (struct reference){.host = items[0].host, .repository = items[0].repository};
	out->items = items;
	out->count = items[0].tag || items[0].digest ? count : 0;
	return true;
}
