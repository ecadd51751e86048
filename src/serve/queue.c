/*
 * An entry goes from pending to running, and from there out of the queue, or to one of the states
 * in which it waits. Nothing is taken before it is on disk, so an entry that is taken back has
 * never run.
 *
 * Lists are walked with the lock held. A queue of 100,000 entries takes some milliseconds then,
 * which nobody asks for more than a few times a second.
 */
#include "serve/queue_private.h"

#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/thread.h"
#include "oci/reference.h"

#include <string.h>
#include <sys/random.h>

enum {
	STACK_BYTES = 1024 * 1024,
	WAIT_FIRST_S = 60,
	WAIT_MOST_S = 4 * 60 * 60,
	PERMANENT_MOST = 3, /* failures, then it is parked */
	SHOWN_MOST = 600,   /* bytes of a key that is no name */
};

/* --- opening ------------------------------------------------------------------------------- */

/*
 * The key with the name of its image as hooks have it, with which routes are compared: the fork
 * writes hosts as they came, such as index.docker.io. What names no image stays. False without
 * memory.
 */
static bool usual_key(struct arena *arena, struct str *key)
{
	struct record_key parts;
	struct reference name;
	struct error err;
	if (!record_split(*key, &parts, &err) || !reference_parse(arena, parts.source, &name, &err))
		return err.kind != ERROR_MEMORY;
	const char *usual =
		arena_printf(arena, "%s/%s:%.*s&%.*s", reference_common_host(name.host),
			     name.repository, STR_ARGS(parts.tag), STR_ARGS(parts.destination));
	*key = str_of(usual);
	return usual;
}

/* Adds a key of the record, unless it is there already. False without memory. */
static bool load_key(struct queue *queue, struct arena *arena, struct str key, int64_t now)
{
	struct pending *entry = usual_key(arena, &key) ? entries_new(key, now) : NULL;
	if (!entry)
		return false;
	if (entries_same(&queue->entries, entry)) {
		entries_free(&entry);
		return true;
	}
	queue_state_add(queue, entry);
	entry->handed = true;
	entry->named = ++queue->last_named;
	queue_state_replace(queue, entry);
	return record_append(queue->record, entry->id, entry->line);
}

static void warn_of_odd_keys(const struct queue *queue)
{
	size_t odd = queue->states[QUEUE_UNROUTED];
	const struct pending *entry = queue->entries.first;
	while (entry && entry->valid)
		entry = entries_next(entry);
	if (entry)
		log_warn("keys in the record of pending images that are not the name of an image "
			 "and its destination: %zu; they are kept, not synced; the first is "
			 "\"%.*s\"",
			 odd, STR_ARGS(str_head(str_of(entry->text), SHOWN_MOST)));
}

