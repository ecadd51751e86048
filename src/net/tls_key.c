/*
 * RSA from 2048 bits, three curves and Ed25519, as far as the engine computes with them. With an
 * even modulus or exponent, or an exponent of one, signatures would prove nothing; a point that is
 * not on its curve is left to the arithmetic, which accepts no signature for it.
 */
#include "net/tls_key.h"

#include "base/scoped.h"
#include "net/tls_der.h"
#include "net/tls_engine.h"
#include "net/tls_pss.h"

enum { RSA_BITS_MIN = 2048, EXPONENT_BYTES = 8 };

static const struct str rsa_encryption = STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
static const struct str ec_public_key = STR("\x2a\x86\x48\xce\x3d\x02\x01");
static const struct str ed25519 = STR("\x2b\x65\x70");

enum { ED25519_BYTES = 32 };

static const struct {
	struct str id;
	enum tls_key_kind kind;
	size_t point; /* bytes of an uncompressed point */
} curves[] = {
	{STR("\x2a\x86\x48\xce\x3d\x03\x01\x07"), TLS_KEY_P256, 65},
	{STR("\x2b\x81\x04\x00\x22"), TLS_KEY_P384, 97},
	{STR("\x2b\x81\x04\x00\x23"), TLS_KEY_P521, 133},
};

bool tls_key_on_curve(const struct tls_key *key)
{
	return key->kind == TLS_KEY_P256 || key->kind == TLS_KEY_P384 || key->kind == TLS_KEY_P521;
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

static enum tls_fault read_rsa(struct str bits, enum tls_key_kind kind, struct tls_key *out)
{
	struct str numbers, n, e;
	if (!tls_der_expect(&bits, TLS_DER_SEQUENCE, &numbers) || bits.len ||
	    !tls_der_positive(&numbers, &n) || !tls_der_positive(&numbers, &e) || numbers.len ||
	    !is_odd(n) || !is_odd(e) || str_is(e, "\x01"))
		return TLS_FAULT_MALFORMED;
	if (count_bits(n) > tls_engine.rsa_bits_max)
		return TLS_FAULT_KEY_LARGE;
	if (e.len > EXPONENT_BYTES)
		return TLS_FAULT_KEY_KIND;
	out->kind = kind;
	out->modulus = n;
	out->exponent = e;
	return count_bits(n) < RSA_BITS_MIN ? TLS_FAULT_KEY_WEAK : TLS_FAULT_NONE;
}

/* A key that only makes signatures which are refused is one of no known kind. */
static enum tls_fault read_rsa_pss(struct str parameters, struct str bits, struct tls_key *out)
{
	struct tls_pss limits;
	if (parameters.len && !tls_pss_read(parameters, &limits))
		return TLS_FAULT_KEY_KIND;
	out->limits = parameters;
	return read_rsa(bits, TLS_KEY_RSA_PSS, out);
}

static enum tls_fault read_ec(struct str parameters, struct str bits, struct tls_key *out)
{
	struct str curve;
	if (!tls_der_expect(&parameters, TLS_DER_OID, &curve))
		return TLS_FAULT_KEY_KIND;
	for (size_t i = 0; i < array_count(curves); i++) {
		if (!str_equal(curves[i].id, curve))
			continue;
		if (bits.len != curves[i].point || bits.at[0] != 4)
			return TLS_FAULT_KEY_KIND;
		out->kind = curves[i].kind;
		out->point = bits;
		return TLS_FAULT_NONE;
	}
	return TLS_FAULT_KEY_KIND;
}

static enum tls_fault read_ed25519(struct str parameters, struct str bits, struct tls_key *out)
{
	if (parameters.len || bits.len != ED25519_BYTES)
		return TLS_FAULT_MALFORMED;
	out->kind = TLS_KEY_ED25519;
	out->point = bits;
	return TLS_FAULT_NONE;
}

enum tls_fault tls_key_read(struct str info, struct tls_key *out)
{
	struct str rest = info, fields, algorithm, id, bits;
	*out = (struct tls_key){.info = info};
	if (!tls_der_expect(&rest, TLS_DER_SEQUENCE, &fields) ||
	    !tls_der_expect(&fields, TLS_DER_SEQUENCE, &algorithm) ||
	    !tls_der_expect(&algorithm, TLS_DER_OID, &id) || !tls_der_bits(&fields, &bits) ||
	    fields.len)
		return TLS_FAULT_MALFORMED;
	if (str_equal(id, rsa_encryption))
		return read_rsa(bits, TLS_KEY_RSA, out);
	if (str_equal(id, ec_public_key))
		return read_ec(algorithm, bits, out);
	if (tls_pss_is(id))
		return read_rsa_pss(algorithm, bits, out);
	if (str_equal(id, ed25519) && tls_engine.modern)
		return read_ed25519(algorithm, bits, out);
	return TLS_FAULT_KEY_KIND;
}
