/*
 * When a download begins depends on who else will need the blob. That is not known beforehand: a
 * destination may hold it, or mount it. So each image keeps what it is through with, and whoever is
 * not through with a blob, or has not begun, may still come for it. Waiting for those is worth it,
 * since all do the same work in the same order; but a registry that hangs, or just has more to do,
 * must not slow down the others. So the wait is short, and who was missed or was too slow is not
 * waited for during the next half minute: it costs the others a small part of their time at most.
 *
 * Still, those at work on one part of an image may wait for others that wait for them in another
 * part, or there may be no thread left for those to come. That is seen by nothing happening at all;
 * then the one that waits longest goes on.
 *
 * The place among the blobs in flight is taken when they are together, or those who wait for a
 * place and those who wait for them would wait for each other; one serves them all. When the one
 * that has it is done, it is given on only if the registry of another may have it by the rules of
 * places: a registry that hangs goes without, rather than to take one from the others.
 *
 * The seats are on the stacks of their threads. Of the locks, this one comes before those of a flow
 * and of the places; none is held while bytes are read.
 */
#include "copy/tees.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "copy/copier_private.h"
#include "copy/download.h"

#include <pthread.h>
#include <string.h>

enum {
	PATIENCE_MS = 2000, /* for those who may need a blob as well */
	LATE_MS = 30000,    /* without patience for a registry */
	GRACE_MS = 2000,    /* struct flow_cursor, of all blobs for a registry together */
	GLANCE_MS = 500,    /* between two looks whether anything goes on, or the run is to stop */
};

/* The registry of a destination. */
struct tees_host {
	struct tees_host *next;
	const char *name;   /* as in tasks */
	int64_t late_until; /* clock_ms() */
	int64_t held_ms;    /* of its grace, taken so far */
};

/* A blob that is, or will be, downloaded once for all its seats. */
struct tee {
	struct arena *arena; /* of the tee and what is in it */
	struct tee *next;
	struct tees_seat *seats; /* never empty */
	struct repository from;
	struct descriptor blob;
	bool held;         /* one of the seats has, or had, a place; guarded by places */
	int64_t deadline;  /* of those who wait; 0: nobody asks yet */
	struct flow *flow; /* NULL: not begun */
	struct download download;
	struct throttle_reader slow; /* of download */
};

struct tees {
	struct arena *arena;
	pthread_mutex_t lock; /* guards what follows, all companies, members and tees */
	pthread_cond_t changed;
	unsigned changes; /* how often that was */
	unsigned seats;   /* of all tees, */
	unsigned waiting; /* and those of them that wait for others */
	struct tees_host *hosts;
	struct tee *list;
};

struct tees *tees_new(void)
{
	struct arena *arena = arena_new();
	struct tees *tees = arena ? arena_new_of(arena, struct tees) : NULL;
	if (!tees) {
		arena_free(&arena);
		return NULL;
	}
	tees->arena = arena;
	pthread_mutex_init(&tees->lock, NULL);
	cond_init(&tees->changed);
	return tees;
}

void tees_free(struct tees **tees)
{
	if (!*tees)
		return;
	struct arena *arena = (*tees)->arena;
	pthread_cond_destroy(&(*tees)->changed);
	pthread_mutex_destroy(&(*tees)->lock);
	*tees = NULL;
	arena_free(&arena);
}

/* Called locked. */
static void tell(struct tees *tees)
{
	tees->changes++;
	pthread_cond_broadcast(&tees->changed);
}

/* --- companies ------------------------------------------------------------------------------- */

/* Called locked; NULL without memory. */
static struct tees_host *find_host(struct tees *tees, const char *name)
{
	struct tees_host *host = tees->hosts;
	while (host && strcmp(host->name, name) != 0)
		host = host->next;
	if (host || !(host = arena_new_of(tees->arena, struct tees_host)))
		return host;
	*host = (struct tees_host){.name = name, .next = tees->hosts};
	tees->hosts = host;
	return host;
}

