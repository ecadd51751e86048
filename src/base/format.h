/*
 * What snprintf() does, quickly for the conversions that nearly all of our texts have: %s, %.*s,
 * %d, %u, %zu, %lld, %p and %%. A format with any other is left to the C library, so every format
 * may be used. Safe from any thread.
 */
#pragma once

#include "base/scoped.h"

#include <stdarg.h>
#include <stddef.h>

/*
 * Writes at most size - 1 bytes and a final NUL to at, which may be NULL where size is 0. Returns
 * the length of the whole text, < 0 where it exceeds INT_MAX.
 */
int format_text(char *at, size_t size, const char *format, ...) printf_like(3, 4);
int format_args(char *at, size_t size, const char *format, va_list args) printf_like(3, 0);
