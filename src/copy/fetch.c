/*
 * A configuration is a blob like any other, but it is read into memory: its size is checked before
 * the request, and its digest before parsing.
 */
#include "copy/fetch.h"

#include "base/cancel.h"
#include "base/retry.h"
#include "oci/digest.h"
#include "store/store.h"

#include <string.h>

static bool parse(const struct store *store, struct arena *arena,
		  const struct manifest_bytes *served, struct manifest *out, struct error *err)
{
	return manifest_parse(arena, served->bytes, str_of(served->content_type), out, err) ||
	       error_wrap(err, "manifest %s@%s", store->path, served->digest);
}

bool fetch_manifest(const struct store *store, struct arena *arena, const char *reference,
		    struct manifest *out, struct error *err)
{
	struct manifest_bytes served;
	return store_get(store, arena, reference, &served, err) &&
	       parse(store, arena, &served, out, err);
}

bool fetch_missed(struct image *image, const char *digest, const struct error *err)
{
	const char *named = image->task->source.digest;
	bool asked_for = named && strcmp(named, digest) == 0;
	if (err->kind == ERROR_MISSING && !asked_for)
		atomic_store(&image->lost, true);
	return false;
}

static bool get_source(struct image *image, struct arena *arena, const char *digest,
		       struct manifest_bytes *out, struct error *err)
{
	bool ok = image->shared
			  ? sources_manifest(image->shared, image->from, arena, digest, out, err)
			  : store_get(image->from, arena, digest, out, err);
	return ok || fetch_missed(image, digest, err);
}

bool fetch_source(struct image *image, struct arena *arena, const char *digest,
		  struct manifest *out, struct error *err)
{
	struct manifest_bytes served;
	return get_source(image, arena, digest, &served, err) &&
	       parse(image->from, arena, &served, out, err);
}

bool fetch_closure(struct image *image, struct arena *arena, const char *digest,
		   struct manifest *out, struct error *err)
{
	struct manifest_bytes served;
	if (!get_source(image, arena, digest, &served, err))
		return false;
	if (manifest_closure(arena, served.bytes, str_of(served.content_type), out, err))
		return true;
	return error_wrap(err, "manifest %s@%s", image->from->path, served.digest);
}

/* Reads a body of exactly size bytes into out. */
static bool read_body(struct reader *reader, char *out, size_t size, struct error *err)
{
	char extra;
	size_t got = 0;
	for (size_t at = 0; at < size; at += got) {
		if (!reader->read(reader, out + at, size - at, &got, err))
			return false;
		if (!got)
			return error_set(err, ERROR_CORRUPT, "ended %zu bytes early", size - at);
	}
	if (!reader->read(reader, &extra, 1, &got, err))
		return false;
	return !got || error_set(err, ERROR_CORRUPT, "longer than the %zu bytes announced", size);
}

/* One attempt to read a blob whose size was checked. */
static bool read_blob(const struct store *store, const struct descriptor *blob, char *out,
		      struct error *err)
{
	scoped(reader_close) struct reader *stream = NULL;
	size_t size = (size_t)blob->size;
	struct blob_part part = {.size = blob->size};
	if (!store_open(store, blob->digest, &part, &stream, err))
		return false;
	return (read_body(stream, out, size, err) &&
		digest_verify((struct str){out, size}, str_of(blob->digest), err)) ||
	       error_wrap(err, "blob %s@%s", store->path, blob->digest);
}

static bool read_blob_repeatedly(const struct store *store, const struct descriptor *blob,
				 char *out, struct error *err)
{
	for (unsigned attempt = 0;; attempt++) {
		if (cancel_requested())
			return error_canceled(err);
		if (read_blob(store, blob, out, err))
			return true;
		if (!retry_wait(&retry_default, attempt, err))
			return false;
	}
}

bool fetch_blob(const struct store *store, struct arena *arena, const struct descriptor *blob,
		int64_t max, struct str *out, struct error *err)
{
	if (blob->size > max)
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s has %lld bytes, more than the maximum of %lld", blob->digest,
				 (long long)blob->size, (long long)max);
	char *bytes = arena_alloc(arena, (size_t)blob->size + 1);
	*out = (struct str){bytes, (size_t)blob->size};
	return bytes ? read_blob_repeatedly(store, blob, bytes, err) : error_memory(err);
}

bool fetch_config(const struct store *store, struct arena *arena, const struct manifest *manifest,
		  bool *known, struct image_config *out, struct error *err)
{
	const struct descriptor *config = manifest->config;
	struct str bytes = {0};
	*out = (struct image_config){0};
	*known = config && image_config_known(str_of(config->media_type));
	if (!*known)
		return true;
	if (!fetch_blob(store, arena, config, IMAGE_CONFIG_BYTES_MAX, &bytes, err))
		return err->kind == ERROR_UNSUPPORTED ? error_wrap(err, "image configuration")
						      : false;
	return image_config_parse(arena, bytes, out, err) ||
	       error_wrap(err, "blob %s@%s", store->path, config->digest);
}
