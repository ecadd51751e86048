/*
 * A growing, bounded buffer: what text is built in.
 *
 * The first failure (no memory, or more than max bytes) sticks: later additions do nothing and
 * buf_ok() says false, so a text is built without a test behind every piece. The bytes are always
 * followed by a NUL that len does not count. One thread at a time.
 */
#pragma once

#include "base/scoped.h"
#include "base/str.h"

#include <stdarg.h>

struct buf {
	char *at;   /* NULL while empty */
	size_t len; /* bytes in use */
	size_t cap; /* bytes allocated */
	size_t max; /* bytes allowed; 0 stands for BUF_MAX */
	bool failed;
};

enum { BUF_MAX = 64 * 1024 * 1024 };

/* An empty buffer that takes at most max bytes. */
struct buf buf_limit(size_t max);
/* Releases the memory; the buffer is empty and usable again, its limit stays. */
void buf_finish(struct buf *buf);
/* Overwrites the content with zeros, then buf_finish(). For secrets. */
void buf_wipe(struct buf *buf);
/* Empties the buffer and forgets a failure; memory is kept. */
void buf_reset(struct buf *buf);

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_str(struct buf *buf, struct str text);
void buf_add_string(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) printf_like(2, 3);
void buf_vprintf(struct buf *buf, const char *format, va_list args) printf_like(2, 0);

/* False after the first addition that failed. */
bool buf_ok(const struct buf *buf);
struct str buf_str(const struct buf *buf);
/* The content as a string; "" while empty. Valid until the next addition. */
const char *buf_string(const struct buf *buf);