static bool load(struct queue *queue, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str *keys = NULL;
	size_t count;
	int64_t now = clock_unix();
	if (!arena)
		return error_memory(err);
	if (!record_read(queue->record, arena, &keys, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!load_key(queue, arena, keys[i], now))
			return error_memory(err);
	warn_of_odd_keys(queue);
	return true;
}

static void finish(struct queue **queue)
{
	struct arena *arena = (*queue)->arena;
	queue_writer_finish(*queue);
	record_close(&(*queue)->record);
	entries_finish(&(*queue)->entries);
	pthread_mutex_destroy(&(*queue)->lock);
	pthread_cond_destroy(&(*queue)->wake);
	arena_free(&arena);
	*queue = NULL;
}

static struct queue *make(const struct queue_options *options)
{
	struct arena *arena = arena_new();
	struct queue *queue = arena ? arena_new_of(arena, struct queue) : NULL;
	if (!queue || !entries_init(&queue->entries)) {
		arena_free(&arena);
		return NULL;
	}
	queue->arena = arena;
	queue->most = options->most;
	queue->hooks_end = &queue->hooks;
	queue->added_end = &queue->added;
	queue->to_append_end = &queue->to_append;
	pthread_mutex_init(&queue->lock, NULL);
	cond_init(&queue->wake);
	return queue;
}

bool queue_open(const struct queue_options *options, struct queue **out, struct error *err)
{
	struct queue *queue = make(options);
	*out = NULL;
	if (!queue)
		return error_memory(err);
	if (!record_open(options->path, &queue->record, err) || !load(queue, err)) {
		finish(&queue);
		return false;
	}
	*out = queue;
	return true;
}

static void *write_record(void *queue)
{
	queue_writer_run(queue);
	return NULL;
}

bool queue_start(struct queue *queue, struct error *err)
{
	/* The first save shows whether the record can be written. */
	pthread_mutex_lock(&queue->lock);
	queue_state_change(queue);
	queue->save_at = clock_ms();
	pthread_mutex_unlock(&queue->lock);
	queue->started = thread_start(&queue->thread, STACK_BYTES, write_record, queue);
	return queue->started || error_memory(err);
}

void queue_watch(struct queue *queue, void (*changed)(void *ctx), void *ctx)
{
	queue->changed = changed;
	queue->changed_ctx = ctx;
}

void queue_free(struct queue **queue)
{
	if (!*queue)
		return;
	pthread_mutex_lock(&(*queue)->lock);
	(*queue)->closing = true;
	pthread_cond_signal(&(*queue)->wake);
	pthread_mutex_unlock(&(*queue)->lock);
	if ((*queue)->started)
		pthread_join((*queue)->thread, NULL);
	else
		queue_writer_run(*queue);
	finish(queue);
}

enum queue_answer queue_add(struct queue *queue, const struct queue_item *items, size_t count,
			    void (*done)(void *ctx, bool written), void *ctx)
{
	return queue_hook_add(queue, items, count, done, ctx);
}

static void call_watcher(const struct queue *queue, bool due)
{
	if (due && queue->changed)
		queue->changed(queue->changed_ctx);
}

/* --- taking and settling ------------------------------------------------------------------- */

static bool copy_text(struct arena *arena, struct str text, const char **out)
{
	*out = arena_copy(arena, text.at, text.len);
	return *out;
}

static bool copy(struct arena *arena, const struct pending *entry, struct queue_entry *out)
{
	const struct record_key *key = &entry->key;
	struct str source = entry->valid ? key->source : str_head(key->image, SHOWN_MOST);
	*out = (struct queue_entry){.id = entry->id,
				    .state = entry->state,
				    .attempts = entry->attempts,
				    .queued = entry->queued,
				    .named = entry->named_at,
				    .tried = entry->tried,
				    .next = entry->next};
	return copy_text(arena, source, &out->item.source) &&
	       copy_text(arena, key->tag, &out->item.tag) &&
	       copy_text(arena, key->destination, &out->item.destination) &&
	       (!entry->error || copy_text(arena, str_of(entry->error), &out->error));
}

/* A wait that is longer than any was begun when the clock was ahead. */
static bool is_over(int64_t next, int64_t now)
{
	return next <= now || next - now > WAIT_MOST_S;
}

/* It may run when its time has come. */
static bool may_run(const struct queue *queue, const struct pending *entry, bool routed)
{
	return (entry->state == QUEUE_PENDING || entry->state == QUEUE_WAITING) && !entry->held &&
	       (routed || !entry->key.destination.len) && queue_state_written(queue, entry) &&
	       !queue_state_rivalled(queue, entry, true);
}

/* Collects up to `most` that are due, NULL behind them. Returns false without memory. */
static bool collect(const struct queue *queue, int64_t now, bool routed, size_t most,
		    struct arena *arena, struct pending ***out)
{
	size_t some = queue->states[QUEUE_PENDING] + queue->states[QUEUE_WAITING], count = 0;
	most = some < most ? some : most;
	struct pending **due = arena_array(arena, most + 1, sizeof(struct pending *));
	struct pending *entry = due ? queue->entries.first : NULL;
	for (; entry && count < most; entry = entries_next(entry))
		if (may_run(queue, entry, routed) && is_over(entry->next, now))
			due[count++] = entry;
	*out = due;
	return due;
}

/* Copies what was collected. */
static bool copy_all(struct pending *const *found, struct arena *arena, struct queue_entry **out,
		     size_t *count)
{
	size_t some = 0;
	while (found[some])
		some++;
	*out = arena_array(arena, some, sizeof(**out));
	if (!*out)
		return false;
	for (size_t i = 0; i < some; i++)
		if (!copy(arena, found[i], &(*out)[i]))
			return false;
	*count = some;
	return true;
}

bool queue_take(struct queue *queue, int64_t now, bool routed, size_t most, struct arena *arena,
		struct queue_entry **out, size_t *count)
{
	struct pending **due;
	*count = 0;
	pthread_mutex_lock(&queue->lock);
	bool taken =
		collect(queue, now, routed, most, arena, &due) && copy_all(due, arena, out, count);
	for (size_t i = 0; taken && i < *count; i++) {
		queue_state_set(queue, due[i], QUEUE_RUNNING);
		due[i]->woken = false;
		due[i]->next = (*out)[i].next = 0;
		(*out)[i].state = QUEUE_RUNNING;
	}
	pthread_mutex_unlock(&queue->lock);
	return taken;
}

/* The time of the next attempt: waits double, and lose up to a quarter to spread them. */
static int64_t next_attempt(unsigned attempts, int64_t now)
{
	unsigned doubled = attempts > 1 ? attempts - 1 : 0;
	int64_t wait = doubled < 16 ? (int64_t)WAIT_FIRST_S << doubled : WAIT_MOST_S;
	uint32_t random;
	if (wait > WAIT_MOST_S)
		wait = WAIT_MOST_S;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	return now + wait - (int64_t)(random % (uint64_t)(wait / 4 + 1));
}

static void fail(struct queue *queue, struct pending *entry, bool permanent, int64_t now)
{
	entry->attempts++;
	entry->permanent += permanent;
	bool parked = permanent && entry->permanent >= PERMANENT_MOST;
	entry->next = parked ? 0 : next_attempt(entry->attempts, now);
	queue_state_set(queue, entry, parked ? QUEUE_PARKED : QUEUE_WAITING);
}

/* Ends what was running. With the lock. */
static void settle(struct queue *queue, struct pending *entry, enum queue_verdict verdict,
		   const char *why, int64_t now)
{
	entry->tried = now;
	queue_state_error(entry, why);
	if (queue_state_rivalled(queue, entry, false)) {
		entry->replaced = verdict != QUEUE_DONE;
		queue_state_remove(queue, entry);
		return;
	}
	if (entry->again) {
		queue_state_clean(entry);
		queue_state_make_due(queue, entry);
		return;
	}
	switch (verdict) {
	case QUEUE_DONE:
		queue_state_remove(queue, entry);
		break;
	case QUEUE_AGAIN:
		queue_state_make_due(queue, entry);
		break;
	case QUEUE_HOLD:
		queue_state_make_due(queue, entry);
		entry->held = true;
		break;
	case QUEUE_TRANSIENT:
	case QUEUE_PERMANENT:
		fail(queue, entry, verdict == QUEUE_PERMANENT, now);
		break;
	case QUEUE_NO_ROUTE:
		queue_state_set(queue, entry, QUEUE_UNROUTED);
		break;
	}
	if (entry->woken && verdict != QUEUE_DONE)
		queue_state_make_due(queue, entry);
}

void queue_settle(struct queue *queue, uint64_t id, enum queue_verdict verdict, const char *why,
		  int64_t now)
{
	bool due = false;
	pthread_mutex_lock(&queue->lock);
	struct pending *entry = entries_with_id(&queue->entries, id);
	if (entry && entry->state == QUEUE_RUNNING) {
		due = entries_rival(&queue->entries, entry, NULL) || entry->again || entry->woken ||
		      verdict == QUEUE_AGAIN;
		settle(queue, entry, verdict, why, now);
	}
	pthread_mutex_unlock(&queue->lock);
	call_watcher(queue, due);
}

void queue_release(struct queue *queue)
{
	bool due = false;
	pthread_mutex_lock(&queue->lock);
	struct pending *entry = queue->entries.first;
	for (; entry; entry = entries_next(entry)) {
		due |= entry->held;
		entry->held = false;
	}
	pthread_mutex_unlock(&queue->lock);
	call_watcher(queue, due);
}

void queue_wake(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	struct pending *entry = queue->entries.first;
	for (; entry; entry = entries_next(entry)) {
		entry->woken = entry->state == QUEUE_RUNNING;
		if (!entry->woken)
			queue_state_make_due(queue, entry);
	}
	bool due = queue->states[QUEUE_PENDING];
	pthread_mutex_unlock(&queue->lock);
	call_watcher(queue, due);
}

/* --- looking ------------------------------------------------------------------------------- */

int64_t queue_due(struct queue *queue, bool routed)
{
	int64_t next = INT64_MAX, now = clock_unix();
	pthread_mutex_lock(&queue->lock);
	struct pending *entry = queue->entries.first;
	for (; entry && next; entry = entries_next(entry)) {
		if (!may_run(queue, entry, routed))
			continue;
		if (entry->state == QUEUE_PENDING || entry->next - now > WAIT_MOST_S)
			next = 0;
		else if (entry->next < next)
			next = entry->next;
	}
	pthread_mutex_unlock(&queue->lock);
	return next;
}

void queue_figures(struct queue *queue, struct queue_figures *out)
{
	pthread_mutex_lock(&queue->lock);
	const size_t *states = queue->states;
	const struct pending *oldest = queue->entries.first;
	*out = (struct queue_figures){
		.pending = states[QUEUE_PENDING],
		.running = states[QUEUE_RUNNING],
		.waiting = states[QUEUE_WAITING],
		.parked = states[QUEUE_PARKED],
		.unrouted = states[QUEUE_UNROUTED],
		.oldest = oldest ? oldest->queued : 0,
		.writable = queue->writable,
		.writes = queue->writes,
		.failed_writes = queue->failed_writes,
	};
	pthread_mutex_unlock(&queue->lock);
}

enum queue_choice { ALL, PENDING_ONES, OTHERS };

/* Adds the chosen entries to what was found, which has room for `most`. */
static size_t find(const struct queue *queue, enum queue_choice choice, struct pending **found,
		   size_t count, size_t most)
{
	struct pending *entry = queue->entries.first;
	for (; entry && count < most; entry = entries_next(entry))
		if (choice == ALL || (choice == PENDING_ONES) == (entry->state == QUEUE_PENDING))
			found[count++] = entry;
	return count;
}

bool queue_list(struct queue *queue, size_t most, struct arena *arena, struct queue_entry **out,
		size_t *count)
{
	*count = 0;
	pthread_mutex_lock(&queue->lock);
	size_t all = queue->entries.count, some = all < most ? all : most, found = 0;
	struct pending **list = arena_array(arena, some + 1, sizeof(struct pending *));
	if (list && some == all) {
		found = find(queue, ALL, list, 0, some);
	} else if (list) {
		found = find(queue, OTHERS, list, 0, some);
		find(queue, PENDING_ONES, list, found, some);
	}
	bool listed = list && copy_all(list, arena, out, count);
	pthread_mutex_unlock(&queue->lock);
	return listed;
}
