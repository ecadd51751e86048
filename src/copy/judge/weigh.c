/*
 * Which of the blobs the target has already would take a request for each of them, more than the
 * rest of a plan together. So the sum of their sizes is what is sent at most.
 */
#include "copy/judge/weigh.h"

#include "copy/document.h"

struct weighing {
	struct image *image;
	struct map seen;  /* digests of manifests and blobs */
	struct buf found; /* of struct survey_blob */
};

static void weighing_finish(struct weighing *weighing)
{
	map_finish(&weighing->seen);
	buf_finish(&weighing->found);
}

/* *first: digest was not seen before. False without memory. */
static bool see(struct weighing *weighing, const char *digest, bool *first)
{
	*first = !map_get(&weighing->seen, str_of(digest));
	return !*first || map_put(&weighing->seen, str_of(digest), weighing);
}

static bool add_blob(struct weighing *weighing, const struct descriptor *blob, struct error *err)
{
	bool first;
	if (blob->nondistributable && weighing->image->foreign != FOREIGN_COPY)
		return true;
	if (!see(weighing, blob->digest, &first))
		return error_memory(err);
	if (!first)
		return true;
	const struct survey_blob found = {blob->digest, blob->size};
	buf_add(&weighing->found, &found, sizeof(found));
	return buf_ok(&weighing->found) || error_memory(err);
}

static bool weigh(struct weighing *weighing, const char *digest, int depth, struct error *err)
{
	struct manifest manifest;
	bool first;
	if (!see(weighing, digest, &first))
		return error_memory(err);
	if (!first)
		return true;
	if (!document_get(weighing->image, DOCUMENT_SOURCE, digest, depth, &manifest, err))
		return false;
	for (size_t i = 0; i < manifest.blob_count; i++)
		if (!add_blob(weighing, &manifest.blobs[i], err))
			return false;
	for (size_t i = 0; i < manifest.child_count; i++) {
		const struct descriptor *child = &manifest.children[i];
		bool known = media_kind(str_of(child->media_type)) != MEDIA_OTHER;
		if (known ? !weigh(weighing, child->digest, depth + 1, err)
			  : !add_blob(weighing, child, err))
			return false;
	}
	return true;
}

bool weigh_image(struct image *image, struct error *err)
{
	scoped(weighing_finish) struct weighing weighing = {.image = image};
	struct survey *survey = image->copier->options.survey;
	if (!weigh(&weighing, image->wanted, 1, err))
		return false;
	return survey_blobs(survey, image->task, (const struct survey_blob *)weighing.found.at,
			    weighing.found.len / sizeof(struct survey_blob)) ||
	       error_memory(err);
}
