/*
 * Names are compared as whole texts: by its parts "a/b" would come before "a-b/c", and a list that
 * somebody sorts with other tools would not be cut at the same places.
 */
#include "plan/batch.h"

#include "base/arena.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

struct batch_entry {
	const char *name;
	const struct task *task;
};

struct batch_part batch_part(size_t total, const struct batch *batch)
{
	size_t size = (size_t)batch->size, number = (size_t)batch->number;
	size_t batches = total / size ? total / size : 1;
	struct batch_part part = {.from = total, .to = total, .batches = batches};
	if (number > batches)
		return part;
	part.from = (number - 1) * size;
	if (number < batches)
		part.to = number * size;
	return part;
}

/* Tasks of one source differ in their destinations. */
static int by_name(const void *a, const void *b)
{
	const struct batch_entry *left = a, *right = b;
	int order = strcmp(left->name, right->name);
	if (order)
		return order;
	order = strcmp(left->task->destination.host, right->task->destination.host);
	return order ? order
		     : strcmp(left->task->destination.repository,
			      right->task->destination.repository);
}

bool batch_select(const struct task **tasks, size_t *count, const struct batch *batch,
		  size_t *batches)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct batch_entry *entries =
		arena ? arena_array(arena, *count + 1, sizeof(*entries)) : NULL;
	const struct batch_part part = batch_part(*count, batch);
	if (!entries)
		return false;
	for (size_t i = 0; i < *count; i++) {
		const char *name = reference_string(arena, &tasks[i]->source);
		if (!name)
			return false;
		entries[i] = (struct batch_entry){name, tasks[i]};
	}
	qsort(entries, *count, sizeof(*entries), by_name);
	for (size_t i = part.from; i < part.to; i++)
		tasks[i - part.from] = entries[i].task;
	*count = part.to - part.from;
	*batches = part.batches;
	return true;
}
