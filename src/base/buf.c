/*
 * Growth doubles, so building n bytes costs O(n); the limit is checked before memory is asked
 * for.
 */
#include "base/buf.h"

#include "base/format.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct buf buf_limit(size_t max)
{
	return (struct buf){.max = max};
}

void buf_finish(struct buf *buf)
{
	free(buf->at);
	*buf = (struct buf){.max = buf->max};
}

void buf_wipe(struct buf *buf)
{
	if (buf->at)
		explicit_bzero(buf->at, buf->cap);
	buf_finish(buf);
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->at)
		buf->at[0] = '\0';
}

/* Makes room for len more bytes and the final NUL. */
static bool reserve(struct buf *buf, size_t len)
{
	size_t max = buf->max ? buf->max : BUF_MAX;
	if (buf->failed || len > max || buf->len > max - len) {
		buf->failed = true;
		return false;
	}
	size_t need = buf->len + len + 1;
	if (need <= buf->cap)
		return true;
	size_t cap = buf->cap ? buf->cap * 2 : 256;
	if (cap < need)
		cap = need;
	char *at = realloc(buf->at, cap);
	if (!at) {
		buf->failed = true;
		return false;
	}
	buf->at = at;
	buf->cap = cap;
	return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
	if (!reserve(buf, len))
		return;
	if (len)
		memcpy(buf->at + buf->len, bytes, len);
	buf->len += len;
	buf->at[buf->len] = '\0';
}

void buf_add_str(struct buf *buf, struct str text)
{
	buf_add(buf, text.at, text.len);
}

void buf_add_string(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

/* It is written to what is there already, and once more where that is too little. */
void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	size_t room = buf->cap - buf->len;
	char *end = buf->at ? buf->at + buf->len : NULL;
	va_list again;
	va_copy(again, args);
	int len = format_args(end, room, format, again);
	va_end(again);
	if (len < 0)
		buf->failed = true;
	if (len < 0 || !reserve(buf, (size_t)len)) {
		if (end)
			*end = '\0';
		return;
	}
	if ((size_t)len >= room)
		format_args(buf->at + buf->len, (size_t)len + 1, format, args);
	buf->len += (size_t)len;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_vprintf(buf, format, args);
	va_end(args);
}

bool buf_ok(const struct buf *buf)
{
	return !buf->failed;
}

struct str buf_str(const struct buf *buf)
{
	return (struct str){buf->at, buf->len};
}

const char *buf_string(const struct buf *buf)
{
	return buf->at ? buf->at : "";
}
