/*
 * When a download can begin depends on which other images will need the blob. That is not known in
 * advance: a destination may already hold it, or mount it. So each image records the blobs that it
 * has settled, and an image that has not settled a blob, or has not begun, may still need it.
 * Waiting for such images is worth while, since all do the same work in the same order. But a
 * registry that hangs, or just has more to do, must not slow down the others. So the wait is short,
 * and a registry that was missed or too slow is not waited for during the next half minute: it
 * costs the others a small part of their time at most.
 *
 * Even so, branches of one part of an image may wait for images that wait for them in another part,
 * or no thread may be left for the images to come. Both show in that nothing happens at all; then
 * the branch that has waited longest goes on.
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

/* True when a branch to that registry asks for the bytes. */
static bool asks(const struct shared_blob *shared, const struct fanout_host *host)
{
	for (const struct fanout_branch *branch = shared->branches; branch; branch = branch->next)
		if (branch->asks && branch->image->member.host == host)
			return true;
	return false;
}

/* A registry that may still need a blob. */
struct missing {
	struct fanout_host *host;     /* NULL: there is none */
	struct fanout_group *to_come; /* the group, if the image has not begun; else NULL */
};

/* True when host does not ask for the bytes yet, and is worth waiting for or late ones count. */
static bool is_missing(const struct shared_blob *shared, const struct fanout_host *host, bool late)
{
	return host && (late || host->late_until <= clock_ms()) && !asks(shared, host);
}

/* True when both images need the same blobs. */
static bool alike(const struct fanout_member *a, const struct fanout_member *b)
{
	return a->filter == b->filter && a->companions == b->companions;
}

/* The registry of an image under way that has not settled the blob. */
static struct fanout_host *find_slower(const struct shared_blob *shared,
				       const struct fanout_member *asker, bool late)
{
	for (const struct fanout_member *at = asker->group->members; at; at = at->next)
		if (alike(at, asker) && !map_get(&at->settled, str_of(shared->blob.digest)) &&
		    is_missing(shared, at->host, late))
			return at->host;
	return NULL;
}

/* The registry of an image that has not begun. */
static struct fanout_host *find_to_come(struct fanout *fanout, const struct shared_blob *shared,
					const struct fanout_member *asker, bool late)
{
	const struct fanout_group *group = asker->group;
	for (size_t i = 0; i < group->count && !group->crowded; i++) {
		const struct task *task = group->tasks[i];
		if (!task || rule_terms(task->rule)->platforms != asker->filter ||
		    rule_terms(task->rule)->companions != asker->companions)
			continue;
		struct fanout_host *host = fanout_wait_host(fanout, task->destination.host);
		if (is_missing(shared, host, late))
			return host;
	}
	return NULL;
}

/* Finds a registry that may still need the blob; one that is marked as late only if late. */
static struct missing find_missing(struct fanout *fanout, const struct shared_blob *shared,
				   bool late)
{
	struct missing missing = {0};
	for (struct fanout_branch *branch = shared->branches; branch && !missing.host;
	     branch = branch->next) {
		const struct fanout_member *asker = &branch->image->member;
		if (!branch->asks)
			continue;
		missing.host = find_slower(shared, asker, late);
		if (missing.host)
			return missing;
		missing.host = find_to_come(fanout, shared, asker, late);
		missing.to_come = asker->group;
	}
	return missing;
}

void fanout_wait_wake(struct fanout *fanout, struct shared_blob *shared)
{
	fanout->changes++;
	pthread_cond_broadcast(&shared->changed);
}

void fanout_wait_wake_blob(struct fanout *fanout, const char *digest)
{
	for (struct shared_blob *at = fanout->list; at; at = at->next)
		if (strcmp(at->blob.digest, digest) == 0)
			fanout_wait_wake(fanout, at);
	fanout->changes++;
}

static bool is_for(const struct shared_blob *shared, const struct fanout_group *group)
{
	const struct fanout_branch *branch = shared->branches;
	while (branch && branch->image->member.group != group)
		branch = branch->next;
	return branch != NULL;
}

void fanout_wait_wake_group(struct fanout *fanout, const struct fanout_group *group)
{
	for (struct shared_blob *at = fanout->list; at; at = at->next)
		if (is_for(at, group))
			fanout_wait_wake(fanout, at);
	fanout->changes++;
}

void fanout_wait_late(struct fanout *fanout, struct fanout_host *host)
{
	host->late_until = clock_ms() + LATE_MS;
	host->held_ms = host->missed_ms = 0;
	for (struct shared_blob *at = fanout->list; at; at = at->next)
		fanout_wait_wake(fanout, at);
}

/* True when all branches wait for others, and those of shared have waited longest. */
static bool is_stuck(const struct fanout *fanout, const struct shared_blob *shared)
{
	for (const struct shared_blob *at = fanout->list; at; at = at->next)
		if (at->deadline && !at->flow && at->deadline < shared->deadline)
			return false;
	return fanout->waiting == fanout->branches;
}

/* Ends a wait in which nothing happens; all waits for one registry share its PATIENCE_MS. */
static void give_up(struct fanout *fanout, const struct missing *missing, int64_t waited_ms)
{
	if (missing->to_come) {
		missing->to_come->crowded = true;
		fanout_wait_wake_group(fanout, missing->to_come);
	}
	missing->host->missed_ms += waited_ms;
	if (missing->host->missed_ms >= PATIENCE_MS)
		fanout_wait_late(fanout, missing->host);
}

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
			give_up(fanout, &missing, clock_ms() - begun);
			break;
		}
		changes = fanout->changes;
		if (left <= 0)
			fanout_wait_late(fanout, missing.host);
		else
			cond_wait_ms(&shared->changed, &fanout->lock,
				     left < GLANCE_MS ? left : GLANCE_MS);
	}
	fanout->waiting--;
}

struct fanout_host *fanout_wait_missing(struct fanout *fanout, const struct shared_blob *shared)
{
	return find_missing(fanout, shared, true).host;
}
