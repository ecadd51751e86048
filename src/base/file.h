/* Whole files in and out. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* Appends the content of path ("-" is stdin) to out, which bounds its size. ERROR_CONFIG or _IO. */
bool file_read(const char *path, struct buf *out, struct error *err);
/*
 * Replaces path by content ("-" is stdout): written beside it, synced, then renamed, so that a
 * reader sees the old or the new content and never half of one. Devices are written in place.
 */
bool file_write(const char *path, struct str content, struct error *err);
/* Adds content at the end of path with one write. ERROR_IO. */
bool file_append(const char *path, struct str content, struct error *err);
/*
 * Whether file_write() would succeed now, found out by making the file beside it and removing it
 * again. ERROR_IO says why not.
 */
bool file_writable(const char *path, struct error *err);
