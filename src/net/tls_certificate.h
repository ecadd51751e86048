/*
 * A certificate read into a record (RFC 5280 section 4): slices of its DER, and the facts that this
 * program decides by. Reading is strict, copies nothing, and believes nothing: whoever uses a
 * certificate asks for its fault first and checks its signature. Pure.
 */
#pragma once

#include "base/str.h"
#include "net/tls_fault.h"

#include <bearssl.h>

struct tls_certificate {
	struct str whole;   /* all of it; every other slice lies within */
	struct str body;    /* what is signed */
	struct str issuer;  /* a Name with its tag and length */
	struct str subject; /* likewise */
	struct str key_info;
	struct str algorithm; /* identifier of the signature's algorithm, without its parameters */
	struct str signature;
	int64_t not_before, not_after; /* in seconds since 1970 */
	br_x509_pkey key;              /* points into whole; key_type is 0 for an unknown kind */
	enum tls_fault fault;          /* why nobody may rely on it, whatever signed it */

	int version; /* 1 to 3 */
	/* What its extensions say; all is allowed by those that are not there. */
	bool authority;     /* basicConstraints with CA:TRUE */
	int path_length;    /* how many authorities may follow, INT_MAX for any number */
	bool may_certify;   /* keyUsage has keyCertSign */
	bool may_sign;      /* keyUsage has digitalSignature */
	bool for_servers;   /* extendedKeyUsage has serverAuth or any */
	struct str names;   /* the GeneralNames of subjectAltName; at is NULL without */
	struct str allowed; /* permittedSubtrees of nameConstraints; at is NULL without */
	struct str denied;  /* excludedSubtrees; likewise */
};

/* Reads der into *out. False when it is no certificate; one that only has a fault is read. */
bool tls_certificate_read(struct str der, struct tls_certificate *out);
/* Its subject and issuer are the same. */
bool tls_certificate_self_issued(const struct tls_certificate *certificate);
/* TLS_FAULT_EXPIRED, TLS_FAULT_EARLY or TLS_FAULT_NONE at this moment. */
enum tls_fault tls_certificate_date(const struct tls_certificate *certificate, int64_t now);

enum { TLS_CERTIFICATE_TITLE_SIZE = 80 };
/* What people call it, cut to fit: the common name, else the last name there is. */
void tls_certificate_title(const struct tls_certificate *certificate,
			   char title[TLS_CERTIFICATE_TITLE_SIZE]);
