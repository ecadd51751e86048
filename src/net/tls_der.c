/*
 * Strict on purpose: bytes that can be read in two ways can show two certificates, so any encoding
 * but the one that DER allows is refused.
 */
#include "net/tls_der.h"

enum { LENGTH_BYTES = 3 };

bool tls_der_next(struct str *in, struct tls_der *out)
{
	const unsigned char *at = (const unsigned char *)in->at;
	if (in->len < 2 || (at[0] & 0x1f) == 0x1f)
		return false;
	size_t header = 2, length = at[1];
	if (length >= 0x80) {
		size_t count = length - 0x80;
		if (!count || count > LENGTH_BYTES || in->len < 2 + count || !at[2])
			return false;
		for (length = 0; header < 2 + count; header++)
			length = length << 8 | at[header];
		if (length < 0x80)
			return false;
	}
	if (in->len - header < length)
		return false;
	out->tag = at[0];
	out->value = (struct str){in->at + header, length};
	out->whole = (struct str){in->at, header + length};
	*in = str_from(*in, header + length);
	return true;
}

bool tls_der_expect(struct str *in, unsigned char tag, struct str *value)
{
	struct tls_der element;
	struct str rest = *in;
	if (!tls_der_next(&rest, &element) || element.tag != tag)
		return false;
	*in = rest;
	*value = element.value;
	return true;
}

bool tls_der_bits(struct str *in, struct str *value)
{
	struct str bits, rest = *in;
	if (!tls_der_expect(&rest, TLS_DER_BITS, &bits) || !bits.len || bits.at[0] != 0)
		return false;
	*in = rest;
	*value = str_from(bits, 1);
	return true;
}

bool tls_der_positive(struct str *in, struct str *value)
{
	struct str number, rest = *in;
	if (!tls_der_expect(&rest, TLS_DER_INTEGER, &number) || !number.len)
		return false;
	const unsigned char *at = (const unsigned char *)number.at;
	if (at[0] >= 0x80 || (at[0] == 0 && (number.len < 2 || at[1] < 0x80)))
		return false;
	*in = rest;
	*value = at[0] ? number : str_from(number, 1);
	return true;
}
