/*
 * A download under way: the ring between libcurl's write callback and the reader of the body.
 *
 * A full ring pauses the transfer; the reader resumes it when half of the ring is free, since every
 * pause and resume costs system calls. One thread at a time.
 */
#pragma once

#include "base/reader.h"

#include <stdbool.h>
#include <stdint.h>

struct handle;
struct stream;

/*
 * The body as a reader, which may be closed in place of the stream. A body that ends before its
 * announced length: ERROR_NETWORK.
 */
struct reader *stream_reader(struct stream *stream);
/* Gives the handle back; a body that was not read to its end costs the connection. */
void stream_close(struct stream **stream);

/*
 * For http.c: a stream that reads from handle and gives it to release(ctx, handle) when closed. The
 * ring is no larger than size_hint bytes (0: not known) require. NULL without memory.
 */
struct stream *stream_new(struct handle *handle, int64_t size_hint,
			  void (*release)(void *ctx, struct handle *handle), void *ctx);
/*
 * For http.c: the transfer failed. True: the ring still holds bytes, which the reader gets before
 * the reason.
 */
bool stream_failed(struct stream *stream, const struct error *reason);
/* For handle.c: takes len bytes; false when they do not fit, then nothing was taken. */
bool stream_put(struct stream *stream, const void *bytes, size_t len);
