/* BearSSL knows curves by number, and keys as numbers in big endian, as certificates have them. */
#include "net/bearssl/bearssl_key.h"

#include <string.h>

/* BearSSL's structures have pointers to writable bytes, but nothing writes there. */
static unsigned char *bytes_of(struct str text)
{
	return (unsigned char *)(uintptr_t)text.at;
}

br_x509_pkey bearssl_key(const struct tls_key *key)
{
	br_x509_pkey out = {.key_type = 0};
	if (key->kind == TLS_KEY_RSA || key->kind == TLS_KEY_RSA_PSS) {
		out.key_type = BR_KEYTYPE_RSA;
		out.key.rsa = (br_rsa_public_key){bytes_of(key->modulus), key->modulus.len,
						  bytes_of(key->exponent), key->exponent.len};
	} else if (tls_key_on_curve(key)) {
		int curve = key->kind == TLS_KEY_P256   ? BR_EC_secp256r1
			    : key->kind == TLS_KEY_P384 ? BR_EC_secp384r1
							: BR_EC_secp521r1;
		out.key_type = BR_KEYTYPE_EC;
		out.key.ec = (br_ec_public_key){curve, bytes_of(key->point), key->point.len};
	}
	return out;
}

void bearssl_key_copy(const br_x509_pkey *key, unsigned char bytes[BEARSSL_KEY_SIZE],
		      br_x509_pkey *out)
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
