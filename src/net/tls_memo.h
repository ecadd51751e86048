/*
 * Signatures of certificates that were found good, so that what each handshake with a server brings
 * is computed once. Nothing else about a chain is remembered. Any thread.
 */
#pragma once

#include "net/tls_certificate.h"

#include <pthread.h>

enum { TLS_MEMO_SIZE = 64, TLS_MEMO_DIGEST = 32 };

struct tls_memo {
	pthread_mutex_t lock; /* guards the members below */
	unsigned char known[TLS_MEMO_SIZE][TLS_MEMO_DIGEST];
	size_t count; /* signatures so far; the oldest gives way */
};

/* False: no lock. A memo that was zeroed and initialised is empty. */
bool tls_memo_init(struct tls_memo *memo);
void tls_memo_finish(struct tls_memo *memo);
/* tls_engine_signature_check(), or what it said before. memo may be NULL. */
enum tls_fault tls_memo_check(struct tls_memo *memo, const struct tls_certificate *certificate,
			      const struct tls_key *key);
