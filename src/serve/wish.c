/*
 * A request waits without a thread: the queue calls back when it has written what was wished, and
 * then it is answered.
 */
#include "serve/wish.h"

#include "base/log.h"

#include <stdio.h>

void wish_answer(const struct wish *wish, unsigned status)
{
	char body[96];
	if (wish->old)
		snprintf(body, sizeof(body), "queued: %zu\n", wish->count);
	else
		snprintf(body, sizeof(body), "{\"queued\": %zu, \"ignored\": %zu}\n", wish->count,
			 wish->ignored + wish->others);
	asking_answer(&wish->asking, status, wish->old ? asking_text : asking_json, str_of(body));
}

static void log_wish(const struct wish *wish)
{
	for (size_t i = 0; i < wish->count; i++) {
		const struct queue_item *item = &wish->items[i];
		log_info("%s: %s:%s is queued%s%s", wish->asking.path, item->source, item->tag,
			 *item->destination ? " for " : "", item->destination);
	}
}

static void written(void *ctx, bool ok)
{
	struct wish *wish = ctx;
	struct hooks *hooks = wish->asking.hooks;
	asking_count(hooks, ok ? ASKING_QUEUED : ASKING_UNSAVED, wish->count);
	if (ok) {
		log_wish(wish);
		wish_answer(wish, wish->old ? 200 : 202);
	} else
		asking_answer_later(&wish->asking,
				    "the record of what is pending cannot be written");
}

bool wish_queue(struct wish *wish)
{
	struct hooks *hooks = wish->asking.hooks;
	asking_count(hooks, ASKING_IGNORED, wish->ignored);
	asking_count(hooks, ASKING_OTHERS, wish->others);
	if (!wish->count)
		return false;
	/* It may be answered, and gone, before this returns. */
	size_t items = wish->count;
	const struct asking asking = wish->asking;
	switch (queue_add(hooks->options.queue, wish->items, wish->count, written, wish)) {
	case QUEUE_TAKEN:
		break;
	case QUEUE_INVALID:
		asking_count(hooks, ASKING_REFUSED, 1);
		asking_answer_error(&asking, 400, "it is no name that the record can hold");
		break;
	case QUEUE_FULL:
		asking_count(hooks, ASKING_FULL, items);
		asking_answer_later(&asking, "the queue is full");
		break;
	case QUEUE_CLOSED:
		asking_count(hooks, ASKING_UNSAVED, items);
		asking_answer_later(&asking, "the server stops, or is out of memory");
		break;
	}
	return true;
}

static bool add_item(struct wish *wish, const struct hook_image *image, const char *destination)
{
	struct arena *arena = asking_arena(&wish->asking);
	if (wish->count == wish->room) {
		size_t room = wish->room ? wish->room * 2 : 4;
		struct queue_item *more = arena_array(arena, room, sizeof(*more));
		if (!more)
			return false;
		for (size_t i = 0; i < wish->count; i++)
			more[i] = wish->items[i];
		wish->items = more;
		wish->room = room;
	}
	const struct queue_item item = {
		arena_printf(arena, "%s/%s", image->host, image->repository), image->tag,
		destination};
	wish->items[wish->count++] = item;
	return item.source != NULL;
}

bool wish_add(struct wish *wish, const struct hook_image *image, struct error *err)
{
	const struct narrow_image named = {image->host, image->repository, image->tag, ""};
	struct arena *arena = asking_arena(&wish->asking);
	const char *const *destinations;
	size_t found;
	if (!narrow_destinations(wish->asking.rules->narrow, &named, arena, &destinations, &found,
				 err))
		return false;
	*(found ? &wish->images : &wish->ignored) += 1;
	if (!found)
		log_info("%s: no rule means %s/%s:%s", wish->asking.path, image->host,
			 image->repository, image->tag);
	for (size_t i = 0; i < found; i++) {
		/* Rules may be replaced before the queue has copied the text. */
		const char *destination = arena_string(arena, destinations[i]);
		if (!destination || !add_item(wish, image, destination))
			return error_memory(err);
	}
	return true;
}
