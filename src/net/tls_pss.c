/*
 * What is left out has its default, which is SHA-1 for both hashes. Signatures of SHA-1 can be
 * forged, so they are refused; as a mask it does no harm, since nothing there depends on
 * collisions. A default may also be written out, and a hash may have NULL as its parameters: both
 * exist, and the certificate says everything twice, byte for byte.
 */
#include "net/tls_pss.h"

#include "base/scoped.h"
#include "net/tls_der.h"

enum { SALT_DEFAULT = 20, TRAILER_BC = 1 };

static const struct str hashes[] = {
	[TLS_PSS_SHA1] = STR("\x2b\x0e\x03\x02\x1a"),
	[TLS_PSS_SHA224] = STR("\x60\x86\x48\x01\x65\x03\x04\x02\x04"),
	[TLS_PSS_SHA256] = STR("\x60\x86\x48\x01\x65\x03\x04\x02\x01"),
	[TLS_PSS_SHA384] = STR("\x60\x86\x48\x01\x65\x03\x04\x02\x02"),
	[TLS_PSS_SHA512] = STR("\x60\x86\x48\x01\x65\x03\x04\x02\x03"),
};

bool tls_pss_is(struct str id)
{
	return str_is(id, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a");
}

/* Reads an AlgorithmIdentifier that is all of in: its OID, and what follows it. */
static bool read_algorithm(struct str in, struct str *id, struct str *parameters)
{
	return tls_der_expect(&in, TLS_DER_SEQUENCE, parameters) && !in.len &&
	       tls_der_expect(parameters, TLS_DER_OID, id);
}

static bool read_hash(struct str in, enum tls_pss_hash *out)
{
	struct str id, parameters, null;
	if (!read_algorithm(in, &id, &parameters))
		return false;
	if (parameters.len &&
	    (!tls_der_expect(&parameters, TLS_DER_NULL, &null) || null.len || parameters.len))
		return false;
	for (size_t i = 0; i < array_count(hashes); i++) {
		*out = (enum tls_pss_hash)i;
		if (str_equal(hashes[i], id))
			return true;
	}
	return false;
}

static bool read_mask(struct str in, enum tls_pss_hash *out)
{
	struct str id, hash;
	return read_algorithm(in, &id, &hash) &&
	       str_is(id, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08") && read_hash(hash, out);
}

/* Reads an INTEGER from 0 to 32767 that is all of in. */
static bool read_number(struct str in, size_t *out)
{
	struct str digits;
	if (!tls_der_expect(&in, TLS_DER_INTEGER, &digits) || in.len || !digits.len ||
	    digits.len > 2)
		return false;
	const unsigned char *at = (const unsigned char *)digits.at;
	if (at[0] >= 0x80 || (digits.len == 2 && at[0] == 0 && at[1] < 0x80))
		return false;
	*out = digits.len == 2 ? (size_t)at[0] << 8 | at[1] : at[0];
	return true;
}

bool tls_pss_read(struct str parameters, struct tls_pss *out)
{
	struct str fields, field;
	size_t trailer = TRAILER_BC;
	*out = (struct tls_pss){TLS_PSS_SHA1, TLS_PSS_SHA1, SALT_DEFAULT};
	if (!tls_der_expect(&parameters, TLS_DER_SEQUENCE, &fields) || parameters.len)
		return false;
	if (tls_der_expect(&fields, TLS_DER_PSS_HASH, &field) && !read_hash(field, &out->hash))
		return false;
	if (tls_der_expect(&fields, TLS_DER_PSS_MASK, &field) && !read_mask(field, &out->mask))
		return false;
	if (tls_der_expect(&fields, TLS_DER_PSS_SALT, &field) && !read_number(field, &out->salt))
		return false;
	if (tls_der_expect(&fields, TLS_DER_PSS_TRAILER, &field) && !read_number(field, &trailer))
		return false;
	return !fields.len && trailer == TRAILER_BC && out->hash != TLS_PSS_SHA1;
}

bool tls_pss_within(struct str limits, const struct tls_pss *pss)
{
	struct tls_pss limit;
	return !limits.len || (tls_pss_read(limits, &limit) && limit.hash == pss->hash &&
			       limit.mask == pss->mask && limit.salt <= pss->salt);
}
