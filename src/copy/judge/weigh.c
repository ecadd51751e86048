/*
 * Which of the blobs the target has already would take a request for each of them, more than the
 * rest of a plan together. So the sum of their sizes is what is sent at most.
 */
#include "copy/judge/weigh.h"

#include "copy/judge/contents.h"

static bool add(void *ctx, const struct descriptor *blob, struct error *err)
{
	struct buf *found = ctx;
	const struct survey_blob one = {blob->digest, blob->size};
	buf_add(found, &one, sizeof(one));
	return buf_ok(found) || error_memory(err);
}

bool weigh_image(struct image *image, struct error *err)
{
	scoped(buf_finish) struct buf found = {0}; /* of struct survey_blob */
	struct survey *survey = image->copier->options.survey;
	if (!contents_each(image, add, &found, err))
		return false;
	return survey_blobs(survey, image->task, (const struct survey_blob *)(void *)found.at,
			    found.len / sizeof(struct survey_blob)) ||
	       error_memory(err);
}
