/*
 * Why a handshake failed, as a sentence for people, and what can be done about it.
 *
 * Codes of BearSSL: 1 to 31 TLS, 256 + n the server sent alert n, 512 + n we did (RFC 5246 section
 * 7.2). Those from 33 to 63 are about certificates, where the fault says more.
 */
#pragma once

#include "net/tls_fault.h"

#include <stdbool.h>
#include <stddef.h>

struct tls_failure {
	enum tls_fault fault;  /* the fault of the server's chain */
	const char *authority; /* the certificate at fault when it is above the server's; else "" */
	int code;              /* BearSSL's code for any other reason; 0: TLS was not the reason */
	bool accepted;         /* the server's certificate was accepted before the failure */
	const char *peer;      /* the host that answered */
};

enum { TLS_FAILURE_SIZE = 512 };

/* The code in a message of libcurl's BearSSL backend, 0 when there is none. */
int tls_failure_code(const char *curl_text);
/* True when that message is about the server's chain. */
bool tls_failure_of_chain(const char *curl_text);
/* True for the codes caused by an answer in another protocol, for example plain http. */
bool tls_failure_not_tls(int code);
/*
 * Writes the sentence. False, and text is unchanged, for a failure that may not recur: a broken
 * connection, damaged bytes, a server in trouble.
 */
bool tls_failure_explain(const struct tls_failure *failure, char text[TLS_FAILURE_SIZE]);
