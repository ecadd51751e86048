/* Hooks for a queue whose thread runs, and what came of them. */
#pragma once

#include "serve/queue.h"
#include "test_queue_fixture.h"

#include <pthread.h>

/* The answers of some hooks; any thread. */
struct answers {
	pthread_mutex_t lock;
	pthread_cond_t more;
	unsigned written, refused;
};

#define NO_ANSWERS {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0}

static inline void count_answer(void *ctx, bool written)
{
	struct answers *answers = ctx;
	pthread_mutex_lock(&answers->lock);
	answers->written += written;
	answers->refused += !written;
	pthread_cond_broadcast(&answers->more);
	pthread_mutex_unlock(&answers->lock);
}

static inline void await_answers(struct answers *answers, unsigned count)
{
	pthread_mutex_lock(&answers->lock);
	while (answers->written + answers->refused < count)
		pthread_cond_wait(&answers->more, &answers->lock);
	pthread_mutex_unlock(&answers->lock);
}

static inline struct queue *opened_for(size_t most)
{
	struct queue *queue;
	struct error err;
	if (!queue_open(&(struct queue_options){record, most}, &queue, &err))
		fail_msg("%s", err.text);
	return queue;
}

static inline struct queue *started_for(size_t most)
{
	struct queue *queue = opened_for(most);
	struct error err;
	assert_true(queue_start(queue, &err));
	return queue;
}

static inline struct queue *started(void)
{
	return started_for(1000);
}

/* Names "host/ns/img" with a tag; true once it is on disk. */
static inline bool name(struct queue *queue, const char *source, const char *tag, const char *to)
{
	struct answers answers = NO_ANSWERS;
	const struct queue_item item = {source, tag, to};
	assert_int_equal(queue_add(queue, &item, 1, count_answer, &answers), QUEUE_TAKEN);
	await_answers(&answers, 1);
	return answers.written == 1;
}

/* All of the queue as text: "source:tag&destination state attempts", one a line. */
static inline void describe(struct queue *queue, size_t most, struct buf *out)
{
	static const char *const states[] = {"pending", "running", "waiting", "parked", "unrouted"};
	scoped(arena_free) struct arena *arena = arena_new();
	struct queue_entry *list;
	size_t count;
	assert_true(queue_list(queue, most, arena, &list, &count));
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s:%s&%s %s %u\n", list[i].item.source, list[i].item.tag,
			   list[i].item.destination, states[list[i].state], list[i].attempts);
}

static inline void expect_queue(struct queue *queue, const char *expected)
{
	scoped(buf_finish) struct buf text = {0};
	describe(queue, 1000, &text);
	assert_string_equal(buf_string(&text), expected);
}

/* Takes what is due; the ids go to *ids, which has room for `most`. */
static inline size_t take(struct queue *queue, int64_t now, size_t most, uint64_t *ids)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct queue_entry *list;
	size_t count;
	assert_true(queue_take(queue, now, true, most, arena, &list, &count));
	for (size_t i = 0; i < count; i++)
		ids[i] = list[i].id;
	return count;
}
