/*
 * The record of pending images: one file, and the text that it is to hold.
 *
 * The format is that of the program that had hooks first: one JSON object whose keys are
 * NAME:TAG&DESTINATION, in order of arrival, and whose values mean nothing (0 is written). The
 * file is locked as long as it is open. One thread at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct record_file;

/*
 * Locks the record at path, for which NAME.lock is made beside it, and removes what a process that
 * was killed has left of a save. ERROR_CONFIG: another process has it; ERROR_IO.
 */
bool record_open(const char *path, struct record_file **out, struct error *err);
/* Unlocks it; what was not saved is lost. */
void record_close(struct record_file **file);
/*
 * Reads the keys of the file, in its order; a file that does not exist has none. Keys live in
 * arena, end with a NUL, and may repeat. ERROR_CONFIG: it is no record; ERROR_IO.
 */
bool record_read(const struct record_file *file, struct arena *arena, struct str **keys,
		 size_t *count, struct error *err);

/* Adds a line of record_encode() at the end. Ids grow from line to line. False without memory. */
bool record_append(struct record_file *file, uint64_t id, struct str line);
/* Removes the line with this id, if there is one. */
void record_remove(struct record_file *file, uint64_t id);
/*
 * Replaces the file by all lines. If it is true, they are on disk and survive a loss of power. If
 * it is false (ERROR_IO, _MEMORY), the file holds what it held before, or in rare cases the lines.
 */
bool record_save(struct record_file *file, struct error *err);

/* The parts of a key. */
struct record_key {
	struct str source;      /* host and repository */
	struct str path;        /* the repository, at the end of source */
	struct str image;       /* path:tag&destination, the end of the key */
	struct str tag;         /* "1.0" */
	struct str destination; /* "reg.io/team", or empty */
};
enum { RECORD_SOURCE_MAX = 512, RECORD_DESTINATION_MAX = 512 };

/*
 * Splits a key; the parts are slices of it. ERROR_CONFIG: it is not the name of an image and its
 * destination, of the lengths above.
 */
bool record_split(struct str key, struct record_key *out, struct error *err);
/* Appends the line of a key, a string without a NUL in it. */
void record_encode(const char *key, struct buf *out);
