/*
 * Whether a signature is good depends on the bytes of the certificate and of the key alone, so
 * their hash stands for the answer. A chain of ECDSA has as much arithmetic as the rest of the
 * handshake.
 */
#include "net/tls_memo.h"

#include "net/tls_engine.h"

#include <nettle/sha2.h>
#include <string.h>

_Static_assert(TLS_MEMO_DIGEST == SHA256_DIGEST_SIZE, "the memo holds SHA-256");

bool tls_memo_init(struct tls_memo *memo)
{
	return pthread_mutex_init(&memo->lock, NULL) == 0;
}

void tls_memo_finish(struct tls_memo *memo)
{
	pthread_mutex_destroy(&memo->lock);
}

/* Both are DER, which says where it ends. */
static void digest_of(const struct tls_certificate *certificate, const struct tls_key *key,
		      unsigned char out[TLS_MEMO_DIGEST])
{
	struct sha256_ctx hash;
	sha256_init(&hash);
	sha256_update(&hash, certificate->whole.len, (const uint8_t *)certificate->whole.at);
	sha256_update(&hash, key->info.len, (const uint8_t *)key->info.at);
	sha256_digest(&hash, TLS_MEMO_DIGEST, out);
}

static bool has(struct tls_memo *memo, const unsigned char digest[TLS_MEMO_DIGEST])
{
	bool found = false;
	pthread_mutex_lock(&memo->lock);
	for (size_t i = 0; i < memo->count && i < TLS_MEMO_SIZE && !found; i++)
		found = memcmp(memo->known[i], digest, TLS_MEMO_DIGEST) == 0;
	pthread_mutex_unlock(&memo->lock);
	return found;
}

static void add(struct tls_memo *memo, const unsigned char digest[TLS_MEMO_DIGEST])
{
	pthread_mutex_lock(&memo->lock);
	memcpy(memo->known[memo->count++ % TLS_MEMO_SIZE], digest, TLS_MEMO_DIGEST);
	pthread_mutex_unlock(&memo->lock);
}

enum tls_fault tls_memo_check(struct tls_memo *memo, const struct tls_certificate *certificate,
			      const struct tls_key *key)
{
	unsigned char digest[TLS_MEMO_DIGEST];
	if (!memo)
		return tls_engine_signature_check(certificate, key);
	digest_of(certificate, key, digest);
	if (has(memo, digest))
		return TLS_FAULT_NONE;
	enum tls_fault fault = tls_engine_signature_check(certificate, key);
	if (!fault)
		add(memo, digest);
	return fault;
}
