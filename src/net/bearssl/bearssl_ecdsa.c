/*
 * BearSSL checks that s is not zero but accepts r as zero, which for a hash of zero is a valid
 * signature by every key; and its decoder accepts integers of any sign and length. So both numbers
 * are checked here before its arithmetic sees them. Signatures and keys are public, so timing
 * reveals nothing.
 */
#include "net/bearssl/bearssl_ecdsa.h"

#include "net/ecdsa.h"
#include "net/tls_der.h"

#include <string.h>

/* True below the order. A positive number has no leading zeros here. */
static bool in_range(struct str number, const unsigned char *order, size_t len)
{
	return number.len < len || (number.len == len && memcmp(number.at, order, len) < 0);
}

uint32_t bearssl_ecdsa_check(const br_ec_impl *curves, const void *hash, size_t hash_len,
			     const br_ec_public_key *key, const void *signature, size_t len)
{
	struct str rest = {signature, len}, numbers, r, s;
	size_t order_len = 0;
	if (key->curve < 0 || key->curve > 31 || !(curves->supported_curves >> key->curve & 1))
		return 0;
	const unsigned char *order = curves->order(key->curve, &order_len);
	if (!tls_der_expect(&rest, TLS_DER_SEQUENCE, &numbers) || rest.len ||
	    !tls_der_positive(&numbers, &r) || !tls_der_positive(&numbers, &s) || numbers.len ||
	    !in_range(r, order, order_len) || !in_range(s, order, order_len))
		return 0;
	return br_ecdsa_vrfy_asn1_get_default()(curves, hash, hash_len, key, signature, len);
}

bool ecdsa_verify(const unsigned char point[ECDSA_POINT_SIZE],
		  const unsigned char hash[ECDSA_HASH_SIZE], const unsigned char *signature,
		  size_t len)
{
	unsigned char copy[ECDSA_POINT_SIZE];
	memcpy(copy, point, sizeof(copy));
	const br_ec_public_key key = {.curve = BR_EC_secp256r1, .q = copy, .qlen = sizeof(copy)};
	return bearssl_ecdsa_check(br_ec_get_default(), hash, ECDSA_HASH_SIZE, &key, signature,
				   len) == 1;
}
