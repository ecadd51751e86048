/* Whole files in and out. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* Appends the content of path ("-" is stdin) to out, which bounds its size. ERROR_CONFIG or _IO. */
bool file_read(const char *path, struct buf *out, struct error *err);
/* Whether path is a name of standard output: "-", /dev/stdout and the like. */
bool file_is_stdout(const char *path);
/*
 * All that writes follows links only as far as path.h trusts them, and waits for nobody when it
 * opens something. What is no file may have a reader that stops reading: it is waited for half a
 * minute, at standard output and standard error for ever, and in any case no longer than a request
 * to stop allows (cancel_final).
 */

/* Writes to an open file. False: errno, ETIMEDOUT when nobody read it in time. */
bool file_put(int fd, struct str content);
/* Opens path for writing, emptied if it is a file. -1: ERROR_IO. The caller closes it. */
int file_open(const char *path, struct error *err);

/* Writes to an open file, waiting for readers as long as the run may last. False: errno. */
bool file_put(int fd, struct str content);

/* Where a file_producer puts its pieces. */
struct file_sink;
/* Adds content; false with an error for the producer's caller once it cannot be written. */
bool file_add(struct file_sink *sink, struct str piece, struct error *err);
/* Makes a whole content out of ctx by file_add(). Called again where it has to be made again. */
typedef bool file_producer(const void *ctx, struct file_sink *sink, struct error *err);
/*
 * Replaces path by what produce makes: written beside it, synced, then renamed, so that a reader
 * sees the old or the new content and never half of one, and the old one stays when produce fails.
 * Links stay, the file they lead to is replaced. Devices, pipes and descriptors are written in
 * place. ERROR_IO, or the error of produce.
 */
bool file_produce(const char *path, file_producer *produce, const void *ctx, struct error *err);
/* The same for content that is there already. */
bool file_write(const char *path, struct str content, struct error *err);

/* Adds content at the end of path with one write. ERROR_IO. */
bool file_append(const char *path, struct str content, struct error *err);
/*
 * Whether file_write() would succeed now, found out by making the file beside it and removing it
 * again, or by opening what would be written in place. ERROR_IO says why not. *held, if it is not
 * -1, is a pipe that stays open: its reader would take closing it for the end. The caller closes
 * it.
 */
bool file_writable(const char *path, int *held, struct error *err);
