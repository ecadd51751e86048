/* Reading and writing whole files. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* Appends the content of path ("-" is stdin) to out, which bounds its size. ERROR_CONFIG or _IO. */
bool file_read(const char *path, struct buf *out, struct error *err);
/* True when path names standard output: "-", /dev/stdout and the like. */
bool file_is_stdout(const char *path);
/*
 * All functions that write follow links only as far as path.h trusts them, and never block while
 * opening. The reader of a pipe may stop reading: the wait for it lasts half a minute, on standard
 * output and standard error for ever, and always ends with cancel_final().
 */

/* Opens path for writing, emptied if it is a file. -1: ERROR_IO. The caller closes it. */
int file_open(const char *path, struct error *err);
/* The same, but what the file has is kept, and all that is written follows it. */
int file_open_end(const char *path, struct error *err);

/*
 * Writes to an open file, waiting for a reader as above. False: errno, ETIMEDOUT for a reader that
 * took too long.
 */
bool file_put(int fd, struct str content);

/* Takes the pieces of a file_producer. */
struct file_sink;
/* Adds a piece; false once the file cannot be written, and the producer must return that error. */
bool file_add(struct file_sink *sink, struct str piece, struct error *err);
/* Writes the whole content for ctx with file_add(). It may be called a second time. */
typedef bool file_producer(const void *ctx, struct file_sink *sink, struct error *err);
/*
 * Replaces the content of path by what produce writes. A new file is written beside path, synced
 * and renamed, so that a reader sees the old or the new content and never a part, and the old
 * content stays when produce fails. A link stays; the file it leads to is replaced. Devices, pipes
 * and descriptors are written in place. ERROR_IO, or the error of produce.
 */
bool file_produce(const char *path, file_producer *produce, const void *ctx, struct error *err);
/* The same for content in memory. */
bool file_write(const char *path, struct str content, struct error *err);

/* Appends content to path with one write. ERROR_IO. */
bool file_append(const char *path, struct str content, struct error *err);
/*
 * Whether file_write() would succeed now: makes a file beside path and removes it, or opens what
 * would be written in place. ERROR_IO says why not. *held is -1, or a pipe that the caller keeps
 * open until the end, since closing it would end its reader.
 */
bool file_writable(const char *path, int *held, struct error *err);
