/*
 * A misread key would refuse or, worse, accept the wrong images, so reading is strict: one object,
 * its exact encoding, the uncompressed point.
 */
#include "oci/public_key.h"

#include "base/base64.h"

#include <string.h>

enum { PEM_MAX = 4096 };

/* The bytes before the point: SEQUENCE, id-ecPublicKey, prime256v1, BIT STRING. */
static const unsigned char prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				       0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
				       0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct str trim(struct str text)
{
	while (text.len && is_space(text.at[0]))
		text = str_from(text, 1);
	while (text.len && is_space(text.at[text.len - 1]))
		text.len--;
	return text;
}

/* Joins the lines between the first and the last. */
static bool read_armor(struct str text, struct buf *armor, struct error *err)
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----";
	static const char end[] = "-----END PUBLIC KEY-----";
	struct str line, first = {0};
	text = trim(text);
	str_cut(&text, '\n', &first);
	first = trim(first);
	if (str_starts(first, "-----BEGIN ") && !str_is(first, begin))
		return error_set(err, ERROR_CONFIG, "it holds \"%.*s\" instead of a PUBLIC KEY",
				 STR_ARGS(str_head(first, 60)));
	if (!str_is(first, begin) || !str_ends(text, end))
		return error_set(err, ERROR_CONFIG, "it is not a public key in PEM");
	text.len -= strlen(end);
	while (str_cut(&text, '\n', &line))
		buf_add_str(armor, trim(line));
	return buf_ok(armor) || error_memory(err);
}

bool public_key_parse(struct str text, struct public_key *out, struct error *err)
{
	scoped(buf_finish) struct buf armor = buf_limit(PEM_MAX);
	scoped(buf_finish) struct buf der = buf_limit(PEM_MAX);
	if (text.len > PEM_MAX)
		return error_set(err, ERROR_CONFIG, "it is too large for a public key");
	if (!read_armor(text, &armor, err))
		return false;
	if (!base64_decode(buf_str(&armor), &der))
		return error_set(err, ERROR_CONFIG, "its base64 is damaged");
	if (der.len != sizeof(prefix) + PUBLIC_KEY_POINT_SIZE ||
	    memcmp(der.at, prefix, sizeof(prefix)) != 0 || der.at[sizeof(prefix)] != 4)
		return error_set(err, ERROR_CONFIG,
				 "it is not an ECDSA P-256 key, the kind that cosign generates");
	memcpy(out->point, der.at + sizeof(prefix), PUBLIC_KEY_POINT_SIZE);
	return true;
}

bool public_key_equal(const struct public_key *a, const struct public_key *b)
{
	return a == b || (a && b && memcmp(a->point, b->point, PUBLIC_KEY_POINT_SIZE) == 0);
}
