/*
 * Which tasks have the same source is found by sorting them once a round, so the others need no
 * entry in any table. An source is small, since there may be as many as half the tasks; what takes
 * memory, the manifests and what is said of failures, lies in its state, which exists while tasks
 * are under way. Where they come one after the other (--proc 1) it has to outlive the first for the
 * second: the states that were left last are kept.
 *
 * The answer to a question about a tag is the same for all destinations, so that they get the same
 * image even if the tag moves meanwhile.
 */
#include "copy/share/sources.h"

#include "base/flight.h"
#include "base/map.h"
#include "oci/digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	IDLE_MAX = 16,               /* states kept without a task */
	KEPT_MAX = 16 * 1024 * 1024, /* bytes of manifests of all states */
};

struct reply {
	struct flight flight;
	struct manifest_bytes served; /* once it has landed */
};

struct state {
	struct arena *arena; /* of all that follows, and the state */
	struct sources *sources;
	struct flight head;   /* the question for the digest */
	struct map manifests; /* digest -> struct reply */
	size_t kept;          /* bytes of manifests */
	struct fanout_group group;
};

/* The digest of a source; of those that are over the next ones take theirs. */
struct pinned {
	struct pinned *next; /* that is free */
	char digest[DIGEST_TEXT_SIZE];
};

struct shared_source {
	const struct task *task;   /* one of them */
	const struct task **tasks; /* all of them; the group's, once there is a state */
	size_t count;
	struct pinned *pinned; /* what it is; NULL: not known, or not there */
	unsigned left;         /* tasks that are not over */
	unsigned busy;         /* tasks under way */
	struct state *state;   /* never NULL with a task under way */
};

struct sources {
	struct arena *arena;
	pthread_mutex_t lock; /* guards what follows and all sources */
	pthread_cond_t changed;
	struct arena *round; /* of list, its tasks and the digests */
	struct pinned *free;
	struct shared_source *list; /* sorted by source */
	size_t count;
	struct shared_source *idle[IDLE_MAX];
	size_t oldest; /* of idle */
	size_t kept;   /* bytes of manifests */
};

struct sources *sources_new(void)
{
	struct arena *arena = arena_new();
	struct sources *sources = arena ? arena_new_of(arena, struct sources) : NULL;
	if (!sources) {
		arena_free(&arena);
		return NULL;
	}
	sources->arena = arena;
	pthread_mutex_init(&sources->lock, NULL);
	pthread_cond_init(&sources->changed, NULL);
	return sources;
}

/* Called locked. */
static void forget_state(struct sources *sources, struct shared_source *source)
{
	struct state *state = source->state;
	if (!state)
		return;
	struct arena *arena = state->arena;
	sources->kept -= state->kept;
	map_finish(&state->manifests);
	source->state = NULL;
	arena_free(&arena);
}

static void forget_round(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		forget_state(sources, &sources->list[i]);
	memset(sources->idle, 0, sizeof(sources->idle));
	sources->list = NULL;
	sources->count = 0;
	sources->free = NULL;
	arena_free(&sources->round);
}

void sources_free(struct sources **sources)
{
	if (!*sources)
		return;
	struct arena *arena = (*sources)->arena;
	forget_round(*sources);
	pthread_cond_destroy(&(*sources)->changed);
	pthread_mutex_destroy(&(*sources)->lock);
	*sources = NULL;
	arena_free(&arena);
}

/* --- which tasks have the same source -------------------------------------------------------- */