void tees_arrive(struct tees *tees, struct tees_company *company, struct image *image,
		 const struct task *task)
{
	struct tees_member *member = &image->member;
	pthread_mutex_lock(&tees->lock);
	for (size_t i = 0; i < company->count; i++)
		if (company->tasks[i] == task)
			company->tasks[i] = NULL;
	member->filter = task->terms->platforms;
	member->host = find_host(tees, task->destination.host);
	if (member->host) {
		member->company = company;
		member->next = company->members;
		company->members = member;
	}
	pthread_mutex_unlock(&tees->lock);
}

void tees_depart(struct tees *tees, struct image *image)
{
	struct tees_member *member = &image->member;
	if (!member->company)
		return;
	pthread_mutex_lock(&tees->lock);
	struct tees_member **at = &member->company->members;
	while (*at != member)
		at = &(*at)->next;
	*at = member->next;
	map_finish(&member->settled);
	tell(tees);
	pthread_mutex_unlock(&tees->lock);
}

void tees_settle(struct tees *tees, struct image *image, const char *digest)
{
	struct tees_member *member = &image->member;
	if (!member->company)
		return;
	pthread_mutex_lock(&tees->lock);
	/* Without memory the others wait for it in vain, for a while. */
	(void)map_put(&member->settled, str_of(digest), member);
	tell(tees);
	pthread_mutex_unlock(&tees->lock);
}

/* --- who is waited for; called locked -------------------------------------------------------- */

/* True when somebody asks for the bytes on behalf of that registry. */
static bool asks(const struct tee *tee, const struct tees_host *host)
{
	for (const struct tees_seat *seat = tee->seats; seat; seat = seat->next)
		if (seat->asks && seat->image->member.host == host)
			return true;
	return false;
}

/* For whom somebody might wait. */
struct missing {
	struct tees_host *host;       /* NULL: for nobody */
	struct tees_company *to_come; /* its image has not begun; else NULL */
};

/* True when the bytes are not asked for on behalf of host, which is worth waiting for. */
static bool is_missing(const struct tee *tee, const struct tees_host *host, bool late)
{
	return host && (late || host->late_until <= clock_ms()) && !asks(tee, host);
}

/* One of the images under way with the one that asks. */
static struct tees_host *find_slower(const struct tee *tee, const struct tees_member *one,
				     bool late)
{
	for (const struct tees_member *at = one->company->members; at; at = at->next)
		if (at->filter == one->filter && !map_get(&at->settled, str_of(tee->blob.digest)) &&
		    is_missing(tee, at->host, late))
			return at->host;
	return NULL;
}

/* One of those that have not begun. */
static struct tees_host *find_to_come(struct tees *tees, const struct tee *tee,
				      const struct tees_member *one, bool late)
{
	const struct tees_company *company = one->company;
	for (size_t i = 0; i < company->count && !company->crowded; i++) {
		const struct task *task = company->tasks[i];
		if (!task || task->terms->platforms != one->filter)
			continue;
		struct tees_host *host = find_host(tees, task->destination.host);
		if (is_missing(tee, host, late))
			return host;
	}
	return NULL;
}

/* Who may come for the blob and, unless late counts, is worth waiting for? */
static struct missing find_missing(struct tees *tees, const struct tee *tee, bool late)
{
	struct missing missing = {0};
	for (struct tees_seat *seat = tee->seats; seat && !missing.host; seat = seat->next) {
		const struct tees_member *one = &seat->image->member;
		if (!seat->asks)
			continue;
		missing.host = find_slower(tee, one, late);
		if (missing.host)
			return missing;
		missing.host = find_to_come(tees, tee, one, late);
		missing.to_come = one->company;
	}
	return missing;
}

static void mark_late(struct tees_host *host)
{
	host->late_until = clock_ms() + LATE_MS;
	host->held_ms = 0;
}

/* All wait for each other, and nobody has for longer than those at this tee. */
static bool is_stuck(const struct tees *tees, const struct tee *tee)
{
	for (const struct tee *at = tees->list; at; at = at->next)
		if (at->deadline && !at->flow && at->deadline < tee->deadline)
			return false;
	return tees->waiting == tees->seats;
}

