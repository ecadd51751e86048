/*
 * The place among the blobs in flight is taken when those who share it are together, or those who
 * wait for a place and those who wait for them would wait for each other; one serves them all. When
 * the one that has it is done, it is given on only if the registry of another may have it by the
 * rules of places: a registry that hangs goes without, rather than to take one from the others. How
 * many blobs are on their way between two registries is limited all the same, so that a slow one
 * does not collect uploads.
 *
 * The seats are on the stacks of their threads. Of the locks, this one comes before those of a flow
 * and of the places; none is held while bytes are read.
 */
#include "copy/share/tees_private.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "copy/image.h"
#include "copy/share/tees_wait.h"

#include <string.h>

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

void tees_arrive(struct tees *tees, struct tees_company *company, struct image *image,
		 const struct task *task)
{
	struct tees_member *member = &image->member;
	pthread_mutex_lock(&tees->lock);
	for (size_t i = 0; i < company->count; i++)
		if (company->tasks[i] == task)
			company->tasks[i] = NULL;
	member->filter = task->rule->terms.platforms;
	member->companions = task->rule->terms.companions;
	member->host = tees_wait_host(tees, task->destination.host);
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
	/* Without memory the others wait for it a while, although it will not come. */
	(void)map_put(&member->settled, str_of(digest), member);
	tell(tees);
	pthread_mutex_unlock(&tees->lock);
}

/* --- tees ------------------------------------------------------------------------------------ */

/*
 * Called locked. A tee of which bytes are gone is of no use to who comes now, nor is one that reads
 * another repository: what is missing or denied there need not be here.
 */
static struct tee *find_tee(struct tees *tees, const struct image *image,
			    const struct descriptor *blob)
{
	for (struct tee *tee = tees->list; tee; tee = tee->next)
		if (tee->from->party == image->from->party && tee->blob.size == blob->size &&
		    tee->blob.nondistributable == blob->nondistributable &&
		    strcmp(tee->from->path, image->from->path) == 0 &&
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
	const struct store *from = NULL;
	struct descriptor kept;
	struct error ignored;
	/* The image that comes first may be done before the others are. */
	if (!tee || !manifest_keep(arena, blob, &kept) ||
	    !store_at(&image->copier->options.stores, &image->task->source, false, arena, &from,
		      &ignored)) {
		arena_free(&arena);
		return NULL;
	}
	*tee = (struct tee){.arena = arena, .next = tees->list, .from = from, .blob = kept};
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
	bool large = places_needed(blob->size);
	*seat = (struct tees_seat){.image = image};
	if (!alone && image->member.company) {
		seat->counted = large && places_board(image->copier->places, image->lane);
		board(tees, seat, blob);
	}
	if (!seat->tee && large) {
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
	while (*at && *at != seat)
		at = &(*at)->next;
	if (*at)
		*at = seat->next;
	tees->seats--;
	if (seat->cursor.joined)
		host->held_ms += flow_leave(tee->flow, &seat->cursor);
	if (seat->cursor.dropped || host->held_ms >= GRACE_MS)
		tees_wait_late(host);
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
	if (seat->counted)
		places_disembark(seat->image->copier->places, seat->image->lane);
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
	download_prepare(&tee->download, tee->from, &tee->blob, 0, false);
	throttle_attach(throttle, &tee->download.reader, &tee->slow);
	tee->flow = flow_new(&source);
	for (struct tees_seat *seat = tee->seats; seat && tee->flow; seat = seat->next)
		if (seat->asks)
			give_cursor(seat);
}

/* Waits for the others, and for a place, which is for all of them. False: the run is to stop. */
static bool prepare(struct tees *tees, struct tees_seat *seat, struct error *err)
{
	const struct image *image = seat->image;
	struct tee *tee = seat->tee;
	pthread_mutex_lock(&tees->lock);
	seat->asks = true;
	if (!tee->deadline)
		tee->deadline = clock_ms() + PATIENCE_MS;
	tell(tees);
	tees_wait_gather(tees, tee);
	pthread_mutex_unlock(&tees->lock);
	bool placed = places_needed(tee->blob.size) &&
		      places_share(image->copier->places, image->lane, &tee->held);
	pthread_mutex_lock(&tees->lock);
	seat->placed |= placed;
	pthread_mutex_unlock(&tees->lock);
	return !cancel_requested() || error_canceled(err);
}

/* Called locked: gets the seat a cursor, unless it is alone. */
static void join(struct tees *tees, struct tees_seat *seat)
{
	struct tee *tee = seat->tee;
	bool company = tee->seats->next || tees_wait_missing(tees, tee);
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
	if (!prepare(tees, seat, err))
		return false;
	pthread_mutex_lock(&tees->lock);
	join(tees, seat);
	*shared = seat->cursor.joined;
	pthread_mutex_unlock(&tees->lock);
	if (*shared && flow_wait(seat->tee->flow, &seat->cursor, err))
		return true;
	if (*shared && !seat->cursor.dropped)
		return false;
	*shared = false;
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
