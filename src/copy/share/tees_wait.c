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
 */
#include "copy/share/tees_wait.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/cond.h"
#include "copy/image.h"

#include <string.h>

struct tees_host *tees_wait_host(struct tees *tees, const char *name)
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

/* True when both need the same blobs. */
static bool alike(const struct tees_member *a, const struct tees_member *b)
{
	return a->filter == b->filter && a->companions == b->companions;
}

/* One of the images under way with the one that asks. */
static struct tees_host *find_slower(const struct tee *tee, const struct tees_member *one,
				     bool late)
{
	for (const struct tees_member *at = one->company->members; at; at = at->next)
		if (alike(at, one) && !map_get(&at->settled, str_of(tee->blob.digest)) &&
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
		if (!task || task->rule->terms.platforms != one->filter ||
		    task->rule->terms.companions != one->companions)
			continue;
		struct tees_host *host = tees_wait_host(tees, task->destination.host);
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

void tees_wait_late(struct tees_host *host)
{
	host->late_until = clock_ms() + LATE_MS;
	host->held_ms = host->missed_ms = 0;
}

/* All wait for each other, and nobody has for longer than those at this tee. */
static bool is_stuck(const struct tees *tees, const struct tee *tee)
{
	for (const struct tee *at = tees->list; at; at = at->next)
		if (at->deadline && !at->flow && at->deadline < tee->deadline)
			return false;
	return tees->waiting == tees->seats;
}

/* Nothing happens: such waits for the same registry have an end all together. */
static void give_up(const struct missing *missing, int64_t waited_ms)
{
	if (missing->to_come)
		missing->to_come->crowded = true;
	missing->host->missed_ms += waited_ms;
	if (missing->host->missed_ms >= PATIENCE_MS)
		tees_wait_late(missing->host);
}

/* Waits until all are there, or it takes too long. Returns when the flow was begun by another. */
void tees_wait_gather(struct tees *tees, struct tee *tee)
{
	struct missing missing;
	unsigned changes = tees->changes - 1;
	int64_t begun = clock_ms();
	tees->waiting++;
	while (!tee->flow && !cancel_requested() &&
	       (missing = find_missing(tees, tee, false)).host) {
		int64_t left = tee->deadline - clock_ms();
		bool stuck = changes == tees->changes && is_stuck(tees, tee);
		if (stuck) {
			give_up(&missing, clock_ms() - begun);
			break;
		}
		changes = tees->changes;
		if (left <= 0)
			tees_wait_late(missing.host);
		else
			cond_wait_ms(&tees->changed, &tees->lock,
				     left < GLANCE_MS ? left : GLANCE_MS);
	}
	tees->waiting--;
}

struct tees_host *tees_wait_missing(struct tees *tees, const struct tee *tee)
{
	return find_missing(tees, tee, true).host;
}
