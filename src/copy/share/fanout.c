/*
 * A shared download takes one slot for all its branches, and only once these have gathered. With a
 * slot taken earlier, branches that wait for others and those others, which wait for a slot, could
 * block each other. When the branch with the slot is done, another one gets a slot only if the
 * rules of slots.h allow its pair of registries to have it: a registry that hangs goes on without
 * one rather than taking it from others. The number of shared blobs in flight between two
 * registries is limited all the same, so that uploads do not pile up at a slow registry.
 *
 * Branches are on the stacks of their threads. The lock of struct fanout is taken before those of
 * flows and slots; none is held while bytes are read.
 */
#include "copy/share/fanout_private.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "copy/image.h"
#include "copy/share/fanout_wait.h"

#include <string.h>

struct fanout *fanout_new(void)
{
	struct arena *arena = arena_new();
	struct fanout *fanout = arena ? arena_new_of(arena, struct fanout) : NULL;
	if (!fanout) {
		arena_free(&arena);
		return NULL;
	}
	fanout->arena = arena;
	pthread_mutex_init(&fanout->lock, NULL);
	return fanout;
}

void fanout_free(struct fanout **fanout)
{
	if (!*fanout)
		return;
	struct arena *arena = (*fanout)->arena;
	pthread_mutex_destroy(&(*fanout)->lock);
	*fanout = NULL;
	arena_free(&arena);
}

/* --- groups ------------------------------------------------------------------------------- */

void fanout_arrive(struct fanout *fanout, struct fanout_group *group, struct image *image,
		   const struct task *task)
{
	struct fanout_member *member = &image->member;
	pthread_mutex_lock(&fanout->lock);
	for (size_t i = 0; i < group->count; i++)
		if (group->tasks[i] == task)
			group->tasks[i] = NULL;
	member->filter = rule_terms(task->rule)->platforms;
	member->companions = rule_terms(task->rule)->companions;
	member->host = fanout_wait_host(fanout, task->destination.host);
	if (member->host) {
		member->group = group;
		member->next = group->members;
		group->members = member;
	}
	pthread_mutex_unlock(&fanout->lock);
}

void fanout_depart(struct fanout *fanout, struct image *image)
{
	struct fanout_member *member = &image->member;
	if (!member->group)
		return;
	pthread_mutex_lock(&fanout->lock);
	struct fanout_member **at = &member->group->members;
	while (*at != member)
		at = &(*at)->next;
	*at = member->next;
	map_finish(&member->settled);
	fanout_wait_wake_group(fanout, member->group);
	pthread_mutex_unlock(&fanout->lock);
}

void fanout_settle(struct fanout *fanout, struct image *image, const char *digest)
{
	struct fanout_member *member = &image->member;
	if (!member->group)
		return;
	pthread_mutex_lock(&fanout->lock);
	/* Without memory the other images wait a while for this one, although it will not come. */
	(void)map_put(&member->settled, str_of(digest), member);
	fanout_wait_wake_blob(fanout, digest);
	pthread_mutex_unlock(&fanout->lock);
}

/* --- branches -------------------------------------------------------------------------------- */

/*
 * The shared download that a branch for the blob can join; NULL: there is none. A download whose
 * first bytes are gone is of no use, nor is one from another repository: a blob that is missing or
 * denied there may be available here. Caller holds the lock.
 */
static struct shared_blob *find_shared(struct fanout *fanout, const struct image *image,
				       const struct descriptor *blob)
{
	for (struct shared_blob *shared = fanout->list; shared; shared = shared->next)
		if (shared->from->party == image->from->party && shared->blob.size == blob->size &&
		    shared->blob.nondistributable == blob->nondistributable &&
		    strcmp(shared->from->path, image->from->path) == 0 &&
		    strcmp(shared->blob.digest, blob->digest) == 0 &&
		    (!shared->flow || flow_open(shared->flow)))
			return shared;
	return NULL;
}

