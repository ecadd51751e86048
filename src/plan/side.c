/*
 * The repository and its first tag or digest are parsed as one reference, so that a plain name is
 * judged as everywhere else. Only a pattern in first place is cut off before: ":/" begins it, which
 * no port and no tag can.
 */
#include "plan/side.h"

#include "oci/layout_name.h"
#include "oci/transport.h"
#include "plan/list.h"

enum { QUOTE_MAX = 300 };

static bool refuse(struct str text, const char *why, struct error *err)
{
	return error_set(err, ERROR_CONFIG, "\"%.*s\": %s", STR_ARGS(str_head(text, QUOTE_MAX)),
			 why);
}

/* "scheme://something": not the empty pattern, which nothing or a comma follows. */
static bool has_scheme(struct str text)
{
	size_t slash = str_find(text, '/');
	struct str behind = str_from(text, slash);
	return slash && text.at[slash - 1] == ':' && str_starts(behind, "//") && behind.len > 2 &&
	       behind.at[2] != ',';
}

/*
 * Where the ':' in front of a leading pattern stands, else the first ',', else the end. The ":/" of
 * a folder's scheme begins no pattern, nor does that of a drive, which is a mistake: oci:C:/x.
 */
static size_t first_end(struct str text)
{
	size_t comma = str_find(text, ',');
	size_t scheme = layout_name_scheme(text);
	for (size_t i = scheme ? scheme + 2 : 0; i + 1 < comma && (scheme || !has_scheme(text));
	     i++)
		if (text.at[i] == ':' && text.at[i + 1] == '/')
			return i;
	return comma;
}

bool side_is_plain(struct str text)
{
	return first_end(text) == text.len;
}

bool side_parse(struct arena *arena, struct str text, struct plan_side *out, struct error *err)
{
	struct reference first;
	struct reference *name = arena_new_of(arena, struct reference);
	size_t end = first_end(text);
	bool list = end < text.len;
	bool pattern = list && text.at[end] == ':';
	struct item_list items = {
		.items = arena_array(arena, list_most(text) + 1, sizeof(*items.items))};
	*out = (struct plan_side){.name = name};
	if (!name || !items.items)
		return error_memory(err);
	if (!transport_check(text, err))
		return error_wrap(err, "\"%.*s\"", STR_ARGS(str_head(text, QUOTE_MAX)));
	if (list && !pattern && !end)
		return refuse(text, "empty item: remove the extra ','", err);
	if (!reference_parse(arena, str_head(text, end), &first, err))
		return false;
	bool named = first.tag || first.digest;
	if (pattern && named)
		return refuse(text, "a tag and a pattern are separated by ',', not by ':'", err);
	if (list && !pattern && !named && layout_name_scheme(text))
		return refuse(text,
			      "a ',' separates tags, and the first of them has none before it: no "
			      "folder may have one in its name",
			      err);
	if (list && !pattern && !named)
		return refuse(text, "the first item of the list has no tag", err);
	*name = (struct reference){.host = first.host, .repository = first.repository};
	if (named)
		items.items[items.count++] = (struct plan_item){first.tag, first.digest, NULL};
	if (!list || list_parse(arena, name, str_from(text, end + 1), &items, err)) {
		out->items = items.items;
		out->count = items.count;
		return true;
	}
	if (err->kind == ERROR_CONFIG)
		error_wrap(err, "\"%.*s\"", STR_ARGS(str_head(text, QUOTE_MAX)));
	return false;
}

struct reference side_image(const struct plan_side *side, const struct plan_item *item)
{
	struct reference image = *side->name;
	image.tag = item->tag;
	image.digest = item->digest;
	return image;
}

bool side_has_patterns(const struct plan_side *side)
{
	for (size_t i = 0; i < side->count; i++)
		if (side->items[i].pattern)
			return true;
	return false;
}
