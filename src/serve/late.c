/* A record of one lives in the arena of its request. */
#include "serve/late.h"

#include "base/arena.h"

struct late {
	struct listener_request *request;
	struct listener_answer answer;
	int64_t due_ms;
	struct late *next;
};

bool late_keep(struct late_list *list, struct listener_request *request,
	       const struct listener_answer *answer, int64_t due_ms)
{
	struct late *late = arena_new_of(listener_arena(request), struct late);
	if (!late)
		return false;
	*late = (struct late){request, *answer, due_ms, NULL};
	pthread_mutex_lock(&list->lock);
	bool kept = !list->closed && list->count < LATE_MAX;
	if (kept) {
		late->next = list->first;
		list->first = late;
		list->count++;
	}
	pthread_mutex_unlock(&list->lock);
	return kept;
}

/* Takes out those that are due, as a list. Sets *left to the time that the next one has. */
static struct late *take(struct late_list *list, int64_t now_ms, int64_t *left)
{
	struct late *due = NULL, **at = &list->first;
	pthread_mutex_lock(&list->lock);
	while (*at) {
		struct late *late = *at;
		if (late->due_ms > now_ms) {
			*left = late->due_ms - now_ms < *left ? late->due_ms - now_ms : *left;
			at = &late->next;
			continue;
		}
		*at = late->next;
		list->count--;
		late->next = due;
		due = late;
	}
	pthread_mutex_unlock(&list->lock);
	return due;
}

int64_t late_answer(struct late_list *list, int64_t now_ms)
{
	int64_t left = INT64_MAX;
	struct late *late = take(list, now_ms, &left);
	while (late) {
		/* With the answer its memory goes. */
		struct late *next = late->next;
		const struct listener_answer answer = late->answer;
		listener_answer(late->request, &answer);
		late = next;
	}
	return left;
}

void late_close(struct late_list *list)
{
	pthread_mutex_lock(&list->lock);
	list->closed = true;
	pthread_mutex_unlock(&list->lock);
	late_answer(list, INT64_MAX);
}
