/*
 * A folder has thousands of tags, and index.json is written as a whole. So what comes while it is
 * being written waits, and goes into it together with the next writing: one of those that wait
 * writes for all of them.
 */
#include "layout/layout_put.h"

#include "layout/layout_blobs.h"
#include "layout/layout_change.h"
#include "layout/layout_make.h"
#include "layout/layout_manifests.h"
#include "oci/manifest.h"
#include "oci/referrers.h"

#include <string.h>

/*
 * A manifest that is to be listed in index.json, or taken out of it. It lives on the stack of the
 * thread that waits.
 */
struct layout_addition {
	const char *gone; /* what is taken out; NULL: something is put in */
	bool was_there;   /* what was to be taken out */
	const struct push *push;
	const struct manifest *manifest;
	const char *name; /* its tag; NULL: it gets none */
	bool listed;      /* even without a name or a subject */
	bool done, ok;
	struct error *err;
	struct layout_addition *next;
};

/* --- one of them ---------------------------------------------------------------------------- */

static bool add_entry(struct layout *layout, const char *name, struct str entry, struct error *err)
{
	pthread_mutex_lock(&layout->lock);
	bool ok = layout_index_add(layout->arena, &layout->index, name, entry, err);
	pthread_mutex_unlock(&layout->lock);
	return ok;
}

static bool drop(struct layout *layout, const char *reference)
{
	pthread_mutex_lock(&layout->lock);
	bool found = layout_index_drop(&layout->index, reference);
	pthread_mutex_unlock(&layout->lock);
	return found;
}

/* Lists a manifest under a name, unless that is so already. */
static bool add_name(struct layout *layout, const char *name, const char *media_type,
		     const char *digest, size_t size, struct error *err)
{
	scoped(buf_finish) struct buf entry = {0};
	struct error ignored;
	const struct layout_index *index = &layout->index;
	const struct layout_entry *old =
		name ? layout_index_find(index, index->version + 1, name, &ignored)
		     : layout_index_digest(index, index->version + 1, digest);
	if (old && strcmp(old->digest, digest) == 0)
		return true;
	layout_index_describe(media_type, digest, (int64_t)size, name, NULL, &entry);
	return buf_ok(&entry) ? add_entry(layout, name, buf_str(&entry), err) : error_memory(err);
}

/* Lists a manifest as a referrer of its subject, under the fallback tag. */
static bool add_referrer(struct layout *layout, const struct manifest *manifest, const char *digest,
			 struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(map_finish) struct map known = {0};
	char list_digest[DIGEST_TEXT_SIZE];
	struct str old, list;
	const char *tag = arena ? layout_manifests_fallback(arena, manifest->subject) : NULL;
	struct str described = tag ? referrers_describe(arena, manifest, digest) : (struct str){0};
	if (!described.len)
		return error_memory(err);
	if (!layout_manifests_list(layout, layout->index.version + 1, arena, manifest->subject,
				   &old, err) ||
	    (old.len && !referrers_read(arena, old, &known, err)))
		return false;
	if (!map_get(&known, str_of(digest))) {
		if (!referrers_append(arena, old, &described, 1, &list, err))
			return false;
		digest_of(list, list_digest);
		if (!layout_blobs_put(layout, list_digest, list, err) ||
		    !add_name(layout, tag, "application/vnd.oci.image.index.v1+json", list_digest,
			      list.len, err))
			return false;
	}
	return layout_index_digest(&layout->index, layout->index.version + 1, digest) ||
	       add_entry(layout, NULL, described, err);
}

static bool add(struct layout *layout, struct layout_addition *addition)
{
	const struct push *push = addition->push;
	struct error *err = addition->err;
	if (addition->gone) {
		addition->was_there = drop(layout, addition->gone);
		return true;
	}
	if (addition->manifest->subject &&
	    !add_referrer(layout, addition->manifest, push->digest, err))
		return false;
	return !addition->listed || add_name(layout, addition->name, push->media_type, push->digest,
					     push->bytes.len, err);
}

/* --- all that wait -------------------------------------------------------------------------- */

