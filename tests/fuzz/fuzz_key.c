/* Public keys: what is read as one is the same key when it is written down and read again. */
#include "fuzz.h"

#include "base/base64.h"
#include "net/ecdsa.h"
#include "oci/public_key.h"

static const unsigned char prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				       0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
				       0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

static void write_key(const struct public_key *key, struct buf *out)
{
	scoped(buf_finish) struct buf der = {0};
	buf_add_str(&der, (struct str){(const char *)prefix, sizeof(prefix)});
	buf_add_str(&der, (struct str){(const char *)key->point, sizeof(key->point)});
	buf_add_string(out, "-----BEGIN PUBLIC KEY-----\n");
	base64_encode(buf_str(&der), out);
	buf_add_string(out, "\n-----END PUBLIC KEY-----\n");
	require(buf_ok(&der) && buf_ok(out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char hash[ECDSA_HASH_SIZE] = {1};
	static const unsigned char zero[] = {0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00};
	scoped(buf_finish) struct buf text = {0};
	struct public_key key = {.place = "fuzz.pub"}, again = {.place = "again.pub"};
	struct error err = {0};
	if (!public_key_parse(input_text(data, size), &key, &err)) {
		require(err.kind == ERROR_CONFIG && err.text[0]);
		return 0;
	}
	require(key.point[0] == 4);
	write_key(&key, &text);
	require(public_key_parse(buf_str(&text), &again, &err));
	require(public_key_equal(&key, &again));
	require(!ecdsa_verify(key.point, hash, zero, sizeof(zero)));
	return 0;
}
