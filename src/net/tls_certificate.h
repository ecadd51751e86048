/*
 * A certificate read into a record (RFC 5280 section 4): slices of its DER, and the facts that this
 * program decides by. Reading is strict, copies nothing and trusts nothing: callers must look at
 * the fault first and check the signature. Pure.
 */
#pragma once

#include "base/str.h"
#include "net/tls_key.h"

struct tls_certificate {
	struct str whole;      /* the whole certificate; all other slices lie within it */
	struct str body;       /* the signed part */
	struct str issuer;     /* a Name with its tag and length */
	struct str subject;    /* likewise */
	struct str algorithm;  /* identifier of the signature algorithm */
	struct str parameters; /* those of the algorithm, in DER; empty: none */
	struct str signature;
	int64_t not_before, not_after; /* in seconds since 1970 */
	struct tls_key key;
	/* why the certificate must not be relied on, whatever signed it */
	enum tls_fault fault;

	int version; /* 1 to 3 */
	/* What its extensions say; a missing one allows everything. */
	bool authority;     /* basicConstraints with CA:TRUE */
	int path_length;    /* how many authorities may follow, INT_MAX for any number */
	bool may_certify;   /* keyUsage has keyCertSign */
	bool may_sign;      /* keyUsage has digitalSignature */
	bool for_servers;   /* extendedKeyUsage has serverAuth or any */
	struct str names;   /* the GeneralNames of subjectAltName; at is NULL if it is missing */
	struct str allowed; /* permittedSubtrees of nameConstraints; at is NULL if missing */
	struct str denied;  /* excludedSubtrees; likewise */
};

/* Reads der into *out. False when it is not a certificate; a faulty certificate is read, too. */
bool tls_certificate_read(struct str der, struct tls_certificate *out);
/* True when its subject and issuer are the same. */
bool tls_certificate_self_issued(const struct tls_certificate *certificate);
/* TLS_FAULT_EXPIRED, TLS_FAULT_EARLY or TLS_FAULT_NONE at this moment. */
enum tls_fault tls_certificate_date(const struct tls_certificate *certificate, int64_t now);

enum { TLS_CERTIFICATE_TITLE_SIZE = 80 };
/* Its name for people, cut to fit: the common name, else the last attribute of the subject. */
void tls_certificate_title(const struct tls_certificate *certificate,
			   char title[TLS_CERTIFICATE_TITLE_SIZE]);
