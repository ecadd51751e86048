/*
 * Parameters of RSA-PSS: of a signature, and of a key that is for such signatures alone (RFC 4055
 * section 3.1). Pure.
 */
#pragma once

#include "base/str.h"

#include <stddef.h>

enum tls_pss_hash {
	TLS_PSS_SHA1, /* in masks alone */
	TLS_PSS_SHA224,
	TLS_PSS_SHA256,
	TLS_PSS_SHA384,
	TLS_PSS_SHA512,
};

struct tls_pss {
	enum tls_pss_hash hash; /* of what is signed */
	enum tls_pss_hash mask; /* the one that MGF1 uses */
	size_t salt;            /* its length in bytes, at most 32767 */
};

/* True for id-RSASSA-PSS, which names the algorithm of signatures and the kind of keys. */
bool tls_pss_is(struct str id);
/* Reads the parameters in DER. False when they say anything that struct tls_pss does not hold. */
bool tls_pss_read(struct str parameters, struct tls_pss *out);
/* True when a key with the parameters limits makes such signatures; empty ones limit nothing. */
bool tls_pss_within(struct str limits, const struct tls_pss *pss);
