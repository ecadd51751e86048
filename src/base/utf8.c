/*
 * The range of the second byte alone separates valid characters from overlong forms, surrogates and
 * numbers that are too large.
 */
#include "base/utf8.h"

static bool between(unsigned char byte, unsigned low, unsigned high)
{
	return byte >= low && byte <= high;
}

/* The length that the first byte announces, and the range of the second byte. */
static size_t promised(unsigned char first, unsigned *low, unsigned *high)
{
	*low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first < 0x80)
		return 1;
	if (between(first, 0xc2, 0xdf))
		return 2;
	if (between(first, 0xe0, 0xef))
		return 3;
	return between(first, 0xf0, 0xf4) ? 4 : 0;
}

size_t utf8_length(struct str text)
{
	if (!text.len)
		return 0;
	const unsigned char *at = (const unsigned char *)text.at;
	unsigned low, high;
	size_t len = promised(at[0], &low, &high);
	if (len > text.len || (len > 1 && !between(at[1], low, high)))
		return 0;
	for (size_t i = 2; i < len; i++)
		if (!between(at[i], 0x80, 0xbf))
			return 0;
	return len;
}

size_t utf8_decode(struct str text, uint32_t *code)
{
	size_t len = utf8_length(text);
	*code = 0;
	if (len == 1)
		*code = (unsigned char)text.at[0];
	else if (len)
		*code = (unsigned char)text.at[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		*code = *code << 6 | ((unsigned char)text.at[i] & 0x3f);
	return len;
}
