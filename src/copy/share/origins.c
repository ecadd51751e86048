/*
 * Which tasks have the same source is found by sorting them once a round, so the others need no
 * entry in any table. An origin is small, since there may be as many as half the tasks; what takes
 * memory, the manifests and what is said of failures, lies in its state, which exists while tasks
 * are under way. Where they come one after the other (--proc 1) it has to outlive the first for the
 * second: the states that were left last are kept.
 *
 * The answer to a question about a tag is the same for all destinations, so that they get the same
 * image even if the tag moves meanwhile.
 */
#include "copy/share/origins.h"

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
	struct origins *origins;
	struct flight head;   /* the question for the digest */
	struct map manifests; /* digest -> struct reply */
	size_t kept;          /* bytes of manifests */
	struct tees_company company;
};

/* The digest of a source; of those that are over the next ones take theirs. */
struct pinned {
	struct pinned *next; /* that is free */
	char digest[DIGEST_TEXT_SIZE];
};

struct origin {
	const struct task *task;   /* one of them */
	const struct task **tasks; /* all of them; the company's, once there is a state */
	size_t count;
	struct pinned *pinned; /* what it is; NULL: not known, or not there */
	unsigned left;         /* tasks that are not over */
	unsigned busy;         /* tasks under way */
	struct state *state;   /* never NULL with a task under way */
};

struct origins {
	struct arena *arena;
	pthread_mutex_t lock; /* guards what follows and all origins */
	pthread_cond_t changed;
	struct arena *round; /* of list, its tasks and the digests */
	struct pinned *free;
	struct origin *list; /* sorted by source */
	size_t count;
	struct origin *idle[IDLE_MAX];
	size_t oldest; /* of idle */
	size_t kept;   /* bytes of manifests */
};

struct origins *origins_new(void)
{
	struct arena *arena = arena_new();
	struct origins *origins = arena ? arena_new_of(arena, struct origins) : NULL;
	if (!origins) {
		arena_free(&arena);
		return NULL;
	}
	origins->arena = arena;
	pthread_mutex_init(&origins->lock, NULL);
	pthread_cond_init(&origins->changed, NULL);
	return origins;
}

/* Called locked. */
static void forget_state(struct origins *origins, struct origin *origin)
{
	struct state *state = origin->state;
	if (!state)
		return;
	struct arena *arena = state->arena;
	origins->kept -= state->kept;
	map_finish(&state->manifests);
	origin->state = NULL;
	arena_free(&arena);
}

static void forget_round(struct origins *origins)
{
	for (size_t i = 0; i < origins->count; i++)
		forget_state(origins, &origins->list[i]);
	memset(origins->idle, 0, sizeof(origins->idle));
	origins->list = NULL;
	origins->count = 0;
	origins->free = NULL;
	arena_free(&origins->round);
}

