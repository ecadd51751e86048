/*
 * The texts are parsed once to find mistakes, and again for each image that they may be about:
 * those are few, since an image that is in sync is not asked about.
 */
#include "plan/picks.h"

#include "config/rules/cooldown.h"
#include "plan/list.h"

#include <string.h>

static bool parse(struct arena *arena, const struct reference *name, struct str text,
		  struct item_list *out, struct error *err)
{
	*out = (struct item_list){arena_array(arena, list_most(text), sizeof(*out->items)), 0};
	return out->items ? list_parse(arena, name, text, out, err) : error_memory(err);
}

bool picks_check(struct arena *arena, const struct picks *picks, const char *field,
		 const struct reference *name, struct problems *problems)
{
	for (size_t i = 0; i < picks->count; i++) {
		const struct placed *text = &picks->items[i];
		struct item_list list;
		struct error err;
		if (parse(arena, name, str_of(text->text), &list, &err))
			continue;
		if (err.kind == ERROR_MEMORY)
			return false;
		problem_add(problems, text->place, "%s%s: %s", picks->option ? "--" : "", field,
			    err.text);
	}
	return true;
}

static bool find(const struct item_list *list, const struct reference *source, const char *digest,
		 bool *named, struct error *err)
{
	for (size_t i = 0; i < list->count && !*named; i++) {
		const struct plan_item *item = &list->items[i];
		if (item->pattern && source->tag) {
			if (!pattern_match(item->pattern, str_of(source->tag), named, err))
				return false;
		} else if (!item->pattern) {
			bool tag =
				!item->tag || (source->tag && strcmp(item->tag, source->tag) == 0);
			*named = tag && (!item->digest || strcmp(item->digest, digest) == 0);
		}
	}
	return true;
}

bool picks_name(const struct picks *picks, const struct reference *source, const char *digest,
		bool *named, struct error *err)
{
	scoped(arena_free) struct arena *arena = picks ? arena_new() : NULL;
	*named = false;
	if (picks && !arena)
		return error_memory(err);
	for (; picks; picks = picks->beside)
		for (size_t i = 0; i < picks->count && !*named; i++) {
			struct item_list list;
			if (!parse(arena, source, str_of(picks->items[i].text), &list, err) ||
			    !find(&list, source, digest, named, err))
				return false;
		}
	return true;
}