/* NULL comes first. Tasks of one rule share most of their strings. */
static int compare_text(const char *a, const char *b)
{
	if (a == b)
		return 0;
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_sources(const struct task *a, const struct task *b)
{
	int order = compare_text(a->source.host, b->source.host);
	if (!order)
		order = compare_text(a->source.repository, b->source.repository);
	if (!order)
		order = compare_text(a->source.tag, b->source.tag);
	if (!order)
		order = compare_text(a->source.digest, b->source.digest);
	return order ? order : compare_text(a->rule->terms.pinned_tag, b->rule->terms.pinned_tag);
}

static int compare_tasks(const void *a, const void *b)
{
	return compare_sources(*(const struct task *const *)a, *(const struct task *const *)b);
}

static int compare_with_origin(const void *task, const void *source)
{
	return compare_sources(task, ((const struct shared_source *)source)->task);
}

/* How many of the count sorted tasks, more than 0, have the source of the first. */
static size_t run_length(const struct task *const *sorted, size_t count)
{
	size_t length = 1;
	while (length < count && compare_sources(sorted[0], sorted[length]) == 0)
		length++;
	return length;
}

/* How many sources the tasks have, and how many tasks are theirs. */
static size_t count_origins(const struct task *const *sorted, size_t count, size_t *shared)
{
	size_t found = 0;
	*shared = 0;
	for (size_t at = 0, length; at < count; at += length) {
		length = run_length(&sorted[at], count - at);
		found += length > 1;
		*shared += length > 1 ? length : 0;
	}
	return found;
}

/* Fills the list; kept has room for the tasks of all sources. */
static void fill(struct shared_source *list, const struct task **kept,
		 const struct task *const *sorted, size_t count)
{
	for (size_t at = 0, length; at < count; at += length) {
		length = run_length(&sorted[at], count - at);
		if (length < 2)
			continue;
		memcpy(kept, &sorted[at], length * sizeof(*kept));
		*list++ = (struct shared_source){.task = sorted[at],
						 .tasks = kept,
						 .count = length,
						 .left = (unsigned)length};
		kept += length;
	}
}

bool sources_expect(struct sources *sources, const struct task *const *tasks, const size_t *numbers,
		    size_t count)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	const struct task **sorted =
		scratch ? arena_array(scratch, count + 1, sizeof(const struct task *)) : NULL;
	forget_round(sources);
	sources->round = arena_new();
	if (!sorted || !sources->round)
		return false;
	for (size_t i = 0; i < count; i++)
		sorted[i] = tasks[numbers[i]];
	qsort(sorted, count, sizeof(*sorted), compare_tasks);
	size_t shared = 0, found = count_origins(sorted, count, &shared);
	sources->list = arena_array(sources->round, found + 1, sizeof(*sources->list));
	const struct task **kept =
		arena_array(sources->round, shared + 1, sizeof(const struct task *));
	if (!sources->list || !kept)
		return false;
	fill(sources->list, kept, sorted, count);
	sources->count = found;
	return true;
}

/* --- tasks come and go ----------------------------------------------------------------------- */

static struct state *state_new(struct sources *sources, const struct shared_source *source)
{
	struct arena *arena = arena_new();
	struct state *state = arena ? arena_new_of(arena, struct state) : NULL;
	if (!state) {
		arena_free(&arena);
		return NULL;
	}
	state->arena = arena;
	state->sources = sources;
	state->group.tasks = source->tasks;
	state->group.count = source->count;
	return state;
}

/* Called locked. The state is kept until so many others were left. */
static void keep_idle(struct sources *sources, struct shared_source *source)
{
	struct shared_source **slot = &sources->idle[sources->oldest];
	sources->oldest = (sources->oldest + 1) % IDLE_MAX;
	if (*slot)
		forget_state(sources, *slot);
	*slot = source;
}

/* Called locked. */
static void take_idle(struct sources *sources, const struct shared_source *source)
{
	for (size_t i = 0; i < IDLE_MAX; i++)
		if (sources->idle[i] == source)
			sources->idle[i] = NULL;
}

/* Called locked. All of its tasks are over. */
static void forget(struct sources *sources, struct shared_source *source)
{
	forget_state(sources, source);
	if (source->pinned) {
		source->pinned->next = sources->free;
		sources->free = source->pinned;
	}
	source->pinned = NULL;
}

struct shared_source *sources_enter(struct sources *sources, const struct task *task)
{
	struct shared_source *source = NULL;
	pthread_mutex_lock(&sources->lock);
	if (sources->count)
		source = bsearch(task, sources->list, sources->count, sizeof(*sources->list),
				 compare_with_origin);
	if (source && !source->state)
		source->state = state_new(sources, source);
	if (source && !source->state) {
		source = NULL;
	} else if (source) {
		take_idle(sources, source);
		source->busy++;
	}
	pthread_mutex_unlock(&sources->lock);
	return source;
}

void sources_leave(struct sources *sources, struct shared_source *source)
{
	if (!source)
		return;
	pthread_mutex_lock(&sources->lock);
	source->busy--;
	source->left--;
	if (!source->busy && !source->left)
		forget(sources, source);
	else if (!source->busy)
		keep_idle(sources, source);
	pthread_mutex_unlock(&sources->lock);
}

struct fanout_group *sources_group(struct shared_source *source)
{
	return &source->state->group;
}

/* --- questions ------------------------------------------------------------------------------- */

/* Whom a failure concerns. One's own trouble is nobody else's: the next task may have more luck. */
static enum flight_share share_of(const struct error *err)
{
	return err->kind == ERROR_MEMORY || err->kind == ERROR_CANCELED ? FLIGHT_OWN : FLIGHT_ALL;
}

