/*
 * What a path leads to, for whoever is about to write there.
 *
 * Links are followed one by one, as far as they can be trusted: a link counts when it belongs to
 * this user or to root and lies in a folder of theirs in which nobody else can replace it. Anybody
 * else's link might lead to a file that only this user can write. Plain record; any thread.
 */
#pragma once

#include "base/error.h"

#include <limits.h>
#include <sys/types.h>

enum path_kind {
	PATH_NOTHING,    /* nothing yet: a file can be made there */
	PATH_FILE,       /* a regular file, which another can replace */
	PATH_FOLDER,     /* nothing to write to */
	PATH_STREAM,     /* what is written in place: a pipe, a terminal, another device */
	PATH_DESCRIPTOR, /* open already: standard output, /dev/fd/3 */
};

struct path {
	enum path_kind kind;
	int descriptor;      /* of PATH_DESCRIPTOR */
	char name[PATH_MAX]; /* behind all links; of a descriptor the name that was given */
	bool regular;        /* a regular file is there, also behind a descriptor */
	bool device;         /* a terminal, /dev/null and the like, also behind a descriptor */
	dev_t dev;           /* with ino: which file it is; of PATH_NOTHING the folder */
	ino_t ino;
};

/* The descriptor that name stands for ("-" is 1), whether or not it is open; -1: none. */
int path_descriptor(const char *name);
/* Finds what is at name, for writing. ERROR_IO: links that cannot be followed, no such folder. */
bool path_find(const char *name, struct path *out, struct error *err);
/*
 * The same for a file that is only read ("-" is standard input), where every link is followed.
 * False: there is none.
 */
bool path_find_input(const char *name, struct path *out);
/*
 * True when both are the same file, whatever their names are, or will be once it is made. Devices
 * are never the same, but by one descriptor: what is written to a terminal or to nowhere meets
 * nothing.
 */
bool path_same(const struct path *a, const struct path *b);
/*
 * Opens it for writing, without waiting for anybody and without truncating; flags are added. The
 * descriptor of PATH_DESCRIPTOR is given as it is. -1: ERROR_IO.
 */
int path_open(const struct path *path, int flags, struct error *err);
