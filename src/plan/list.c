/*
 * Every tag and digest is attached to the repository and parsed as a whole reference, so an item is
 * checked, and complained about, by the same code as a name written out.
 */
#include "plan/list.h"

enum { QUOTE_MAX = 300 };

static bool refuse(struct str text, const char *why, struct error *err)
{
	return error_set(err, ERROR_CONFIG, "\"%.*s\": %s", STR_ARGS(str_head(text, QUOTE_MAX)),
			 why);
}

size_t list_most(struct str text)
{
	size_t count = 1;
	for (size_t i = 0; i < text.len; i++)
		count += text.at[i] == ',';
	return count;
}

/* The number of bytes of the pattern that text begins with, both slashes included; 0: no end. */
static size_t pattern_length(struct str text)
{
	bool escaped = false;
	for (size_t i = 1; i < text.len; i++) {
		bool last = i + 1 == text.len || text.at[i + 1] == ',';
		if (text.at[i] == '/' && last && !escaped)
			return i + 1;
		escaped = text.at[i] == '\\' && !escaped;
	}
	return 0;
}

static bool parse_pattern(struct arena *arena, struct str item, const struct pattern **out,
			  struct error *err)
{
	struct str inside = str_from(str_head(item, item.len - 1), 1);
	return pattern_parse(arena, inside, out, err);
}

/* A tag, a digest, or a tag with a digest. */
static bool parse_reference(struct arena *arena, const struct reference *name, struct str item,
			    struct plan_item *out, struct error *err)
{
	struct reference image;
	bool bare_digest = str_find(item, ':') < item.len && str_find(item, '@') == item.len;
	if (str_find(item, '*') < item.len)
		return refuse(item,
			      "a pattern of tags is a regular expression between slashes, as in "
			      "/^v1\\./",
			      err);
	if (str_find(item, '/') < item.len)
		return refuse(item, "a list names tags or digests of one repository only", err);
	const char *text = arena_printf(arena, "%s/%s%c%.*s", name->host, name->repository,
					bare_digest ? '@' : ':', STR_ARGS(item));
	if (!text)
		return error_memory(err);
	if (!reference_parse(arena, str_of(text), &image, err))
		return false;
	*out = (struct plan_item){image.tag, image.digest, NULL};
	return true;
}

bool list_parse(struct arena *arena, const struct reference *name, struct str text,
		struct item_list *list, struct error *err)
{
	for (bool more = true; more;) {
		bool pattern = str_starts(text, "/");
		size_t len = pattern ? pattern_length(text) : str_find(text, ',');
		struct str item = str_head(text, len);
		struct plan_item *out = &list->items[list->count];
		*out = (struct plan_item){0};
		if (pattern && !len)
			return refuse(text, "a tag pattern must start and end with \"/\"", err);
		if (!item.len)
			return error_set(err, ERROR_CONFIG, "empty item: remove the extra ','");
		if (pattern ? !parse_pattern(arena, item, &out->pattern, err)
			    : !parse_reference(arena, name, item, out, err))
			return false;
		list->count++;
		more = len < text.len;
		text = str_from(text, len + 1);
	}
	return true;
}
