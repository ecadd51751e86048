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
#include "copy/share/fanout_wait.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/cond.h"
#include "copy/image.h"

#include <string.h>

struct fanout_host *fanout_wait_host(struct fanout *fanout, const char *name)
{
	struct fanout_host *host = fanout->hosts;
	while (host && strcmp(host->name, name) != 0)
		host = host->next;
	if (host || !(host = arena_new_of(fanout->arena, struct fanout_host)))
		return host;
	*host = (struct fanout_host){.name = name, .next = fanout->hosts};
	fanout->hosts = host;
	return host;
}

/* True when somebody asks for the bytes on behalf of that registry. */
static bool asks(const struct shared_blob *shared, const struct fanout_host *host)
{
	for (const struct fanout_branch *branch = shared->branches; branch; branch = branch->next)
		if (branch->asks && branch->image->member.host == host)
			return true;
	return false;
}

/* For whom somebody might wait. */
struct missing {
	struct fanout_host *host;     /* NULL: for nobody */
	struct fanout_group *to_come; /* its image has not begun; else NULL */
};

/* True when the bytes are not asked for on behalf of host, which is worth waiting for. */
static bool is_missing(const struct shared_blob *shared, const struct fanout_host *host, bool late)
{
	return host && (late || host->late_until <= clock_ms()) && !asks(shared, host);
}

/* True when both need the same blobs. */
static bool alike(const struct fanout_member *a, const struct fanout_member *b)
{
	return a->filter == b->filter && a->companions == b->companions;
}

/* One of the images under way with the one that asks. */
static struct fanout_host *find_slower(const struct shared_blob *shared,
				       const struct fanout_member *one, bool late)
{
	for (const struct fanout_member *at = one->group->members; at; at = at->next)
		if (alike(at, one) && !map_get(&at->settled, str_of(shared->blob.digest)) &&
		    is_missing(shared, at->host, late))
			return at->host;
	return NULL;
}

/* One of those that have not begun. */
static struct fanout_host *find_to_come(struct fanout *fanout, const struct shared_blob *shared,
					const struct fanout_member *one, bool late)
{
	const struct fanout_group *group = one->group;
	for (size_t i = 0; i < group->count && !group->crowded; i++) {
		const struct task *task = group->tasks[i];
		if (!task || task->rule->terms.platforms != one->filter ||
		    task->rule->terms.companions != one->companions)
			continue;
		struct fanout_host *host = fanout_wait_host(fanout, task->destination.host);
		if (is_missing(shared, host, late))
			return host;
	}
	return NULL;
}

/* Who may come for the blob and, unless late counts, is worth waiting for? */
static struct missing find_missing(struct fanout *fanout, const struct shared_blob *shared,
				   bool late)
{
	struct missing missing = {0};
	for (struct fanout_branch *branch = shared->branches; branch && !missing.host;
	     branch = branch->next) {
		const struct fanout_member *one = &branch->image->member;
		if (!branch->asks)
			continue;
		missing.host = find_slower(shared, one, late);
		if (missing.host)
			return missing;
		missing.host = find_to_come(fanout, shared, one, late);
		missing.to_come = one->group;
	}
	return missing;
}

void fanout_wait_late(struct fanout_host *host)
{
	host->late_until = clock_ms() + LATE_MS;
	host->held_ms = host->missed_ms = 0;
}

/* All wait for each other, and nobody has for longer than those at this shared. */
static bool is_stuck(const struct fanout *fanout, const struct shared_blob *shared)
{
	for (const struct shared_blob *at = fanout->list; at; at = at->next)
		if (at->deadline && !at->flow && at->deadline < shared->deadline)
			return false;
	return fanout->waiting == fanout->branches;
}

/* Nothing happens: such waits for the same registry have an end all together. */
static void give_up(const struct missing *missing, int64_t waited_ms)
{
	if (missing->to_come)
		missing->to_come->crowded = true;
	missing->host->missed_ms += waited_ms;
	if (missing->host->missed_ms >= PATIENCE_MS)
		fanout_wait_late(missing->host);
}

/* Waits until all are there, or it takes too long. Returns when the flow was begun by another. */
void fanout_wait_gather(struct fanout *fanout, struct shared_blob *shared)
{
	struct missing missing;
	unsigned changes = fanout->changes - 1;
	int64_t begun = clock_ms();
	fanout->waiting++;
	while (!shared->flow && !cancel_requested() &&
	       (missing = find_missing(fanout, shared, false)).host) {
		int64_t left = shared->deadline - clock_ms();
		bool stuck = changes == fanout->changes && is_stuck(fanout, shared);
		if (stuck) {
			give_up(&missing, clock_ms() - begun);
			break;
		}
		changes = fanout->changes;
		if (left <= 0)
			fanout_wait_late(missing.host);
		else
			cond_wait_ms(&fanout->changed, &fanout->lock,
				     left < GLANCE_MS ? left : GLANCE_MS);
	}
	fanout->waiting--;
}

struct fanout_host *fanout_wait_missing(struct fanout *fanout, const struct shared_blob *shared)
{
	return find_missing(fanout, shared, true).host;
}
