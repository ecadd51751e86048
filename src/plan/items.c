/*
 * Both sides are the same work: a list of items is laid over a list of candidates, the tags that
 * the registry lists for a source, the images of the source for a destination.
 */
#include "plan/items.h"

#include "base/map.h"
#include "plan/side.h"

#include <stdarg.h>
#include <stdio.h>

struct picking {
	const struct plan_side *side;
	const struct images *candidates;
	struct images *out;
	const struct expanding *expanding; /* NULL: a pattern may find nothing without a warning */
	struct map named;                  /* tags of side that are no patterns */
	bool *taken;                       /* for each candidate: found by an earlier pattern */
};

static void picking_finish(struct picking *picking)
{
	map_finish(&picking->named);
}

struct str items_word(const struct reference *image)
{
	return str_of(image->tag ? image->tag : image->digest);
}

/* The image that a destination gets when it repeats the source. */
static struct reference repeated(const struct plan_side *side, const struct reference *image)
{
	struct reference ref = *side->name;
	ref.tag = image->tag;
	ref.digest = image->tag ? NULL : image->digest;
	return ref;
}

static bool find_named(struct picking *picking, struct error *err)
{
	for (size_t i = 0; i < picking->side->count; i++) {
		const char *tag = picking->side->items[i].tag;
		if (tag && !map_put(&picking->named, str_of(tag), picking))
			return error_memory(err);
	}
	return true;
}

/* Adds what one pattern finds. *hits counts all it finds, whoever named it before. */
static bool pick_matches(struct picking *picking, const struct pattern *pattern, size_t *hits,
			 struct error *err)
{
	const struct images *candidates = picking->candidates;
	*hits = 0;
	for (size_t i = 0; i < candidates->count; i++) {
		struct str word = items_word(&candidates->items[i]);
		bool matched;
		if (!pattern_match(pattern, word, &matched, err))
			return false;
		*hits += matched;
		if (!matched || picking->taken[i] || map_get(&picking->named, word))
			continue;
		picking->taken[i] = true;
		picking->out->items[picking->out->count++] =
			repeated(picking->side, &candidates->items[i]);
	}
	return true;
}

bool items_nothing(const struct expanding *expanding, struct error *err, const char *format, ...)
{
	const struct rule *rule = expanding->rule->rule;
	char text[ERROR_TEXT_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (rule->selection && rule->selection->required && !expanding->partial)
		return error_set(err, ERROR_MISSING, "%s (the rule has required: true)", text);
	problem_warn(expanding->warnings, rule->source_place, "%s", text);
	return true;
}

/* Lays side over candidates. */
static bool pick(struct arena *arena, struct picking *picking, struct error *err)
{
	const struct plan_side *side = picking->side;
	const struct expanding *expanding = picking->expanding;
	size_t candidates = picking->candidates->count;
	struct images *out = picking->out;
	picking->taken = arena_array(arena, candidates + 1, sizeof(*picking->taken));
	out->count = 0;
	out->items = arena_array(arena, side->count + candidates, sizeof(*out->items));
	if (!picking->taken || !out->items)
		return error_memory(err);
	if (!find_named(picking, err))
		return false;
	for (size_t i = 0; i < side->count; i++) {
		const struct plan_item *item = &side->items[i];
		const struct pattern *pattern = item->pattern;
		size_t hits;
		if (!pattern) {
			out->items[out->count++] = side_image(side, item);
			continue;
		}
		if (!pick_matches(picking, pattern, &hits, err))
			return false;
		if (!hits && expanding &&
		    !items_nothing(expanding, err,
				   "pattern /%.200s/ finds none of the %zu tags of %s/%s",
				   pattern_text(pattern), candidates, side->name->host,
				   side->name->repository))
			return false;
	}
	return true;
}

/* Turns a tag list from a registry into images. It is not to be trusted: tags end up in URLs. */
static bool list_images(struct arena *arena, const struct reference *name,
			const struct catalog *catalog, struct images *out, struct error *err)
{
	const char *const *tags = NULL;
	if (!catalog->tags(catalog->ctx, arena, name, &tags, &out->count, err))
		return false;
	out->items = arena_array(arena, out->count, sizeof(*out->items));
	if (!out->items)
		return error_memory(err);
	for (size_t i = 0; i < out->count; i++) {
		out->items[i] = *name;
		out->items[i].tag = tags[i];
		if (!reference_tag_valid(str_of(tags[i])))
			return error_set(err, ERROR_CORRUPT,
					 "%s/%s: the registry lists an invalid tag: %.200s",
					 name->host, name->repository, tags[i]);
	}
	return true;
}

bool items_source(struct arena *arena, const struct expanding *expanding, struct images *out,
		  struct error *err)
{
	const struct plan_side *side = &expanding->rule->source;
	struct images listed = {0};
	scoped(picking_finish) struct picking picking = {
		.side = side, .candidates = &listed, .out = out, .expanding = expanding};
	bool all = side->count == 0;
	if ((all || side_has_patterns(side)) &&
	    !list_images(arena, side->name, expanding->catalog, &listed, err))
		return false;
	if (!all)
		return pick(arena, &picking, err);
	*out = listed;
	return out->count || items_nothing(expanding, err, "%s/%s has no tags: nothing to copy",
					   side->name->host, side->name->repository);
}

bool items_destination(struct arena *arena, const struct plan_side *side,
		       const struct images *sources, struct images *out, struct error *err)
{
	scoped(picking_finish) struct picking picking = {
		.side = side, .candidates = sources, .out = out};
	if (side->count) {
		if (!pick(arena, &picking, err))
			return false;
	} else {
		out->count = sources->count;
		out->items = arena_array(arena, out->count, sizeof(*out->items));
		if (!out->items)
			return error_memory(err);
		for (size_t i = 0; i < out->count; i++)
			out->items[i] = repeated(side, &sources->items[i]);
	}
	if (out->count == sources->count)
		return true;
	return error_set(err, ERROR_CONFIG,
			 "the number of tags of source and destination is not matched: %zu and %zu",
			 sources->count, out->count);
}
