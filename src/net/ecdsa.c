/* Signatures and keys are public, so time is no secret here; the decoder of the library does. */
#include "net/ecdsa.h"

#include <bearssl.h>

bool ecdsa_verify(const unsigned char point[ECDSA_POINT_SIZE],
		  const unsigned char hash[ECDSA_HASH_SIZE], const unsigned char *signature,
		  size_t len)
{
	unsigned char copy[ECDSA_POINT_SIZE];
	for (size_t i = 0; i < sizeof(copy); i++)
		copy[i] = point[i];
	const br_ec_public_key key = {.curve = BR_EC_secp256r1, .q = copy, .qlen = sizeof(copy)};
	return br_ecdsa_vrfy_asn1_get_default()(br_ec_get_default(), hash, ECDSA_HASH_SIZE, &key,
						signature, len) == 1;
}
