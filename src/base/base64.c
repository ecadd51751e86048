/* Mostly for credentials, which are small; the largest input is a bundle of certificates. */
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

/* The place in the alphabet; -1: none. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct str text, struct buf *out)
{
	uint32_t bits = 0;
	unsigned have = 0;
	while (text.len && (text.at[text.len - 1] == '=' || text.at[text.len - 1] == '\n'))
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\n')
			continue;
		int value = value_of(text.at[i]);
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_add_char(out, (char)(bits >> have & 0xff));
		}
	}
	return have < 6;
}
