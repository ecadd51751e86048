/* Whole files in and out. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#include <limits.h>

/* Appends the content of path ("-" is stdin) to out, which bounds its size. ERROR_CONFIG or _IO. */
bool file_read(const char *path, struct buf *out, struct error *err);
/* Whether path is a name of standard output for file_write(): "-", /dev/stdout and the like. */
bool file_is_stdout(const char *path);
/* The folder of the file that path is, or would be made as: links are followed. False: errno. */
bool file_folder(const char *path, char folder[PATH_MAX]);
/*
 * Replaces path by content (see file_is_stdout()): written beside it, synced, then renamed, so that
 * a reader sees the old or the new content and never half of one. Devices are written in place, and
 * so are the files that links point to.
 */
bool file_write(const char *path, struct str content, struct error *err);
/* Adds content at the end of path with one write. ERROR_IO. */
bool file_append(const char *path, struct str content, struct error *err);
/*
 * Whether file_write() would succeed now, found out by making the file beside it and removing it
 * again, or by asking for the rights to what would be written in place. ERROR_IO says why not.
 */
bool file_writable(const char *path, struct error *err);