/* Waits until all are there, or it takes too long. Returns when the flow was begun by another. */
static void gather(struct tees *tees, struct tee *tee)
{
	struct missing missing;
	unsigned changes = tees->changes - 1;
	tees->waiting++;
	while (!tee->flow && !cancel_requested() &&
	       (missing = find_missing(tees, tee, false)).host) {
		int64_t left = tee->deadline - clock_ms();
		bool stuck = changes == tees->changes && is_stuck(tees, tee);
		if (stuck && missing.to_come)
			missing.to_come->crowded = true;
		if (stuck)
			break;
		changes = tees->changes;
		if (left <= 0)
			mark_late(missing.host);
		else
			cond_wait_ms(&tees->changed, &tees->lock,
				     left < GLANCE_MS ? left : GLANCE_MS);
	}
	tees->waiting--;
}

/* --- tees ------------------------------------------------------------------------------------ */

/* Called locked. A tee of which bytes are gone is of no use to who comes now. */
static struct tee *find_tee(struct tees *tees, const struct image *image,
			    const struct descriptor *blob)
{
	for (struct tee *tee = tees->list; tee; tee = tee->next)
		if (tee->from.host == image->from.host && tee->blob.size == blob->size &&
		    strcmp(tee->blob.digest, blob->digest) == 0 &&
		    (!tee->flow || flow_open(tee->flow)))
			return tee;
	return NULL;
}

/* Called locked; NULL without memory. */
static struct tee *add_tee(struct tees *tees, const struct image *image,
			   const struct descriptor *blob)
{
	struct arena *arena = arena_new();
	struct tee *tee = arena ? arena_new_of(arena, struct tee) : NULL;
	const char *digest = tee ? arena_string(arena, blob->digest) : NULL;
	if (!digest) {
		arena_free(&arena);
		return NULL;
	}
	*tee = (struct tee){.arena = arena,
			    .next = tees->list,
			    .from = image->from,
			    .blob = {.media_type = "", .digest = digest, .size = blob->size}};
	tees->list = tee;
	return tee;
}

static void board(struct tees *tees, struct tees_seat *seat, const struct descriptor *blob)
{
	pthread_mutex_lock(&tees->lock);
	struct tee *tee = find_tee(tees, seat->image, blob);
	if (!tee)
		tee = add_tee(tees, seat->image, blob);
	if (tee) {
		seat->tee = tee;
		seat->next = tee->seats;
		tee->seats = seat;
		tees->seats++;
		tell(tees);
	}
	pthread_mutex_unlock(&tees->lock);
}

void tees_enter(struct tees *tees, struct tees_seat *seat, struct image *image,
		const struct descriptor *blob, bool alone)
{
	*seat = (struct tees_seat){.image = image};
	if (!alone && image->member.company)
		board(tees, seat, blob);
	if (!seat->tee && places_needed(blob->size)) {
		places_enter(image->copier->places, image->lane);
		seat->placed = true;
	}
}

/* For the last one to leave. */
static void close_tee(struct tee *tee)
{
	struct arena *arena = tee->arena;
	download_close(&tee->download);
	flow_free(&tee->flow);
	arena_free(&arena);
}

/* Called locked. The last one takes the tee off the list. */
static bool get_off(struct tees *tees, struct tees_seat *seat)
{
	struct tee *tee = seat->tee;
	struct tees_host *host = seat->image->member.host;
	struct tees_seat **at = &tee->seats;
	while (*at != seat)
		at = &(*at)->next;
	*at = seat->next;
	tees->seats--;
	if (seat->cursor.joined)
		host->held_ms += flow_leave(tee->flow, &seat->cursor);
	if (seat->cursor.dropped || host->held_ms >= GRACE_MS)
		mark_late(host);
	tell(tees);
	if (tee->seats)
		return false;
	struct tee **place = &tees->list;
	while (*place != tee)
		place = &(*place)->next;
	*place = tee->next;
	return true;
}

/* Called locked, when a seat without a place may be without one for long. */
static void find_place(struct tees_seat *seat)
{
	if (!seat->placed && places_needed(seat->tee->blob.size))
		seat->placed = places_try(seat->image->copier->places, seat->image->lane);
}

