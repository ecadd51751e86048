/*
 * RSA from 2048 to 4096 bits and the three curves that BearSSL computes on. With an even modulus or
 * exponent, or an exponent of one, signatures would prove nothing; a point that is not on its curve
 * is left to the arithmetic, which accepts no signature for it.
 */
#include "net/tls_key.h"

#include "base/scoped.h"
#include "net/tls_der.h"

#include <string.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096, EXPONENT_BYTES = 8 };

static const struct str rsa_encryption = STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
static const struct str ec_public_key = STR("\x2a\x86\x48\xce\x3d\x02\x01");

static const struct {
	struct str id;
	int curve;
	size_t point; /* bytes of an uncompressed point */
} curves[] = {
	{STR("\x2a\x86\x48\xce\x3d\x03\x01\x07"), BR_EC_secp256r1, 65},
	{STR("\x2b\x81\x04\x00\x22"), BR_EC_secp384r1, 97},
	{STR("\x2b\x81\x04\x00\x23"), BR_EC_secp521r1, 133},
};

/* BearSSL's structures have pointers to writable bytes, but nothing writes there. */
static unsigned char *bytes_of(struct str text)
{
	return (unsigned char *)(uintptr_t)text.at;
}

static size_t count_bits(struct str number)
{
	size_t bits = number.len * 8;
	for (unsigned top = (unsigned char)number.at[0]; top < 0x80; top <<= 1)
		bits--;
	return bits;
}

static bool is_odd(struct str number)
{
	return number.at[number.len - 1] & 1;
}

static enum tls_fault read_rsa(struct str bits, br_x509_pkey *out)
{
	struct str numbers, n, e;
	if (!tls_der_expect(&bits, TLS_DER_SEQUENCE, &numbers) || bits.len ||
	    !tls_der_positive(&numbers, &n) || !tls_der_positive(&numbers, &e) || numbers.len ||
	    !is_odd(n) || !is_odd(e) || str_is(e, "\x01"))
		return TLS_FAULT_MALFORMED;
	if (count_bits(n) > RSA_BITS_MAX)
		return TLS_FAULT_KEY_LARGE;
	if (e.len > EXPONENT_BYTES)
		return TLS_FAULT_KEY_KIND;
	out->key_type = BR_KEYTYPE_RSA;
	out->key.rsa = (br_rsa_public_key){bytes_of(n), n.len, bytes_of(e), e.len};
	return count_bits(n) < RSA_BITS_MIN ? TLS_FAULT_KEY_WEAK : TLS_FAULT_NONE;
}

static enum tls_fault read_ec(struct str parameters, struct str bits, br_x509_pkey *out)
{
	struct str curve;
	if (!tls_der_expect(&parameters, TLS_DER_OID, &curve))
		return TLS_FAULT_KEY_KIND;
	for (size_t i = 0; i < array_count(curves); i++) {
		if (!str_equal(curves[i].id, curve))
			continue;
		if (bits.len != curves[i].point || bits.at[0] != 4)
			return TLS_FAULT_KEY_KIND;
		out->key_type = BR_KEYTYPE_EC;
		out->key.ec = (br_ec_public_key){curves[i].curve, bytes_of(bits), bits.len};
		return TLS_FAULT_NONE;
	}
	return TLS_FAULT_KEY_KIND;
}

enum tls_fault tls_key_read(struct str info, br_x509_pkey *out)
{
	struct str fields, algorithm, id, bits;
	*out = (br_x509_pkey){0};
	if (!tls_der_expect(&info, TLS_DER_SEQUENCE, &fields) ||
	    !tls_der_expect(&fields, TLS_DER_SEQUENCE, &algorithm) ||
	    !tls_der_expect(&algorithm, TLS_DER_OID, &id) || !tls_der_bits(&fields, &bits) ||
	    fields.len)
		return TLS_FAULT_MALFORMED;
	if (str_equal(id, rsa_encryption))
		return read_rsa(bits, out);
	if (str_equal(id, ec_public_key))
		return read_ec(algorithm, bits, out);
	return TLS_FAULT_KEY_KIND;
}

void tls_key_copy(const br_x509_pkey *key, unsigned char bytes[TLS_KEY_SIZE], br_x509_pkey *out)
{
	*out = *key;
	if (key->key_type == BR_KEYTYPE_RSA) {
		out->key.rsa.n = memcpy(bytes, key->key.rsa.n, key->key.rsa.nlen);
		out->key.rsa.e =
			memcpy(bytes + key->key.rsa.nlen, key->key.rsa.e, key->key.rsa.elen);
	} else if (key->key_type == BR_KEYTYPE_EC) {
		out->key.ec.q = memcpy(bytes, key->key.ec.q, key->key.ec.qlen);
	}
}
