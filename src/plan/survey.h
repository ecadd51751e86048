/*
 * What a run that writes a plan finds out about each image beside its outcome: what both sides
 * hold, and the blobs that a copy would need.
 *
 * copy/ adds to it from many threads; report/ reads it when they are done. It influences nothing.
 */
#pragma once

#include "plan/task.h"

struct survey;

/* A blob, once in a run. */
struct survey_blob {
	const char *digest;
	int64_t size;
};

struct survey_image {
	const char *held;   /* the digest that the destination's tag held; NULL: none */
	const char *wanted; /* the digest that it is to hold; NULL: no platform fits */
	const struct survey_blob *const *blobs; /* each once */
	size_t blob_count;
};

/* NULL without memory. */
struct survey *survey_new(void);
void survey_free(struct survey **survey);

/* Sets what the image has of both sides, and no blobs. False without memory. */
bool survey_sides(struct survey *survey, const struct task *task, const char *held,
		  const char *wanted);
/* Sets the blobs of an image whose sides are known. False without memory. */
bool survey_blobs(struct survey *survey, const struct task *task, const struct survey_blob *blobs,
		  size_t count);
/* NULL: nothing is known of it. */
const struct survey_image *survey_find(const struct survey *survey, const struct task *task);
