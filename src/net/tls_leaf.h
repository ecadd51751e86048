/*
 * What a server's own certificate must say beyond what BearSSL checks: that it is for servers, and
 * that it names the server by subjectAltName (RFC 5280 section 4.2.1, RFC 6125 section 6). Pure.
 */
#pragma once

#include "base/str.h"

enum tls_leaf_verdict {
	TLS_LEAF_OK,
	TLS_LEAF_MALFORMED,   /* not a certificate, or an extension is given twice */
	TLS_LEAF_NOT_SERVER,  /* extendedKeyUsage without serverAuth and without any */
	TLS_LEAF_NO_NAMES,    /* no subjectAltName; a common name does not count */
	TLS_LEAF_NOT_ADDRESS, /* no iPAddress entry equal to address */
};

/*
 * Checks the certificate der. address is the server's address in network order, 4 or 16 bytes, when
 * the server is called by address; empty when it is called by name: names are left to the engine.
 */
enum tls_leaf_verdict tls_leaf_check(struct str der, struct str address);
