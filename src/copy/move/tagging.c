/*
 * One image at a time pushes a manifest, so that the others that come meanwhile are enlisted for
 * the next push. Where each tag takes a push of its own they do not wait for each other, except for
 * the very first answer of a registry, which shows which kind it is.
 */
#include "copy/move/tagging.h"

#include "base/log.h"
#include "copy/claim.h"

#include <pthread.h>
#include <string.h>

/* A registry of this kind need not take more in one push. */
enum { TAGS_MAX = 10 };

struct tagging {
	struct arena *arena;
	pthread_mutex_t lock; /* guards the list and its entries */
	struct tagging_entry *first;
};

struct tagging *tagging_new(void)
{
	struct arena *arena = arena_new_small();
	struct tagging *tagging = arena ? arena_new_of(arena, struct tagging) : NULL;
	if (!tagging) {
		arena_free(&arena);
		return NULL;
	}
	tagging->arena = arena;
	pthread_mutex_init(&tagging->lock, NULL);
	return tagging;
}

void tagging_free(struct tagging **tagging)
{
	if (!*tagging)
		return;
	struct arena *arena = (*tagging)->arena;
	pthread_mutex_destroy(&(*tagging)->lock);
	*tagging = NULL;
	arena_free(&arena);
}

void tagging_enlist(struct image *image, const char *digest, const char *reference)
{
	struct tagging *tagging = image->copier->tagging;
	struct tagging_entry *entry = &image->tagging;
	const struct image_target *target = &image->target;
	if (entry->image || !target->tag || strcmp(reference, target->tag) != 0 ||
	    target->guarded || store_tagging(image->to) == STORE_TAGS_ONE)
		return;
	pthread_mutex_lock(&tagging->lock);
	*entry = (struct tagging_entry){
		.image = image, .digest = digest, .tag = target->tag, .next = tagging->first};
	tagging->first = entry;
	pthread_mutex_unlock(&tagging->lock);
}

bool tagging_leave(struct image *image)
{
	struct tagging *tagging = image->copier->tagging;
	struct tagging_entry *entry = &image->tagging;
	if (!entry->image)
		return false;
	pthread_mutex_lock(&tagging->lock);
	struct tagging_entry **at = &tagging->first;
	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	bool written = entry->written;
	*entry = (struct tagging_entry){0};
	pthread_mutex_unlock(&tagging->lock);
	return written;
}

/*
 * True when both are the same manifest in the same place, and leave out the same layers: then the
 * one is complete when the other is.
 */
static bool together(const struct tagging_entry *a, const struct tagging_entry *b)
{
	const struct image *left = a->image, *right = b->image;
	return left->to->party == right->to->party && left->foreign == right->foreign &&
	       strcmp(left->to->path, right->to->path) == 0 && strcmp(a->digest, b->digest) == 0;
}

/* The tags that one push can set, the image's own first. False without memory. */
static bool collect(const struct image *image, struct arena *arena, const char *tags[TAGS_MAX],
		    size_t *count)
{
	struct tagging *tagging = image->copier->tagging;
	const struct tagging_entry *own = &image->tagging;
	bool memory = true;
	tags[0] = own->tag;
	*count = 1;
	pthread_mutex_lock(&tagging->lock);
	for (const struct tagging_entry *each = tagging->first; each && memory; each = each->next) {
		if (each == own || each->written || *count == TAGS_MAX || !together(each, own))
			continue;
		tags[*count] = arena_string(arena, each->tag);
		memory = tags[(*count)++];
	}
	pthread_mutex_unlock(&tagging->lock);
	return memory;
}

/* The tag was written. Its image may have left the list meanwhile. */
static void mark_written(const struct image *image, const char *tag)
{
	struct tagging *tagging = image->copier->tagging;
	pthread_mutex_lock(&tagging->lock);
	for (struct tagging_entry *each = tagging->first; each; each = each->next)
		if (together(each, &image->tagging) && strcmp(each->tag, tag) == 0)
			each->written = true;
	pthread_mutex_unlock(&tagging->lock);
}

/* A push went wrong. With its tries it may take long, and others would wait as long for theirs. */
static void mark_alone(const struct image *image)
{
	struct tagging *tagging = image->copier->tagging;
	pthread_mutex_lock(&tagging->lock);
	for (struct tagging_entry *each = tagging->first; each; each = each->next)
		each->alone |= together(each, &image->tagging);
	pthread_mutex_unlock(&tagging->lock);
}

/* What other images have made of its entry so far. */
static struct tagging_entry look(const struct image *image)
{
	struct tagging *tagging = image->copier->tagging;
	pthread_mutex_lock(&tagging->lock);
	struct tagging_entry now = image->tagging;
	pthread_mutex_unlock(&tagging->lock);
	return now;
}

/* Pushes for all that are enlisted. False: the image's own tag is still to be pushed. */
static bool put_together(const struct image *image, const struct push *push)
{
	scoped(arena_free) struct arena *arena = arena_new_small();
	const char *tags[TAGS_MAX];
	bool set[TAGS_MAX] = {false};
	struct error why;
	size_t count;
	if (!arena || !collect(image, arena, tags, &count) || count == 1)
		return false;
	if (!store_put_tags(image->to, push, tags, count, set, &why)) {
		log_debug("%s/%s@%s: %zu tags are pushed one by one: %s", image->to->party_name,
			  image->to->path, push->digest, count, why.text);
		mark_alone(image);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (set[i])
			mark_written(image, tags[i]);
	return set[0];
}

bool tagging_put(struct image *image, const struct push *push, struct push_answer *answer,
		 struct error *err)
{
	scoped(claim_end) struct claim claim = {0};
	const struct store *to = image->to;
	*answer = (struct push_answer){0};
	if (!image->tagging.image || strcmp(push->reference, image->tagging.tag) != 0 ||
	    store_tagging(to) == STORE_TAGS_ONE)
		return store_put(to, push, answer, err);
	if (!claim_begin(&claim, image, err, "tags of %s/%s@%s", to->party_name, to->path,
			 push->digest))
		return false;
	const struct tagging_entry now = look(image);
	if (now.written ||
	    (!now.alone && store_tagging(to) == STORE_TAGS_MANY && put_together(image, push)))
		return claim_pass_on(&claim, true);
	if (look(image).alone || store_tagging(to) == STORE_TAGS_ONE)
		claim_pass_on(&claim, false);
	bool ok = store_put(to, push, answer, err);
	if (ok)
		mark_written(image, push->reference);
	else
		mark_alone(image);
	return claim_pass_on(&claim, ok);
}