/* Takes all that wait out of the queue, or only own. */
static struct layout_addition *take(struct layout_queue *queue, struct layout_addition *own,
				    bool all)
{
	struct layout_addition **link = &queue->first, *taken = own;
	pthread_mutex_lock(&queue->lock);
	if (all) {
		taken = queue->first;
		queue->first = NULL;
		queue->count = 0;
	} else {
		while (*link != own)
			link = &(*link)->next;
		*link = own->next;
		queue->count--;
		own->next = NULL;
	}
	pthread_mutex_unlock(&queue->lock);
	return taken;
}

static void add_all(struct layout_change *change, struct layout_addition *first)
{
	struct error err;
	for (struct layout_addition *each = first; each; each = each->next)
		each->ok = add(change->layout, each);
	if (!change->layout->index.changed || layout_change_write(change, &err))
		return;
	for (struct layout_addition *each = first; each; each = each->next) {
		if (each->ok)
			*each->err = err;
		each->ok = false;
	}
}

/* Lets the threads go on whose additions were taken, and another one lead. */
static void release(struct layout_queue *queue, struct layout_addition *first)
{
	pthread_mutex_lock(&queue->lock);
	for (struct layout_addition *each = first, *next; each; each = next) {
		next = each->next; /* it is gone once it is done */
		each->done = true;
	}
	queue->busy = false;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
}

/* What hinders only this thread, such as the end of its image, leaves the others waiting. */
static void lead(struct layout *layout, struct layout_addition *own)
{
	struct layout_change change;
	bool begun = layout_change_begin(layout, &change, own->err);
	struct layout_addition *taken = take(&layout->queue, own, begun);
	if (begun)
		add_all(&change, taken);
	layout_change_end(&change);
	release(&layout->queue, taken);
}

static void append(struct layout_queue *queue, struct layout_addition *addition)
{
	struct layout_addition **link = &queue->first;
	while (*link)
		link = &(*link)->next;
	*link = addition;
	queue->count++;
}

static bool add_together(struct layout *layout, struct layout_addition *own)
{
	struct layout_queue *queue = &layout->queue;
	pthread_mutex_lock(&queue->lock);
	append(queue, own);
	while (!own->done && queue->busy)
		pthread_cond_wait(&queue->changed, &queue->lock);
	bool leads = !own->done;
	queue->busy |= leads;
	pthread_mutex_unlock(&queue->lock);
	if (leads)
		lead(layout, own);
	return own->ok;
}

/* --- what is put ---------------------------------------------------------------------------- */

static bool refuse_incomplete(struct push_answer *answer, struct error *err)
{
	answer->incomplete = true;
	error_set(err, ERROR_REJECTED, "the layout misses %s", answer->missing);
	err->http_status = 0;
	err->retry_after = -1;
	err->exhausted = err->awaited = err->stopped = false;
	err->shared = 0;
	return false;
}

bool layout_put(struct layout *layout, const char *named, const struct push *push,
		struct push_answer *answer, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest manifest;
	bool tagged = strchr(push->reference, ':') == NULL;
	*answer = (struct push_answer){.incomplete = false};
	if (!arena)
		return error_memory(err);
	if (!manifest_parse(arena, push->bytes, str_of(push->media_type), &manifest, err) ||
	    !layout_manifests_complete(layout, push->bytes, push->media_type, answer->missing, err))
		return false;
	if (*answer->missing)
		return refuse_incomplete(answer, err);
	answer->subject = manifest.subject != NULL;
	if (!layout_make(layout, err) || !layout_blobs_put(layout, push->digest, push->bytes, err))
		return false;
	struct layout_addition own = {.push = push,
				      .manifest = &manifest,
				      .name = tagged ? push->reference : NULL,
				      .listed =
					      tagged || (named && strcmp(named, push->digest) == 0),
				      .err = err};
	return (!own.listed && !manifest.subject) || add_together(layout, &own);
}

bool layout_put_away(struct layout *layout, const char *reference, enum store_removal *out,
		     struct error *err)
{
	struct layout_addition own = {.gone = reference, .err = err};
	*out = STORE_NOT_SO;
	if (layout->archive)
		return true;
	if (!add_together(layout, &own))
		return false;
	*out = own.was_there ? STORE_REMOVED : STORE_GONE;
	return true;
}