/* NULL without memory. Caller holds the lock. */
static struct shared_blob *add_shared(struct fanout *fanout, const struct image *image,
				      const struct descriptor *blob)
{
	struct arena *arena = arena_new();
	struct shared_blob *shared = arena ? arena_new_of(arena, struct shared_blob) : NULL;
	const struct store *from = NULL;
	struct descriptor kept;
	struct error ignored;
	/* The copies are for the other images, because this one may be done first. */
	if (!shared || !manifest_keep(arena, blob, &kept) ||
	    !store_at(&image->copier->options.stores, &image->task->source, NULL, arena, &from,
		      &ignored)) {
		arena_free(&arena);
		return NULL;
	}
	*shared = (struct shared_blob){
		.arena = arena, .next = fanout->list, .from = from, .blob = kept};
	cond_init(&shared->changed);
	fanout->list = shared;
	return shared;
}

/* Adds the branch to a shared download for the blob. Without memory it stays alone. */
static void link_branch(struct fanout *fanout, struct fanout_branch *branch,
			const struct descriptor *blob)
{
	pthread_mutex_lock(&fanout->lock);
	struct shared_blob *shared = find_shared(fanout, branch->image, blob);
	if (!shared)
		shared = add_shared(fanout, branch->image, blob);
	if (shared) {
		branch->shared = shared;
		branch->next = shared->branches;
		shared->branches = branch;
		fanout->branches++;
		fanout->changes++;
	}
	pthread_mutex_unlock(&fanout->lock);
}

void fanout_enter(struct fanout *fanout, struct fanout_branch *branch, struct image *image,
		  const struct descriptor *blob, bool alone)
{
	bool large = slots_needed(blob->size);
	*branch = (struct fanout_branch){.image = image};
	if (!alone && image->member.group) {
		branch->in_lane = large && slots_lane_enter(image->copier->slots, image->lane);
		link_branch(fanout, branch, blob);
	}
	if (!branch->shared && large) {
		slots_enter(image->copier->slots, image->lane);
		branch->has_slot = true;
	}
}

/* Frees the download when its last branch has left. */
static void close_shared(struct shared_blob *shared)
{
	struct arena *arena = shared->arena;
	ranges_close(&shared->ranges);
	flow_free(&shared->flow);
	pthread_cond_destroy(&shared->changed);
	arena_free(&arena);
}

/* True: that was the last branch, and the download is off the list. Caller holds the lock. */
static bool unlink_branch(struct fanout *fanout, struct fanout_branch *branch)
{
	struct shared_blob *shared = branch->shared;
	struct fanout_host *host = branch->image->member.host;
	struct fanout_branch **at = &shared->branches;
	while (*at && *at != branch)
		at = &(*at)->next;
	if (*at)
		*at = branch->next;
	fanout->branches--;
	fanout->changes++;
	if (branch->cursor.joined)
		host->held_ms += flow_leave(shared->flow, &branch->cursor);
	if (branch->cursor.dropped || host->held_ms >= GRACE_MS)
		fanout_wait_late(fanout, host);
	if (shared->branches)
		return false;
	struct shared_blob **listed = &fanout->list;
	while (*listed != shared)
		listed = &(*listed)->next;
	*listed = shared->next;
	return true;
}

/* Takes a slot for a branch that has none, if it may have one now. Caller holds the lock. */
static void try_slot(struct fanout_branch *branch)
{
	if (!branch->has_slot && slots_needed(branch->shared->blob.size))
		branch->has_slot = slots_try(branch->image->copier->slots, branch->image->lane);
}

void fanout_detach(struct fanout *fanout, struct fanout_branch *branch)
{
	struct shared_blob *shared = branch->shared;
	if (!shared)
		return;
	pthread_mutex_lock(&fanout->lock);
	bool last = unlink_branch(fanout, branch);
	try_slot(branch);
	pthread_mutex_unlock(&fanout->lock);
	branch->shared = NULL;
	if (last)
		close_shared(shared);
}

void fanout_leave(struct fanout *fanout, struct fanout_branch *branch)
{
	struct shared_blob *shared = branch->shared;
	pthread_mutex_lock(&fanout->lock);
	bool last = shared && unlink_branch(fanout, branch);
	if (branch->has_slot)
		slots_leave(branch->image->copier->slots, branch->image->lane);
	if (branch->in_lane)
		slots_lane_leave(branch->image->copier->slots, branch->image->lane);
	if (branch->has_slot && shared && !last)
		try_slot(shared->branches);
	pthread_mutex_unlock(&fanout->lock);
	if (last)
		close_shared(shared);
}

