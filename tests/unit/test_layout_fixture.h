/* Layouts in a folder of their own, images in memory, and a small copy of one to the other. */
#pragma once

#define _XOPEN_SOURCE 700 /* for nftw() */

#include "layout/layout_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"

static char base[64]; /* the folder that all of it is in */

static inline int remove_one(const char *path, const struct stat *info, int type, struct FTW *way)
{
	(void)info;
	(void)type;
	(void)way;
	return remove(path);
}

static inline int remove_all(const char *path)
{
	enum { DESCRIPTORS = 16 };
	return nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}

static inline int make_base(void **state)
{
	(void)state;
	/* In memory, where a sync takes no time. */
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(base, sizeof(base), "%s/layout-test-XXXXXX", where);
	return mkdtemp(base) ? 0 : 1;
}

static inline int remove_base(void **state)
{
	(void)state;
	return remove_all(base);
}

/* --- images --------------------------------------------------------------------------------- */

/* An image of one layer. */
struct picture {
	char layer[300], config[64], manifest[1024];
	char layer_digest[DIGEST_TEXT_SIZE], config_digest[DIGEST_TEXT_SIZE];
	char digest[DIGEST_TEXT_SIZE];
};

static inline void make_picture(const char *seed, struct picture *out)
{
	snprintf(out->layer, sizeof(out->layer), "the layer of %s: %0200d", seed, 7);
	snprintf(out->config, sizeof(out->config), "{\"os\":\"%s\"}", seed);
	digest_of(str_of(out->layer), out->layer_digest);
	digest_of(str_of(out->config), out->config_digest);
	snprintf(out->manifest, sizeof(out->manifest),
		 "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE "\",\"config\":{"
		 "\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\","
		 "\"size\":%zu},\"layers\":[{\"mediaType\":"
		 "\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%zu}]}",
		 out->config_digest, strlen(out->config), out->layer_digest, strlen(out->layer));
	digest_of(str_of(out->manifest), out->digest);
}

/* Bytes in memory as the body of an upload. */
struct body {
	struct reader reader;
	struct str left;
};

static inline bool body_read(struct reader *reader, void *at, size_t size, size_t *got,
			     struct error *err)
{
	struct body *body = (struct body *)reader;
	(void)err;
	*got = size < body->left.len ? size : body->left.len;
	if (*got)
		memcpy(at, body->left.at, *got);
	body->left = str_from(body->left, *got);
	return true;
}

/* --- copies --------------------------------------------------------------------------------- */

static inline bool send_bytes(const struct store *store, const char *digest, struct str bytes,
			      struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct body body = {.reader = {.read = body_read}, .left = bytes};
	const struct blob_offer offer = {.digest = digest, .size = (int64_t)bytes.len};
	struct blob_upload upload;
	if (!arena)
		return error_memory(err);
	if (!store_offer(store, arena, &offer, &upload, err))
		return false;
	return upload.present || store_send(store, &upload, &body.reader, err);
}

static inline bool put_manifest(const struct store *store, const struct picture *picture,
				const char *reference, struct push_answer *answer,
				struct error *err)
{
	const struct push push = {.reference = reference,
				  .digest = picture->digest,
				  .media_type = MANIFEST_TYPE,
				  .bytes = str_of(picture->manifest)};
	return store_put(store, &push, answer, err);
}

/* Copies the image to the tag, as copy/ does. */
static inline bool copy_picture(const struct store *store, const struct picture *picture,
				const char *tag, struct error *err)
{
	struct push_answer answer;
	return send_bytes(store, picture->config_digest, str_of(picture->config), err) &&
	       send_bytes(store, picture->layer_digest, str_of(picture->layer), err) &&
	       put_manifest(store, picture, tag, &answer, err);
}

/* The folder called name in base, to write to. */
static inline const struct store *store_in(struct layouts *layouts, const char *name,
					   struct arena *arena, bool target)
{
	static const struct creation *const some = (const struct creation *)base;
	const struct stores stores = layout_store_opener(layouts);
	const struct reference reference = {
		.host = "oci:", .repository = arena_printf(arena, "%s/%s", base + 1, name)};
	const struct store *store = NULL;
	struct error err;
	assert_true(store_at(&stores, &reference, target ? some : NULL, arena, &store, &err));
	return store;
}

/* The digest of a tag, with all its parts there as they should be; NULL: there is no such tag. */
static inline const char *whole_image(const struct store *store, const char *tag,
				      const struct picture *pictures, size_t count,
				      struct arena *arena)
{
	struct manifest_status status;
	struct manifest_bytes bytes;
	struct error err;
	if (!store_head(store, arena, tag, &status, &err))
		fail_msg("%s", err.text);
	if (!status.found)
		return NULL;
	if (!store_get(store, arena, tag, &bytes, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < count; i++) {
		const struct picture *picture = &pictures[i];
		const char *const parts[] = {picture->config_digest, picture->layer_digest};
		const char *const texts[] = {picture->config, picture->layer};
		if (strcmp(picture->digest, status.digest) != 0)
			continue;
		for (size_t j = 0; j < array_count(parts); j++) {
			struct blob_part part = {.size = (int64_t)strlen(texts[j])};
			struct reader *reader;
			char piece[512] = "";
			size_t got;
			if (!store_open(store, parts[j], &part, &reader, &err) ||
			    !reader->read(reader, piece, sizeof(piece), &got, &err))
				fail_msg("%s", err.text);
			reader_close(&reader);
			assert_memory_equal(piece, texts[j], strlen(texts[j]));
		}
	}
	return status.digest;
}
