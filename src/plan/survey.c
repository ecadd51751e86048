/*
 * Images share most of their blobs, so each blob is kept once, and an image has the addresses of
 * its own. Records are replaced when an image is tried again; what they held stays in the arena.
 */
#include "plan/survey.h"

#include "base/map.h"

#include <pthread.h>

struct survey {
	struct arena *arena; /* holds this struct as well */
	pthread_mutex_t lock;
	struct map images; /* address of a task -> struct survey_image */
	struct map blobs;  /* digest -> struct survey_blob */
};

static struct str key_of(const struct task *const *task)
{
	return (struct str){(const char *)task, sizeof(*task)};
}

struct survey *survey_new(void)
{
	struct arena *arena = arena_new();
	struct survey *survey = arena ? arena_new_of(arena, struct survey) : NULL;
	if (!survey) {
		arena_free(&arena);
		return NULL;
	}
	survey->arena = arena;
	pthread_mutex_init(&survey->lock, NULL);
	return survey;
}

void survey_free(struct survey **survey)
{
	if (!*survey)
		return;
	struct arena *arena = (*survey)->arena;
	map_finish(&(*survey)->images);
	map_finish(&(*survey)->blobs);
	pthread_mutex_destroy(&(*survey)->lock);
	*survey = NULL;
	arena_free(&arena);
}

/* False without memory. */
static bool keep(struct survey *survey, const char *text, const char **out)
{
	*out = text ? arena_string(survey->arena, text) : NULL;
	return !text || *out;
}

static bool add_sides(struct survey *survey, const struct task *task, const char *held,
		      const char *wanted)
{
	struct survey_image *image = map_get(&survey->images, key_of(&task));
	if (!image)
		image = arena_new_of(survey->arena, struct survey_image);
	if (!image)
		return false;
	*image = (struct survey_image){.blob_count = 0};
	return keep(survey, held, &image->held) && keep(survey, wanted, &image->wanted) &&
	       map_put(&survey->images, key_of(&task), image);
}

bool survey_sides(struct survey *survey, const struct task *task, const char *held,
		  const char *wanted)
{
	pthread_mutex_lock(&survey->lock);
	bool ok = add_sides(survey, task, held, wanted);
	pthread_mutex_unlock(&survey->lock);
	return ok;
}

/* The one record of the blob; NULL without memory. */
static const struct survey_blob *intern(struct survey *survey, const struct survey_blob *blob)
{
	struct survey_blob *known = map_get(&survey->blobs, str_of(blob->digest));
	if (known)
		return known;
	known = arena_new_of(survey->arena, struct survey_blob);
	if (!known || !keep(survey, blob->digest, &known->digest) ||
	    !map_put(&survey->blobs, str_of(blob->digest), known))
		return NULL;
	known->size = blob->size;
	return known;
}

static bool add_blobs(struct survey *survey, const struct task *task,
		      const struct survey_blob *blobs, size_t count)
{
	struct survey_image *image = map_get(&survey->images, key_of(&task));
	const struct survey_blob **own = arena_array(survey->arena, count + 1, sizeof(*own));
	if (!image || !own)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!(own[i] = intern(survey, &blobs[i])))
			return false;
	image->blobs = own;
	image->blob_count = count;
	return true;
}

bool survey_blobs(struct survey *survey, const struct task *task, const struct survey_blob *blobs,
		  size_t count)
{
	pthread_mutex_lock(&survey->lock);
	bool ok = add_blobs(survey, task, blobs, count);
	pthread_mutex_unlock(&survey->lock);
	return ok;
}

const struct survey_image *survey_find(const struct survey *survey, const struct task *task)
{
	return map_get(&survey->images, key_of(&task));
}
