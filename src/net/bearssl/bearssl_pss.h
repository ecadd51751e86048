/* RSA-PSS signatures, which BearSSL does not check. Pure. */
#pragma once

#include "base/str.h"
#include "net/tls_pss.h"

#include <bearssl.h>

/* The longest signature in bytes: a key has at most 4096 bits. */
enum { BEARSSL_RSA_MAX = 512 };

/*
 * True when key has signed message this way (RFC 8017 section 8.1.2). The modulus has no leading
 * zeros.
 */
bool bearssl_pss_check(const br_rsa_public_key *key, const struct tls_pss *pss, struct str message,
		       struct str signature);
