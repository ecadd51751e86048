/*
 * What a path leads to, for a caller that is about to write there.
 *
 * Links are followed one by one, as far as they can be trusted: a link must belong to this user or
 * to root, and lie in a folder of theirs where nobody else can replace it. Another user's link
 * might lead to a file that only this user can write. Plain record; any thread.
 */
#pragma once

#include "base/error.h"

#include <limits.h>
#include <sys/types.h>

enum path_kind {
	PATH_NOTHING,    /* does not exist; a file can be created there */
	PATH_FILE,       /* a regular file, which can be replaced */
	PATH_FOLDER,     /* a folder, which cannot be written to */
	PATH_STREAM,     /* written in place: a pipe, a terminal, another device */
	PATH_DESCRIPTOR, /* an open descriptor: standard output, /dev/fd/3 */
};

struct path {
	enum path_kind kind;
	int descriptor; /* its number, for PATH_DESCRIPTOR */
	/* with all links followed; for a descriptor, the name that was given */
	char name[PATH_MAX];
	bool regular; /* it is a regular file, perhaps an open descriptor's */
	/* it is a terminal, /dev/null or the like, perhaps an open descriptor's */
	bool device;
	dev_t dev; /* dev and ino identify the file; for PATH_NOTHING, its folder */
	ino_t ino;
};

/* The descriptor that name stands for ("-" is 1), whether or not it is open; -1: none. */
int path_descriptor(const char *name);
/*
 * Finds what name leads to, for writing. ERROR_IO: a link that cannot be followed, or no such
 * folder.
 */
bool path_find(const char *name, struct path *out, struct error *err);
/*
 * The same for a file that is only read ("-" is standard input): every link is followed. False: it
 * does not exist.
 */
bool path_find_input(const char *name, struct path *out);
/*
 * True when both are the same file, or will be once it exists, whatever their names are. A device
 * equals only the same descriptor: nothing written to a terminal or /dev/null can overwrite
 * anything.
 */
bool path_same(const struct path *a, const struct path *b);
/*
 * Opens it for writing, without blocking and without truncating; flags are added. For
 * PATH_DESCRIPTOR the result is that descriptor itself. -1: ERROR_IO.
 */
int path_open(const struct path *path, int flags, struct error *err);
