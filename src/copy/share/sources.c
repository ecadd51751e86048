/*
 * The tasks of a round are sorted once to find those with the same source, so that the others need
 * no entry in any table. A shared source is small, since there may be half as many as tasks; the
 * manifests and the texts of failures, which take memory, are in its state, which exists while
 * tasks are under way. With --proc 1 tasks run one after the other, and the state has to outlive
 * the first for the second: the states that were left last are kept.
 *
 * All destinations get the same answer about a tag, so that they get the same image even if the tag
 * moves in the meantime.
 */
#include "copy/share/sources.h"

#include "base/flight.h"
#include "base/map.h"
#include "oci/digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	IDLE_MAX = 16,               /* states that are kept without a task under way */
	KEPT_MAX = 16 * 1024 * 1024, /* bytes of the manifests of all states */
};

struct reply {
	struct flight flight;
	struct manifest_bytes served; /* valid once flight has landed */
};

struct state {
	struct arena *arena; /* holds the state and what it refers to */
	struct sources *sources;
	struct flight head;   /* the request for the digest */
	struct map manifests; /* digest -> struct reply */
	size_t kept;          /* bytes of the manifests */
	struct fanout_group group;
};

/* The digest of a source. Records of sources that are over are used again. */
struct pinned {
	struct pinned *next; /* the next record that is free */
	bool dated;          /* as in struct manifest_status */
	char digest[DIGEST_TEXT_SIZE];
};

struct shared_source {
	const struct task *task;   /* one of the tasks, for its source */
	const struct task **tasks; /* all of them; they belong to the group once there is a state */
	size_t count;              /* number of tasks */
	struct pinned *pinned;     /* the digest; NULL: not known, or the tag does not exist */
	unsigned left;             /* number of tasks that are not over */
	unsigned busy;             /* number of tasks under way */
	struct state *state;       /* never NULL while a task is under way */
};

struct sources {
	struct arena *arena;
	pthread_mutex_t lock; /* guards the members below and all shared sources */
	pthread_cond_t changed;
	struct arena *round;        /* holds list, its tasks and the digests */
	struct pinned *free;        /* records to use again */
	struct shared_source *list; /* sorted by source */
	size_t count;               /* length of list */
	struct shared_source *idle[IDLE_MAX];
	size_t oldest; /* index in idle of the one to forget next */
	size_t kept;   /* bytes of the manifests of all states */
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

/* Caller holds the lock. */
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
	return order ? order
		     : compare_text(rule_terms(a->rule)->pinned_tag,
				    rule_terms(b->rule)->pinned_tag);
}

static int compare_tasks(const void *a, const void *b)
{
	return compare_sources(*(const struct task *const *)a, *(const struct task *const *)b);
}

static int compare_with_source(const void *task, const void *source)
{
	return compare_sources(task, ((const struct shared_source *)source)->task);
}

/* The number of the count sorted tasks (more than 0) that have the same source as the first. */
static size_t run_length(const struct task *const *sorted, size_t count)
{
	size_t length = 1;
	while (length < count && compare_sources(sorted[0], sorted[length]) == 0)
		length++;
	return length;
}

/* The number of sources that several tasks share; *shared is the number of these tasks. */
static size_t count_sources(const struct task *const *sorted, size_t count, size_t *shared)
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

/* Fills the list; kept has room for the tasks of all shared sources. */
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
	size_t shared = 0, found = count_sources(sorted, count, &shared);
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

/* Keeps the state until IDLE_MAX others were left after it. Caller holds the lock. */
static void keep_idle(struct sources *sources, struct shared_source *source)
{
	struct shared_source **slot = &sources->idle[sources->oldest];
	sources->oldest = (sources->oldest + 1) % IDLE_MAX;
	if (*slot)
		forget_state(sources, *slot);
	*slot = source;
}

/* The source is no longer idle. Caller holds the lock. */
static void take_idle(struct sources *sources, const struct shared_source *source)
{
	for (size_t i = 0; i < IDLE_MAX; i++)
		if (sources->idle[i] == source)
			sources->idle[i] = NULL;
}

/* All tasks of the source are over. Caller holds the lock. */
static void forget(struct sources *sources, struct shared_source *source)
{
	forget_state(sources, source);
	if (source->pinned) {
		source->pinned->next = sources->free;
		sources->free = source->pinned;
	}
	source->pinned = NULL;
}

/* Caller holds the lock. */
static struct shared_source *find(const struct sources *sources, const struct task *task)
{
	return sources->count ? bsearch(task, sources->list, sources->count, sizeof(*sources->list),
					compare_with_source)
			      : NULL;
}

size_t sources_number(struct sources *sources, const struct task *task)
{
	pthread_mutex_lock(&sources->lock);
	const struct shared_source *source = find(sources, task);
	size_t number = source ? (size_t)(source - sources->list) + 1 : 0;
	pthread_mutex_unlock(&sources->lock);
	return number;
}

struct shared_source *sources_enter(struct sources *sources, const struct task *task)
{
	pthread_mutex_lock(&sources->lock);
	struct shared_source *source = find(sources, task);
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

/* The tasks that a failure concerns. One of this thread alone is not shared: the next task asks. */
static enum flight_share share_of(const struct error *err)
{
	return err->kind == ERROR_MEMORY || error_is_stop(err) ? FLIGHT_OWN : FLIGHT_ALL;
}

/* Ends a request; ok without kept: the answer could not be kept. Caller holds the lock. */
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

/* Keeps the digest. False without memory, or if it is too long for one. Caller holds the lock. */
static bool pin(struct shared_source *source, const struct manifest_status *status)
{
	struct sources *sources = source->state->sources;
	struct pinned *pinned = sources->free;
	size_t size = strlen(status->digest) + 1;
	if (size > sizeof(pinned->digest))
		return false;
	if (pinned)
		sources->free = pinned->next;
	else
		pinned = arena_new_of(sources->round, struct pinned);
	if (pinned) {
		memcpy(pinned->digest, status->digest, size);
		pinned->dated = status->dated;
	}
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
		*out = (struct manifest_status){.found = true,
						.digest = source->pinned->digest,
						.dated = source->pinned->dated};
	pthread_mutex_unlock(&sources->lock);
	if (turn != FLIGHT_LEAD)
		return turn == FLIGHT_LANDED;
	bool ok = store_head_listed(store, arena, reference, out, err);
	pthread_mutex_lock(&sources->lock);
	settle(state, &state->head, ok, ok && (!out->found || pin(source, out)), err);
	pthread_mutex_unlock(&sources->lock);
	return ok;
}

/* NULL without memory. Caller holds the lock. */
static struct reply *reply_of(struct state *state, const char *digest)
{
	struct reply *reply = map_get(&state->manifests, str_of(digest));
	if (reply)
		return reply;
	reply = arena_new_of(state->arena, struct reply);
	return reply && map_put(&state->manifests, str_of(digest), reply) ? reply : NULL;
}

/* Copies the manifest into the state. False: there is no room for it. Caller holds the lock. */
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
