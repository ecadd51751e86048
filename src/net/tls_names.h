/*
 * The names in a certificate: which server it is for (RFC 6125 section 6), and whether the
 * authorities above it may vouch for them (RFC 5280 section 4.2.1.10). Pure.
 */
#pragma once

#include "net/tls_certificate.h"

/*
 * True when certificate is for host or, if address (in network order) is not empty, for that
 * address. Only subjectAltName counts.
 */
bool tls_names_match(const struct tls_certificate *certificate, struct str host,
		     struct str address);

/* The limit for comparisons of names with subtrees in one chain; OpenSSL has the same. */
enum { TLS_NAMES_EFFORT = 1 << 20 };

/*
 * True when the nameConstraints of authority allow all names of certificate, which is below it.
 * *effort is the rest of TLS_NAMES_EFFORT; once it is used up the result is false.
 */
bool tls_names_allowed(const struct tls_certificate *authority,
		       const struct tls_certificate *certificate, unsigned *effort);

/* True for a non-empty list of GeneralSubtrees in the form that RFC 5280 requires. */
bool tls_names_are_subtrees(struct str list);
