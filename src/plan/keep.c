/*
 * Nothing is stored twice: rules have repositories in common, and the tag or digest of an image is
 * the end of the text that names it.
 */
#include "plan/keep.h"

#include "base/buf.h"

#include <string.h>

void keep_finish(struct keep *keep)
{
	intern_finish(&keep->hosts);
	map_finish(&keep->names);
}

/* A copy of name, the same for equal ones; NULL without memory. */
static const struct reference *keep_name(struct keep *keep, const struct reference *name)
{
	scoped(buf_finish) struct buf key = {0};
	struct arena *arena = keep->hosts.arena;
	reference_print(name, &key);
	struct reference *kept = buf_ok(&key) ? map_get(&keep->names, buf_str(&key)) : NULL;
	if (kept || !buf_ok(&key))
		return kept;
	kept = arena_new_of(arena, struct reference);
	if (!kept || !map_put(&keep->names, buf_str(&key), kept))
		return NULL;
	kept->host = intern_text(&keep->hosts, name->host);
	kept->repository = arena_string(arena, name->repository);
	return kept->host && kept->repository ? kept : NULL;
}

/* The end of text, if it is the part, else a copy; NULL without memory. */
static const char *keep_part(struct keep *keep, const char *text, const char *part)
{
	struct str whole = str_of(text);
	return str_ends(whole, part) ? whole.at + whole.len - strlen(part)
				     : arena_string(keep->hosts.arena, part);
}

bool keep_side(struct keep *keep, const char *text, const struct plan_side *side,
	       struct plan_side *out)
{
	const struct plan_item *image = side->items;
	struct plan_item *item = NULL;
	*out = (struct plan_side){.name = keep_name(keep, side->name), .count = side->count};
	if (!out->name || !side->count)
		return out->name;
	out->items = item = arena_new_of(keep->hosts.arena, struct plan_item);
	if (!item)
		return false;
	item->tag = image->tag ? keep_part(keep, text, image->tag) : NULL;
	item->digest = image->digest ? keep_part(keep, text, image->digest) : NULL;
	return !image->tag == !item->tag && !image->digest == !item->digest;
}
