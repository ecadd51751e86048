/*
 * The names in a certificate: which server it is for (RFC 6125 section 6), and whether the
 * authorities above it may vouch for them (RFC 5280 section 4.2.1.10). Pure.
 */
#pragma once

#include "net/tls_certificate.h"

/*
 * Whether certificate is for the server called host, or for its address in network order when that
 * is not empty. Only subjectAltName counts.
 */
bool tls_names_match(const struct tls_certificate *certificate, struct str host,
		     struct str address);

/* Comparisons of a name with a subtree that one chain may cost; OpenSSL has the same limit. */
enum { TLS_NAMES_EFFORT = 1 << 20 };

/*
 * Whether the nameConstraints of authority allow all names of certificate, which stands below it.
 * *effort is what is left of TLS_NAMES_EFFORT; when it is used up the answer is no.
 */
bool tls_names_allowed(const struct tls_certificate *authority,
		       const struct tls_certificate *certificate, unsigned *effort);

/* Whether this is a list of GeneralSubtrees that is not empty and made as RFC 5280 wants it. */
bool tls_names_are_subtrees(struct str list);
