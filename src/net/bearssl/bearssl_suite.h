/* The cipher suites of RFC 5289 and RFC 7905 that are offered, in the order this CPU likes. */
#pragma once

#include <bearssl.h>

/* Makes client offer the six ECDHE suites with authenticated encryption, and nothing else. */
void bearssl_suite_offer(br_ssl_client_context *client);
/*
 * OpenSSL's name of a suite, "ECDHE-RSA-AES128-GCM-SHA256"; NULL for 0 and for suites that are not
 * offered.
 */
const char *bearssl_suite_name(uint16_t suite);
