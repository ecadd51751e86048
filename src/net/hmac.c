/* nettle hashes already. */
#include "net/hmac.h"

#include <nettle/hmac.h>

static const uint8_t *bytes_of(struct str text)
{
	return (const uint8_t *)(text.at ? text.at : "");
}

void hmac_sha256(struct str key, struct str text, char out[HMAC_SIZE])
{
	struct hmac_sha256_ctx hmac;
	hmac_sha256_set_key(&hmac, key.len, bytes_of(key));
	hmac_sha256_update(&hmac, text.len, bytes_of(text));
	hmac_sha256_digest(&hmac, HMAC_SIZE, (uint8_t *)out);
}

void hmac_sha1(struct str key, struct str text, char out[HMAC_SHA1_SIZE])
{
	struct hmac_sha1_ctx hmac;
	hmac_sha1_set_key(&hmac, key.len, bytes_of(key));
	hmac_sha1_update(&hmac, text.len, bytes_of(text));
	hmac_sha1_digest(&hmac, HMAC_SHA1_SIZE, (uint8_t *)out);
}
