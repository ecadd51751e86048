/*
 * BearSSL's error codes: 1 to 31 TLS, 256 + n the server sent alert n, 512 + n we did (RFC 5246
 * section 7.2). Those from 33 to 63 are about certificates, where the fault says more. Pure.
 */
#pragma once

#include "net/tls_fault.h"

#include <stdbool.h>

/* The code in a message of libcurl's BearSSL backend, 0 when there is none. */
int bearssl_failure_code(const char *curl_text);
/* True when that message is about the server's chain. */
bool bearssl_failure_of_chain(const char *curl_text);
/* What the code means, as in tls_reason.h. */
int bearssl_failure_reason(int code);
/* The closest of BearSSL's errors, for its engine to return; 0 for none. */
int bearssl_failure_of_fault(enum tls_fault fault);
