/* Why a handshake failed, as a sentence for people, and what can be done about it. */
#pragma once

#include "net/tls_fault.h"
#include "net/tls_reason.h"

#include <stdbool.h>
#include <stddef.h>

struct tls_failure {
	enum tls_fault fault;  /* the fault of the server's chain */
	const char *authority; /* the certificate at fault when it is above the server's; else "" */
	int reason;            /* any other (tls_reason.h) */
	bool accepted;         /* the server's certificate was accepted before the failure */
	bool established;      /* the handshake was complete before the failure */
	bool asked;            /* the server had asked for our certificate */
	const char *peer;      /* the host that answered */
};

enum { TLS_FAILURE_SIZE = 512 };

/*
 * Writes the sentence. False, and text is unchanged, for a failure that may not recur: a broken
 * connection, damaged bytes, a server in trouble.
 */
bool tls_failure_explain(const struct tls_failure *failure, char text[TLS_FAILURE_SIZE]);
