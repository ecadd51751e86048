/*
 * A registry states no size for a whole image, so its manifests are read, which the copy takes from
 * image->known afterwards. Sizes are those that manifests state: a blob of another size fails when
 * it is copied.
 */
#include "copy/judge/size.h"

#include "copy/document.h"

#include <stdint.h>

struct size_search {
	struct image *image;
	struct map seen; /* digests that were counted */
	int64_t bytes;
};

static void search_finish(struct size_search *search)
{
	map_finish(&search->seen);
}

/* False without memory. */
static bool first_time(struct size_search *search, const char *digest, bool *first)
{
	*first = !map_get(&search->seen, str_of(digest));
	return !*first || map_put(&search->seen, str_of(digest), search);
}

static bool add_blob(struct size_search *search, const struct descriptor *blob, struct error *err)
{
	bool first;
	if (blob->nondistributable && search->image->foreign != FOREIGN_COPY)
		return true;
	if (!first_time(search, blob->digest, &first))
		return error_memory(err);
	if (!first)
		return true;
	search->bytes =
		blob->size > INT64_MAX - search->bytes ? INT64_MAX : search->bytes + blob->size;
	return true;
}

static bool add(struct size_search *search, const char *digest, int depth, struct error *err)
{
	struct manifest manifest;
	bool first;
	if (!first_time(search, digest, &first))
		return error_memory(err);
	if (!first)
		return true;
	if (!document_get(search->image, DOCUMENT_SOURCE, digest, depth, &manifest, err))
		return false;
	for (size_t i = 0; i < manifest.blob_count; i++)
		if (!add_blob(search, &manifest.blobs[i], err))
			return false;
	for (size_t i = 0; i < manifest.child_count; i++) {
		const struct descriptor *child = &manifest.children[i];
		/* What is no manifest by its type is a blob, such as a layer of a build cache. */
		bool blob = media_kind(str_of(child->media_type)) == MEDIA_OTHER;
		if (blob ? !add_blob(search, child, err)
			 : !add(search, child->digest, depth + 1, err))
			return false;
	}
	return true;
}

/* Appends "4.2 GB". */
static void print_size(int64_t bytes, struct buf *out)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	double number = (double)bytes;
	size_t unit = 0;
	for (; number >= 1000 && unit + 1 < array_count(units); unit++)
		number /= 1000;
	buf_printf(out, "%.4g %s", number, units[unit]);
}

bool size_check(struct image *image, struct error *err)
{
	int64_t most = rule_terms(image->task->rule)->max_bytes;
	scoped(search_finish) struct size_search search = {.image = image};
	scoped(buf_finish) struct buf size = {0}, allowed = {0};
	if (!most)
		return true;
	if (!add(&search, image->wanted, 1, err))
		return false;
	if (search.bytes <= most)
		return true;
	print_size(search.bytes, &size);
	print_size(most, &allowed);
	return error_set(err, ERROR_REFUSED, "the image has %s, and max-bytes allows %s",
			 buf_string(&size), buf_string(&allowed));
}
