/* BearSSL has it anyway. */
#include "net/hmac.h"

#include <bearssl.h>

void hmac_sha256(struct str key, struct str text, char out[HMAC_SIZE])
{
	br_hmac_key_context keys;
	br_hmac_context hmac;
	br_hmac_key_init(&keys, &br_sha256_vtable, key.at ? key.at : "", key.len);
	br_hmac_init(&hmac, &keys, HMAC_SIZE);
	br_hmac_update(&hmac, text.at ? text.at : "", text.len);
	br_hmac_out(&hmac, out);
}
