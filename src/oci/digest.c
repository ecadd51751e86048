/*
 * Hashing is nettle's, which picks the CPU's SHA instructions at run time; only this file and its
 * header use it. Each algorithm is one row of a table: its name and the size of its value.
 */
#include "oci/digest.h"

#include "base/scoped.h"

static const struct {
	const char *prefix;
	size_t bytes;
} algorithms[] = {
	[DIGEST_SHA256] = {"sha256:", SHA256_DIGEST_SIZE},
	[DIGEST_SHA512] = {"sha512:", SHA512_DIGEST_SIZE},
};

/* The number of the digest's algorithm; array_count(algorithms) when it is not a valid digest. */
static size_t algorithm_of(struct str digest)
{
	size_t found = 0;
	while (found < array_count(algorithms) && !str_starts(digest, algorithms[found].prefix))
		found++;
	return found;
}

static bool lower_hex(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

bool digest_valid(struct str digest)
{
	size_t algorithm = algorithm_of(digest);
	if (algorithm == array_count(algorithms))
		return false;
	struct str hex = str_from(digest, strlen(algorithms[algorithm].prefix));
	return hex.len == 2 * algorithms[algorithm].bytes && lower_hex(hex);
}

void digest_start(struct digest_hash *hash, struct str digest)
{
	hash->algorithm = algorithm_of(digest) == DIGEST_SHA512 ? DIGEST_SHA512 : DIGEST_SHA256;
	if (hash->algorithm == DIGEST_SHA512)
		sha512_init(&hash->state.sha512);
	else
		sha256_init(&hash->state.sha256);
}

void digest_update(struct digest_hash *hash, const void *bytes, size_t len)
{
	if (!len)
		return;
	if (hash->algorithm == DIGEST_SHA512)
		sha512_update(&hash->state.sha512, len, bytes);
	else
		sha256_update(&hash->state.sha256, len, bytes);
}

void digest_finish(struct digest_hash *hash, char text[DIGEST_TEXT_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t raw[SHA512_DIGEST_SIZE];
	size_t len = algorithms[hash->algorithm].bytes;
	if (hash->algorithm == DIGEST_SHA512)
		sha512_digest(&hash->state.sha512, SHA512_DIGEST_SIZE, raw);
	else
		sha256_digest(&hash->state.sha256, SHA256_DIGEST_SIZE, raw);
	char *at = text + strlen(algorithms[hash->algorithm].prefix);
	memcpy(text, algorithms[hash->algorithm].prefix, (size_t)(at - text));
	for (size_t i = 0; i < len; i++) {
		*at++ = hex[raw[i] >> 4];
		*at++ = hex[raw[i] & 15];
	}
	*at = '\0';
}

void digest_of(struct str bytes, char text[DIGEST_TEXT_SIZE])
{
	struct digest_hash hash;
	digest_start(&hash, STR("sha256:"));
	digest_update(&hash, bytes.at, bytes.len);
	digest_finish(&hash, text);
}

bool digest_verify(struct str bytes, struct str expected, struct error *err)
{
	struct digest_hash hash;
	char text[DIGEST_TEXT_SIZE];
	if (!digest_valid(expected))
		return error_set(err, ERROR_UNSUPPORTED, "digest %.*s cannot be verified here",
				 STR_ARGS(str_head(expected, DIGEST_TEXT_SIZE)));
	digest_start(&hash, expected);
	digest_update(&hash, bytes.at, bytes.len);
	digest_finish(&hash, text);
	if (str_is(expected, text))
		return true;
	return error_set(err, ERROR_CORRUPT, "the content has digest %s, expected %.*s", text,
			 STR_ARGS(expected));
}
