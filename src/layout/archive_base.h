/*
 * What the other side of an archive has already: blobs, by repository, that need not be in it. Read
 * from the archive that it got, or from a list that the run before has written, with a repository
 * and a digest in each line.
 *
 * By repository, since a registry may only take from one what that one has. Manifests are never
 * left out, so an archive says by itself which blobs it speaks of.
 */
#pragma once

#include "base/buf.h"
#include "layout/layout.h"

struct archive_base;

/* NULL without memory. paths outlive it; no file is opened yet. */
struct archive_base *archive_base_new(struct arena *arena, const char *const *paths, size_t count);
void archive_base_free(struct archive_base *base);
/* Reads the files, the first time. ERROR_IO, _CORRUPT: one of them is not what it should be. */
bool archive_base_load(struct archive_base *base, struct error *err);
/* True when the other side has the blob in that repository of an archive. */
bool archive_base_has(struct archive_base *base, const char *repository, const char *digest);
/* The names of the files, for messages: "monday.tar, tuesday.tar". */
const char *archive_base_names(const struct archive_base *base);
/* Adds the blobs of all images of a layout. */
bool archive_base_add(struct archive_base *base, struct layout *layout, struct error *err);
/* Appends all that it has, as a list. False without memory. */
bool archive_base_print(const struct archive_base *base, struct buf *out);
