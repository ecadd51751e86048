/*
 * Credentials are short, but a file of certificate authorities has 200 KB, which each start over
 * https reads: so decoding searches no alphabet, and adds three bytes at a time.
 */
#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i += 3) {
		size_t left = text.len - i;
		uint32_t bits = (uint32_t)(unsigned char)text.at[i] << 16;
		if (left > 1)
			bits |= (uint32_t)(unsigned char)text.at[i + 1] << 8;
		if (left > 2)
			bits |= (unsigned char)text.at[i + 2];
		buf_add_char(out, alphabet[bits >> 18]);
		buf_add_char(out, alphabet[bits >> 12 & 63]);
		buf_add_char(out, left > 1 ? alphabet[bits >> 6 & 63] : '=');
		buf_add_char(out, left > 2 ? alphabet[bits & 63] : '=');
	}
}

/* -1: not in the alphabet. */
static int value_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Appends the first count of the three bytes in bits. */
static void add_bytes(struct buf *out, uint32_t bits, size_t count)
{
	const char bytes[] = {(char)(bits >> 16 & 0xff), (char)(bits >> 8 & 0xff),
			      (char)(bits & 0xff)};
	buf_add(out, bytes, count);
}

bool base64_decode(struct str text, struct buf *out)
{
	uint32_t bits = 0;
	size_t have = 0; /* digits in bits */
	while (text.len && (text.at[text.len - 1] == '=' || text.at[text.len - 1] == '\n'))
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\n')
			continue;
		int value = value_of(text.at[i]);
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if (++have == 4) {
			add_bytes(out, bits, 3);
			have = 0;
		}
	}
	if (have > 1)
		add_bytes(out, bits << (4 - have) * 6, have - 1);
	return have != 1;
}
