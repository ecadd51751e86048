/*
 * Why a handshake failed, as a sentence for people, and what can be done about it.
 *
 * Codes of BearSSL: 1 to 31 TLS, 256 + n the server sent alert n, 512 + n we did (RFC 5246 section
 * 7.2). Those from 33 to 63 are about certificates and stand behind a fault, which says more.
 */
#pragma once

#include "net/tls_fault.h"

#include <stdbool.h>
#include <stddef.h>

struct tls_failure {
	enum tls_fault fault;  /* of the server's chain */
	const char *authority; /* the certificate at fault when it is above the server's; else "" */
	int code;              /* of BearSSL, for all other reasons; 0: TLS was not the reason */
	bool accepted;         /* the server's certificate was, before it failed */
	const char *peer;      /* who answered */
};

enum { TLS_FAILURE_SIZE = 512 };

/* The code in a message of libcurl's BearSSL backend, 0 when there is none. */
int tls_failure_code(const char *curl_text);
/* Whether that message is about the server's chain. */
bool tls_failure_of_chain(const char *curl_text);
/* True for the codes that an answer in another protocol gives, plain http for example. */
bool tls_failure_not_tls(int code);
/*
 * Writes the sentence. False, and text untouched, when the failure is nothing that would be
 * the same next time: a broken connection, damaged bytes, a server in trouble.
 */
bool tls_failure_explain(const struct tls_failure *failure, char text[TLS_FAILURE_SIZE]);
