/*
 * The C library takes some five thousand instructions for a text of two words, most of them to fill
 * up fields that have no width. A request has a dozen such texts: names in maps, paths, headers.
 *
 * A format is read twice, since only its end shows whether all of its conversions are known here.
 */
#include "base/format.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The length of the conversion after a '%' at at; 0: it is not known here. */
static size_t conversion(const char *at)
{
	switch (*at) {
	case 's':
	case 'd':
	case 'u':
	case 'p':
	case '%':
		return 1;
	case '.':
		return at[1] == '*' && at[2] == 's' ? 3 : 0;
	case 'z':
		return at[1] == 'u' ? 2 : 0;
	case 'l':
		return at[1] == 'l' && at[2] == 'd' ? 3 : 0;
	default:
		return 0;
	}
}

static const char *next_percent(const char *at)
{
	while (*at && *at != '%')
		at++;
	return at;
}

static bool knows(const char *format)
{
	for (const char *at = next_percent(format); *at; at = next_percent(at)) {
		size_t len = conversion(++at);
		if (!len)
			return false;
		at += len;
	}
	return true;
}

struct text {
	char *at;
	size_t size, len; /* len may exceed size */
	va_list args;
};

static void put(struct text *text, const char *bytes, size_t len)
{
	size_t room = text->len < text->size ? text->size - text->len : 0;
	if (room)
		memcpy(text->at + text->len, bytes, len < room ? len : room);
	text->len += len;
}

static void put_number(struct text *text, uint64_t number, bool negative)
{
	char digits[24];
	size_t at = sizeof(digits);
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	if (negative)
		digits[--at] = '-';
	put(text, digits + at, sizeof(digits) - at);
}

/* As glibc writes it; musl has leading zeros. */
static void put_pointer(struct text *text, const void *pointer)
{
	char digits[2 + 2 * sizeof(pointer)];
	size_t at = sizeof(digits);
	uintptr_t rest = (uintptr_t)pointer;
	do
		digits[--at] = "0123456789abcdef"[rest % 16];
	while (rest /= 16);
	put(text, "0x", 2);
	put(text, digits + at, sizeof(digits) - at);
}

static void put_signed(struct text *text, int64_t number)
{
	put_number(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, number < 0);
}

static void put_string(struct text *text, int most)
{
	const char *string = va_arg(text->args, const char *);
	if (!string)
		string = "(null)";
	put(text, string, most < 0 ? strlen(string) : strnlen(string, (size_t)most));
}

/* One that is known, of which the first character says enough. */
static void convert(struct text *text, const char *what)
{
	switch (*what) {
	case 's':
		put_string(text, -1);
		break;
	case '.':
		put_string(text, va_arg(text->args, int));
		break;
	case 'd':
		put_signed(text, va_arg(text->args, int));
		break;
	case 'u':
		put_number(text, va_arg(text->args, unsigned), false);
		break;
	case 'z':
		put_number(text, va_arg(text->args, size_t), false);
		break;
	case 'p':
		put_pointer(text, va_arg(text->args, const void *));
		break;
	case 'l':
		put_signed(text, va_arg(text->args, long long));
		break;
	default:
		put(text, "%", 1);
	}
}

int format_args(char *at, size_t size, const char *format, va_list args)
{
	struct text text = {.at = at, .size = size};
	if (!knows(format))
		return vsnprintf(at, size, format, args);
	va_copy(text.args, args);
	while (*format) {
		const char *end = next_percent(format);
		put(&text, format, (size_t)(end - format));
		format = end;
		if (!*end)
			break;
		convert(&text, end + 1);
		format = end + 1 + conversion(end + 1);
	}
	va_end(text.args);
	if (size)
		at[text.len < size ? text.len : size - 1] = '\0';
	return text.len <= INT_MAX ? (int)text.len : -1;
}

int format_text(char *at, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int len = format_args(at, size, format, args);
	va_end(args);
	return len;
}
