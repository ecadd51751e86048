/*
 * Archives: OCI image layouts in one tar file, or in volumes of one (volumes.h).
 *
 * One is written in one pass, blobs as they come, each once; index.json and oci-layout are at its
 * end. One is read where its members are, without unpacking it. In one run an archive is either
 * read or written. Its repositories are told apart by the names in index.json: "team/app:v1". Any
 * thread.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "oci/digest.h"

struct archive;
struct archive_index;

/* NULL without memory. split: of volumes.h, for one that is written. */
struct archive *archive_new(struct arena *arena, const char *path, bool written, int64_t split);
/* Closes it; one that was begun and not finished is removed. */
void archive_close(struct archive *archive);

const char *archive_path(const struct archive *archive);
/* Opens one that is read, the first time. What is in one that is written is known anyway. */
bool archive_open(struct archive *archive, struct error *err);
/* Begins one that is written, the first time. */
bool archive_start(struct archive *archive, struct error *err);
bool archive_is_written(const struct archive *archive);
/* True when it was begun. */
bool archive_is_begun(const struct archive *archive);
/* Reads a member that is no blob into arena. ERROR_MISSING: there is none. */
bool archive_member(struct archive *archive, const char *name, struct arena *arena, struct str *out,
		    struct error *err);
/* For archive_index.c: what it has read. */
struct archive_index *archive_index_of(struct archive *archive);
/* The annotation of index.json that names the archives whose blobs are left out. */
#define ARCHIVE_BASE_ANNOTATION "io.github.image-syncer.base"

/* The name of a blob among the members. */
struct blob_name {
	char text[sizeof("blobs/") + DIGEST_TEXT_SIZE];
};
const char *archive_blob_name(const char *digest, struct blob_name *out);
/* True when it has the blob; *size becomes its size. */
bool archive_has(struct archive *archive, const char *digest, int64_t *size);
/* ERROR_MISSING: it does not have the blob, and which archives may. Returns false. */
bool archive_lacks(struct archive *archive, const char *digest, struct error *err);
/* Reads bytes of a blob that it has. */
bool archive_read(struct archive *archive, const char *digest, int64_t offset, void *at,
		  size_t size, size_t *got, struct error *err);
/* After a blob had wrong bytes: says in the log which volume is damaged, if one is. */
void archive_blame(struct archive *archive, const char *digest);

/*
 * Begins a member; others wait until archive_end(). ERROR_CANCELED: the run ends.
 */
bool archive_begin(struct archive *archive, const char *name, int64_t size, struct error *err);
bool archive_add(struct archive *archive, const void *bytes, size_t len, struct error *err);
/* Ends it; keep: else nothing of it stays. */
bool archive_end(struct archive *archive, bool keep, struct error *err);
/* A whole member. */
bool archive_put(struct archive *archive, const char *name, struct str bytes, struct error *err);
/* Puts the archive on disk, with all that was put into it. */
bool archive_finish(struct archive *archive, struct error *err);