/* --- bytes ----------------------------------------------------------------------------------- */

static bool end_download(struct reader *reader, struct error *err)
{
	struct throttle_reader *slow = (struct throttle_reader *)reader;
	return ranges_end((struct ranges *)slow->source, err);
}

/* Joins the branch to the flow. A registry that was late gets no grace. Caller holds the lock. */
static void give_cursor(struct fanout_branch *branch)
{
	const struct fanout_host *host = branch->image->member.host;
	if (host->late_until <= clock_ms())
		branch->cursor.grace_ms = GRACE_MS - host->held_ms;
	flow_join(branch->shared->flow, &branch->cursor);
}

/*
 * Begins the download for all branches that ask for the bytes; without memory each of them stays
 * alone. Caller holds the lock.
 */
static void begin(struct fanout *fanout, struct shared_blob *shared,
		  const struct copier_options *options)
{
	const struct flow_source source = {
		.reader = &shared->slow.reader, .end = end_download, .size = shared->blob.size};
	ranges_prepare(&shared->ranges, shared->from, &shared->blob, 0, false, options->ranges);
	throttle_attach(options->throttle, &shared->ranges.reader, &shared->slow);
	shared->flow = flow_new(&source);
	for (struct fanout_branch *branch = shared->branches; branch && shared->flow;
	     branch = branch->next)
		if (branch->asks)
			give_cursor(branch);
	fanout_wait_wake(fanout, shared);
}

/* Waits for the other images, then for a slot that serves all branches. False: the run stops. */
static bool prepare(struct fanout *fanout, struct fanout_branch *branch, struct error *err)
{
	const struct image *image = branch->image;
	struct shared_blob *shared = branch->shared;
	pthread_mutex_lock(&fanout->lock);
	branch->asks = true;
	if (!shared->deadline)
		shared->deadline = clock_ms() + PATIENCE_MS;
	fanout_wait_wake(fanout, shared);
	fanout_wait_gather(fanout, shared);
	pthread_mutex_unlock(&fanout->lock);
	bool has_slot = slots_needed(shared->blob.size) &&
			slots_share(image->copier->slots, image->lane, &shared->slot_taken);
	pthread_mutex_lock(&fanout->lock);
	branch->has_slot |= has_slot;
	pthread_mutex_unlock(&fanout->lock);
	return !cancel_requested() || error_canceled(err);
}

/* Joins the branch to the flow, unless it is alone. Caller holds the lock. */
static void join(struct fanout *fanout, struct fanout_branch *branch)
{
	struct shared_blob *shared = branch->shared;
	bool has_others = shared->branches->next || fanout_wait_missing(fanout, shared);
	if (!shared->flow && has_others)
		begin(fanout, shared, &branch->image->copier->options);
	if (shared->flow && !branch->cursor.joined)
		give_cursor(branch);
}

bool fanout_open(struct fanout *fanout, struct fanout_branch *branch, bool *joined,
		 struct error *err)
{
	*joined = false;
	if (!branch->shared)
		return true;
	if (!prepare(fanout, branch, err))
		return false;
	pthread_mutex_lock(&fanout->lock);
	join(fanout, branch);
	*joined = branch->cursor.joined;
	pthread_mutex_unlock(&fanout->lock);
	if (*joined && flow_wait(branch->shared->flow, &branch->cursor, err))
		return true;
	if (*joined && !branch->cursor.dropped)
		return false;
	*joined = false;
	fanout_detach(fanout, branch);
	return true;
}

bool fanout_read(struct fanout_branch *branch, void *at, size_t size, size_t *got,
		 struct error *err)
{
	return flow_read(branch->shared->flow, &branch->cursor, at, size, got, err);
}

bool fanout_end(struct fanout_branch *branch, struct error *err)
{
	return flow_end(branch->shared->flow, err);
}
