/*
 * The certificates that a server sent, for people: what they are called, who issued them, until
 * when they are good. Plain records with texts of their own.
 */
#pragma once

#include "net/tls_certificate.h"
#include "net/tls_path.h"

enum { TLS_CHAIN_NAMES_SIZE = 256 };

struct tls_chain_link {
	char subject[TLS_CERTIFICATE_TITLE_SIZE];
	char issuer[TLS_CERTIFICATE_TITLE_SIZE];
	char names[TLS_CHAIN_NAMES_SIZE]; /* DNS names of the subjectAltName, cut to fit */
	int64_t not_before, not_after;    /* in seconds since 1970 */
};

/* Zeroed: nothing was sent. */
struct tls_chain {
	struct tls_chain_link links[TLS_PATH_SENT_MAX]; /* the server's own first */
	size_t count;
};

/* Appends a certificate; one that cannot be read, or is too many, is left out. */
void tls_chain_add(struct tls_chain *chain, struct str der);