/* Ends a question; kept false: there is an answer that cannot be kept. Caller holds the lock. */
static void settle(struct state *state, struct flight *flight, bool ok, bool kept,
		   const struct error *err)
{
	pthread_cond_t *changed = &state->sources->changed;
	if (kept)
		flight_land(flight, changed);
	else if (ok)
		flight_drop(flight, changed);
	else
		flight_fail(flight, changed, state->arena, share_of(err), NULL, err);
}

void sources_forgive(struct shared_source *source)
{
	if (!source)
		return;
	struct state *state = source->state;
	pthread_mutex_lock(&state->sources->lock);
	flight_forgive(&state->head);
	for (size_t i = 0; i < state->manifests.count; i++)
		flight_forgive(&((struct reply *)state->manifests.entries[i].value)->flight);
	pthread_mutex_unlock(&state->sources->lock);
}

/* Called locked. False without memory, or for a digest that cannot be one. */
static bool pin(struct shared_source *source, const char *digest)
{
	struct sources *sources = source->state->sources;
	struct pinned *pinned = sources->free;
	size_t size = strlen(digest) + 1;
	if (size > sizeof(pinned->digest))
		return false;
	if (pinned)
		sources->free = pinned->next;
	else
		pinned = arena_new_of(sources->round, struct pinned);
	if (pinned)
		memcpy(pinned->digest, digest, size);
	source->pinned = pinned;
	return pinned != NULL;
}

bool sources_head(struct shared_source *source, const struct store *store, struct arena *arena,
		  const char *reference, struct manifest_status *out, struct error *err)
{
	struct state *state = source->state;
	struct sources *sources = state->sources;
	enum flight_turn turn = FLIGHT_LANDED;
	*out = (struct manifest_status){0};
	pthread_mutex_lock(&sources->lock);
	if (!source->pinned)
		turn = flight_board(&state->head, &sources->changed, &sources->lock, NULL, err);
	if (turn == FLIGHT_LANDED && source->pinned)
		*out = (struct manifest_status){.found = true, .digest = source->pinned->digest};
	pthread_mutex_unlock(&sources->lock);
	if (turn != FLIGHT_LEAD)
		return turn == FLIGHT_LANDED;
	bool ok = store_head_listed(store, arena, reference, out, err);
	pthread_mutex_lock(&sources->lock);
	settle(state, &state->head, ok, ok && (!out->found || pin(source, out->digest)), err);
	pthread_mutex_unlock(&sources->lock);
	return ok;
}

/* Called locked; NULL without memory. */
static struct reply *reply_of(struct state *state, const char *digest)
{
	struct reply *reply = map_get(&state->manifests, str_of(digest));
	if (reply)
		return reply;
	reply = arena_new_of(state->arena, struct reply);
	return reply && map_put(&state->manifests, str_of(digest), reply) ? reply : NULL;
}

/* Copies what was served into the state. False: it stays unknown. Called locked. */
static bool keep_manifest(struct state *state, const struct manifest_bytes *served,
			  struct manifest_bytes *out)
{
	struct sources *sources = state->sources;
	if (served->bytes.len > KEPT_MAX - sources->kept)
		return false;
	*out = (struct manifest_bytes){
		.bytes = {arena_copy(state->arena, served->bytes.at, served->bytes.len),
			  served->bytes.len},
		.content_type = arena_string(state->arena, served->content_type),
		.digest = arena_string(state->arena, served->digest)};
	if (!out->bytes.at || !out->content_type || !out->digest)
		return false;
	state->kept += served->bytes.len;
	sources->kept += served->bytes.len;
	return true;
}

bool sources_manifest(struct shared_source *source, const struct store *store, struct arena *arena,
		      const char *digest, struct manifest_bytes *out, struct error *err)
{
	struct state *state = source->state;
	struct sources *sources = state->sources;
	enum flight_turn turn = FLIGHT_LEAD;
	pthread_mutex_lock(&sources->lock);
	struct reply *reply = reply_of(state, digest);
	if (reply)
		turn = flight_board(&reply->flight, &sources->changed, &sources->lock, NULL, err);
	if (turn == FLIGHT_LANDED)
		*out = reply->served;
	pthread_mutex_unlock(&sources->lock);
	if (turn != FLIGHT_LEAD)
		return turn == FLIGHT_LANDED;
	bool ok = store_get(store, arena, digest, out, err);
	if (!reply)
		return ok;
	pthread_mutex_lock(&sources->lock);
	settle(state, &reply->flight, ok, ok && keep_manifest(state, out, &reply->served), err);
	pthread_mutex_unlock(&sources->lock);
	return ok;
}
