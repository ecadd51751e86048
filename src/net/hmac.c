/* BearSSL has it anyway. */
#include "net/hmac.h"

#include <bearssl.h>

static void compute(const br_hash_class *hash, struct str key, struct str text, char *out)
{
	br_hmac_key_context keys;
	br_hmac_context hmac;
	br_hmac_key_init(&keys, hash, key.at ? key.at : "", key.len);
	br_hmac_init(&hmac, &keys, 0);
	br_hmac_update(&hmac, text.at ? text.at : "", text.len);
	br_hmac_out(&hmac, out);
}

void hmac_sha256(struct str key, struct str text, char out[HMAC_SIZE])
{
	compute(&br_sha256_vtable, key, text, out);
}

void hmac_sha1(struct str key, struct str text, char out[HMAC_SHA1_SIZE])
{
	compute(&br_sha1_vtable, key, text, out);
}