void origins_free(struct origins **origins)
{
	if (!*origins)
		return;
	struct arena *arena = (*origins)->arena;
	forget_round(*origins);
	pthread_cond_destroy(&(*origins)->changed);
	pthread_mutex_destroy(&(*origins)->lock);
	*origins = NULL;
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

static int compare_with_origin(const void *task, const void *origin)
{
	return compare_sources(task, ((const struct origin *)origin)->task);
}

/* How many of the count sorted tasks, more than 0, have the source of the first. */
static size_t run_length(const struct task *const *sorted, size_t count)
{
	size_t length = 1;
	while (length < count && compare_sources(sorted[0], sorted[length]) == 0)
		length++;
	return length;
}

/* How many origins the tasks have, and how many tasks are theirs. */
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

/* Fills the list; kept has room for the tasks of all origins. */
static void fill(struct origin *list, const struct task **kept, const struct task *const *sorted,
		 size_t count)
{
	for (size_t at = 0, length; at < count; at += length) {
		length = run_length(&sorted[at], count - at);
		if (length < 2)
			continue;
		memcpy(kept, &sorted[at], length * sizeof(*kept));
		*list++ = (struct origin){.task = sorted[at],
					  .tasks = kept,
					  .count = length,
					  .left = (unsigned)length};
		kept += length;
	}
}

bool origins_expect(struct origins *origins, const struct task *const *tasks, const size_t *numbers,
		    size_t count)
{
	scoped(arena_free) struct arena *scratch = arena_new();
	const struct task **sorted =
		scratch ? arena_array(scratch, count + 1, sizeof(const struct task *)) : NULL;
	forget_round(origins);
	origins->round = arena_new();
	if (!sorted || !origins->round)
		return false;
	for (size_t i = 0; i < count; i++)
		sorted[i] = tasks[numbers[i]];
	qsort(sorted, count, sizeof(*sorted), compare_tasks);
	size_t shared = 0, found = count_origins(sorted, count, &shared);
	origins->list = arena_array(origins->round, found + 1, sizeof(*origins->list));
	const struct task **kept =
		arena_array(origins->round, shared + 1, sizeof(const struct task *));
	if (!origins->list || !kept)
		return false;
	fill(origins->list, kept, sorted, count);
	origins->count = found;
	return true;
}

/* --- tasks come and go ----------------------------------------------------------------------- */

static struct state *state_new(struct origins *origins, const struct origin *origin)
{
	struct arena *arena = arena_new();
	struct state *state = arena ? arena_new_of(arena, struct state) : NULL;
	if (!state) {
		arena_free(&arena);
		return NULL;
	}
	state->arena = arena;
	state->origins = origins;
	state->company.tasks = origin->tasks;
	state->company.count = origin->count;
	return state;
}

/* Called locked. The state is kept until so many others were left. */
static void keep_idle(struct origins *origins, struct origin *origin)
{
	struct origin **slot = &origins->idle[origins->oldest];
	origins->oldest = (origins->oldest + 1) % IDLE_MAX;
	if (*slot)
		forget_state(origins, *slot);
	*slot = origin;
}

/* Called locked. */
static void take_idle(struct origins *origins, const struct origin *origin)
{
	for (size_t i = 0; i < IDLE_MAX; i++)
		if (origins->idle[i] == origin)
			origins->idle[i] = NULL;
}

/* Called locked. All of its tasks are over. */
static void forget(struct origins *origins, struct origin *origin)
{
	forget_state(origins, origin);
	if (origin->pinned) {
		origin->pinned->next = origins->free;
		origins->free = origin->pinned;
	}
	origin->pinned = NULL;
}

struct origin *origins_enter(struct origins *origins, const struct task *task)
{
	struct origin *origin = NULL;
	pthread_mutex_lock(&origins->lock);
	if (origins->count)
		origin = bsearch(task, origins->list, origins->count, sizeof(*origins->list),
				 compare_with_origin);
	if (origin && !origin->state)
		origin->state = state_new(origins, origin);
	if (origin && !origin->state) {
		origin = NULL;
	} else if (origin) {
		take_idle(origins, origin);
		origin->busy++;
	}
	pthread_mutex_unlock(&origins->lock);
	return origin;
}

void origins_leave(struct origins *origins, struct origin *origin)
{
	if (!origin)
		return;
	pthread_mutex_lock(&origins->lock);
	origin->busy--;
	origin->left--;
	if (!origin->busy && !origin->left)
		forget(origins, origin);
	else if (!origin->busy)
		keep_idle(origins, origin);
	pthread_mutex_unlock(&origins->lock);
}

struct tees_company *origins_company(struct origin *origin)
{
	return &origin->state->company;
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
	pthread_cond_t *changed = &state->origins->changed;
	if (kept)
		flight_land(flight, changed);
	else if (ok)
		flight_drop(flight, changed);
	else
		flight_fail(flight, changed, state->arena, share_of(err), NULL, err);
}

void origins_forgive(struct origin *origin)
{
	if (!origin)
		return;
	struct state *state = origin->state;
	pthread_mutex_lock(&state->origins->lock);
	flight_forgive(&state->head);
	for (size_t i = 0; i < state->manifests.count; i++)
		flight_forgive(&((struct reply *)state->manifests.entries[i].value)->flight);
	pthread_mutex_unlock(&state->origins->lock);
}

/* Called locked. False without memory, or for a digest that cannot be one. */
static bool pin(struct origin *origin, const char *digest)
{
	struct origins *origins = origin->state->origins;
	struct pinned *pinned = origins->free;
	size_t size = strlen(digest) + 1;
	if (size > sizeof(pinned->digest))
		return false;
	if (pinned)
		origins->free = pinned->next;
	else
		pinned = arena_new_of(origins->round, struct pinned);
	if (pinned)
		memcpy(pinned->digest, digest, size);
	origin->pinned = pinned;
	return pinned != NULL;
}

bool origins_head(struct origin *origin, const struct store *store, struct arena *arena,
		  const char *reference, struct manifest_status *out, struct error *err)
{
	struct state *state = origin->state;
	struct origins *origins = state->origins;
	enum flight_turn turn = FLIGHT_LANDED;
	*out = (struct manifest_status){0};
	pthread_mutex_lock(&origins->lock);
	if (!origin->pinned)
		turn = flight_board(&state->head, &origins->changed, &origins->lock, NULL, err);
	if (turn == FLIGHT_LANDED && origin->pinned)
		*out = (struct manifest_status){.found = true, .digest = origin->pinned->digest};
	pthread_mutex_unlock(&origins->lock);
	if (turn != FLIGHT_LEAD)
		return turn == FLIGHT_LANDED;
	bool ok = store_head_listed(store, arena, reference, out, err);
	pthread_mutex_lock(&origins->lock);
	settle(state, &state->head, ok, ok && (!out->found || pin(origin, out->digest)), err);
	pthread_mutex_unlock(&origins->lock);
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
	struct origins *origins = state->origins;
	if (served->bytes.len > KEPT_MAX - origins->kept)
		return false;
	*out = (struct manifest_bytes){
		.bytes = {arena_copy(state->arena, served->bytes.at, served->bytes.len),
			  served->bytes.len},
		.content_type = arena_string(state->arena, served->content_type),
		.digest = arena_string(state->arena, served->digest)};
	if (!out->bytes.at || !out->content_type || !out->digest)
		return false;
	state->kept += served->bytes.len;
	origins->kept += served->bytes.len;
	return true;
}

bool origins_manifest(struct origin *origin, const struct store *store, struct arena *arena,
		      const char *digest, struct manifest_bytes *out, struct error *err)
{
	struct state *state = origin->state;
	struct origins *origins = state->origins;
	enum flight_turn turn = FLIGHT_LEAD;
	pthread_mutex_lock(&origins->lock);
	struct reply *reply = reply_of(state, digest);
	if (reply)
		turn = flight_board(&reply->flight, &origins->changed, &origins->lock, NULL, err);
	if (turn == FLIGHT_LANDED)
		*out = reply->served;
	pthread_mutex_unlock(&origins->lock);
	if (turn != FLIGHT_LEAD)
		return turn == FLIGHT_LANDED;
	bool ok = store_get(store, arena, digest, out, err);
	if (!reply)
		return ok;
	pthread_mutex_lock(&origins->lock);
	settle(state, &reply->flight, ok, ok && keep_manifest(state, out, &reply->served), err);
	pthread_mutex_unlock(&origins->lock);
	return ok;
}
