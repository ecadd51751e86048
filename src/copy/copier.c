/* Makes and frees the objects that all images of a run share; image.c has the steps of each. */
#include "copy/copier.h"

#include "copy/image.h"

struct copier *copier_new(const struct copier_options *options)
{
	struct arena *arena = arena_new();
	struct copier *copier = arena ? arena_new_of(arena, struct copier) : NULL;
	if (!copier) {
		arena_free(&arena);
		return NULL;
	}
	copier->arena = arena;
	copier->options = *options;
	copier->slots = slots_new(options->blobs_in_flight);
	copier->inflight = inflight_new();
	copier->locations = locations_new();
	copier->hits = hits_new();
	copier->sites = sites_new();
	copier->sources = sources_new();
	copier->fanout = fanout_new();
	copier->quotas = quotas_new();
	copier->tagging = tagging_new();
	hashing_hashers_init(&copier->hashers);
	if (!copier->slots || !copier->inflight || !copier->locations || !copier->hits ||
	    !copier->sites || !copier->sources || !copier->fanout || !copier->quotas ||
	    !copier->tagging)
		copier_free(&copier);
	return copier;
}

void copier_free(struct copier **copier)
{
	if (!*copier)
		return;
	struct arena *arena = (*copier)->arena;
	inflight_free(&(*copier)->inflight);
	locations_free(&(*copier)->locations);
	hits_free(&(*copier)->hits);
	slots_free(&(*copier)->slots);
	sites_free(&(*copier)->sites);
	sources_free(&(*copier)->sources);
	fanout_free(&(*copier)->fanout);
	quotas_free(&(*copier)->quotas);
	tagging_free(&(*copier)->tagging);
	*copier = NULL;
	arena_free(&arena);
}

bool copier_expect(struct copier *copier, const struct task *const *tasks, const size_t *numbers,
		   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct task *task = tasks[numbers[i]];
		if (!slots_expect(copier->slots, task->source.host, task->destination.host, 1))
			return false;
	}
	return sources_expect(copier->sources, tasks, numbers, count);
}

size_t copier_group(struct copier *copier, const struct task *task)
{
	return sources_number(copier->sources, task);
}

void copier_run(struct copier *copier, struct arena *arena, const struct task *task,
		struct outcome *outcome)
{
	image_run(copier, arena, task, outcome);
}

bool copier_unmatched(struct copier *copier, struct arena *arena, const char *const **patterns,
		      size_t *count)
{
	return hits_missed(copier->hits, arena, patterns, count);
}