void tees_part(struct tees *tees, struct tees_seat *seat)
{
	struct tee *tee = seat->tee;
	if (!tee)
		return;
	pthread_mutex_lock(&tees->lock);
	bool last = get_off(tees, seat);
	find_place(seat);
	pthread_mutex_unlock(&tees->lock);
	seat->tee = NULL;
	if (last)
		close_tee(tee);
}

void tees_leave(struct tees *tees, struct tees_seat *seat)
{
	struct tee *tee = seat->tee;
	pthread_mutex_lock(&tees->lock);
	bool last = tee && get_off(tees, seat);
	if (seat->placed)
		places_leave(seat->image->copier->places, seat->image->lane);
	if (seat->placed && tee && !last)
		find_place(tee->seats);
	pthread_mutex_unlock(&tees->lock);
	if (last)
		close_tee(tee);
}

/* --- bytes ----------------------------------------------------------------------------------- */

static bool end_download(struct reader *reader, struct error *err)
{
	struct throttle_reader *slow = (struct throttle_reader *)reader;
	return download_end((struct download *)slow->source, err);
}

/* Called locked. A registry that is slow has no grace left, or only for some time. */
static void give_cursor(struct tees_seat *seat)
{
	const struct tees_host *host = seat->image->member.host;
	if (host->late_until <= clock_ms())
		seat->cursor.grace_ms = GRACE_MS - host->held_ms;
	flow_join(seat->tee->flow, &seat->cursor);
}

/* Called locked. Begins the download for all who ask; without memory each has to go alone. */
static void begin(struct tee *tee, struct throttle *throttle)
{
	const struct flow_source source = {
		.reader = &tee->slow.reader, .end = end_download, .size = tee->blob.size};
	download_prepare(&tee->download, &tee->from, &tee->blob, 0, false);
	throttle_attach(throttle, &tee->download.reader, &tee->slow);
	tee->flow = flow_new(&source);
	for (struct tees_seat *seat = tee->seats; seat && tee->flow; seat = seat->next)
		if (seat->asks)
			give_cursor(seat);
}

/* Waits for the others, and for a place, which is for all of them. */
static void prepare(struct tees *tees, struct tees_seat *seat)
{
	const struct image *image = seat->image;
	struct tee *tee = seat->tee;
	pthread_mutex_lock(&tees->lock);
	seat->asks = true;
	if (!tee->deadline)
		tee->deadline = clock_ms() + PATIENCE_MS;
	tell(tees);
	gather(tees, tee);
	pthread_mutex_unlock(&tees->lock);
	bool placed = places_needed(tee->blob.size) &&
		      places_share(image->copier->places, image->lane, &tee->held);
	pthread_mutex_lock(&tees->lock);
	seat->placed |= placed;
	pthread_mutex_unlock(&tees->lock);
}

/* Called locked: gets the seat a cursor, unless it is alone. */
static void join(struct tees *tees, struct tees_seat *seat)
{
	struct tee *tee = seat->tee;
	bool company = tee->seats->next || find_missing(tees, tee, true).host;
	if (!tee->flow && company)
		begin(tee, seat->image->copier->options.throttle);
	if (tee->flow && !seat->cursor.joined)
		give_cursor(seat);
}

bool tees_open(struct tees *tees, struct tees_seat *seat, bool *shared, struct error *err)
{
	*shared = false;
	if (!seat->tee)
		return true;
	prepare(tees, seat);
	pthread_mutex_lock(&tees->lock);
	join(tees, seat);
	*shared = seat->cursor.joined;
	pthread_mutex_unlock(&tees->lock);
	if (*shared)
		return flow_wait(seat->tee->flow, &seat->cursor, err);
	tees_part(tees, seat);
	return true;
}

bool tees_read(struct tees_seat *seat, void *at, size_t size, size_t *got, struct error *err)
{
	return flow_read(seat->tee->flow, &seat->cursor, at, size, got, err);
}

bool tees_end(struct tees_seat *seat, struct error *err)
{
	return flow_end(seat->tee->flow, err);
}
