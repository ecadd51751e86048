/*
 * A list may have many more tags than a run is about, so it is asked for where it saves enough
 * questions, and given up where it takes too many requests itself. Rules that are written out one
 * by one are as good as one rule for the same images: they are counted by repository.
 */
#include "cmd/learning.h"

#include "base/cancel.h"
#include "base/map.h"
#include "cmd/lanes.h"
#include "discover/discover.h"
#include "registry/tags.h"

/*
 * From this number of images of one repository on, a list of its tags is worth while, if it
 * includes digests.
 */
enum { LEARN_MIN = 10, DATED_PAGES = 10 };

/* A list of digests may take so many requests to save that many. */
static size_t worth(size_t images)
{
	return images / 2;
}

/* listed: its tags were listed already, which may have told their digests. */
static void learn_source(struct run *run, const struct reference *name, bool listed,
			 size_t requests)
{
	struct repository from;
	struct error ignored;
	if (!registry_open(run->registry, name, false, &from, &ignored))
		return;
	if (!listed)
		tags_learn(&from);
	discover_tags(&from, requests);
}

/*
 * What kind of registry a destination is shows in its answer about the first of the images, if its
 * name does not say.
 */
static void learn_destination(struct run *run, const struct reference *first, size_t images)
{
	struct repository to;
	struct error ignored;
	if (!registry_open(run->registry, first, true, &to, &ignored))
		return;
	tags_learn(&to);
	if (!known_complete(&to) && !discover_kind(first->host))
		tags_ask(&to, first->tag);
	discover_tags(&to, worth(images));
}

/*
 * Whether an image is old enough is known from a list, if it has dates. So one is asked for even
 * for a few images then, as long as it has no more than DATED_PAGES pages.
 */
void learning_rule(struct run *run, const struct expansion *expansion)
{
	const struct plan_rule *rule = expansion->rule;
	bool many = expansion->count >= LEARN_MIN;
	bool dated = expansion->count && rule_terms(rule->rule)->min_age > 0;
	size_t requests = worth(expansion->count);
	if (dated && requests < DATED_PAGES)
		requests = DATED_PAGES;
	if (many || dated)
		learn_source(run, rule->source.name, !rule->source.count, requests);
	if (many)
		learn_destination(run, &expansion->tasks[0].destination, expansion->count);
}

/* --- rules that name one image --------------------------------------------------------------- */

/* A repository of such rules. */
struct crowd {
	struct reference first; /* of its images, as they are written */
	size_t images;
	bool target;
};

struct crowding {
	struct run *run;
	struct arena *arena;
	struct map sources, destinations; /* addresses of host and repository -> struct crowd */
	const struct crowd **large;
	size_t large_count;
};

static void crowding_finish(struct crowding *crowding)
{
	map_finish(&crowding->sources);
	map_finish(&crowding->destinations);
	arena_free(&crowding->arena);
}

/* Rules share the texts of their repositories, so that addresses tell these apart. */
static bool count_image(struct crowding *crowding, const struct reference *image, bool target)
{
	struct map *map = target ? &crowding->destinations : &crowding->sources;
	const char *const key[] = {image->host, image->repository};
	const struct str text = {(const char *)key, sizeof(key)};
	struct crowd *crowd = map_get(map, text);
	if (!crowd) {
		crowd = arena_new_of(crowding->arena, struct crowd);
		if (!crowd || !map_put(map, text, crowd))
			return false;
		*crowd = (struct crowd){.first = *image, .target = target};
	}
	crowd->images++;
	return true;
}

/* A source with several destinations has several tasks, one after the other, with one text. */
static bool count_all(struct crowding *crowding)
{
	const struct run *run = crowding->run;
	const char *before = NULL;
	for (size_t i = 0; i < run->lone_count; i++) {
		const struct task *task = &run->lone[i];
		bool same = task->source.tag == before;
		before = task->source.tag;
		if (before && !same && !count_image(crowding, &task->source, false))
			return false;
		if (task->destination.tag && !count_image(crowding, &task->destination, true))
			return false;
	}
	return true;
}

static void take_large(struct crowding *crowding, const struct map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct crowd *crowd = map->entries[i].value;
		if (crowd->images >= LEARN_MIN)
			crowding->large[crowding->large_count++] = crowd;
	}
}

static void needs_of(void *ctx, size_t number, struct lanes_need *need)
{
	const struct crowding *crowding = ctx;
	need->hosts[0] = crowding->large[number]->first.host;
}

static void learn_crowd(void *ctx, size_t number)
{
	const struct crowding *crowding = ctx;
	const struct crowd *crowd = crowding->large[number];
	if (cancel_closing())
		return;
	if (crowd->target)
		learn_destination(crowding->run, &crowd->first, crowd->images);
	else
		learn_source(crowding->run, &crowd->first, false, worth(crowd->images));
}

bool learning_lone(struct run *run)
{
	scoped(crowding_finish) struct crowding crowding = {.run = run, .arena = arena_new()};
	size_t lane_count = 0;
	if (!crowding.arena || !count_all(&crowding))
		return false;
	size_t most = crowding.sources.count + crowding.destinations.count;
	crowding.large = arena_array(crowding.arena, most + 1, sizeof(const struct crowd *));
	size_t *numbers = arena_array(crowding.arena, most + 1, sizeof(*numbers));
	if (!crowding.large || !numbers)
		return false;
	take_large(&crowding, &crowding.sources);
	take_large(&crowding, &crowding.destinations);
	for (size_t i = 0; i < crowding.large_count; i++)
		numbers[i] = i;
	const struct pool_lane *lanes = lanes_build(crowding.arena, numbers, crowding.large_count,
						    needs_of, &crowding, &lane_count);
	return lanes && pool_lanes(run->session->pool, lanes, lane_count, learn_crowd, &crowding);
}
