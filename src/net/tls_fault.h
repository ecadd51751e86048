/* What can be wrong with a certificate or a chain, and the words for it. Pure. */
#pragma once

enum tls_fault {
	TLS_FAULT_NONE,
	TLS_FAULT_MALFORMED, /* not a certificate, or an extension that RFC 5280 does not allow */
	/* the chain is too large, in bytes, certificates or signatures to check */
	TLS_FAULT_TOO_LARGE,
	TLS_FAULT_KEY_KIND,      /* of a kind that the engine does not know */
	TLS_FAULT_KEY_LARGE,     /* RSA above what the engine computes with */
	TLS_FAULT_KEY_WEAK,      /* RSA below 2048 bits */
	TLS_FAULT_ALGORITHM,     /* the signature's algorithm is not supported */
	TLS_FAULT_CRITICAL,      /* an unknown critical extension */
	TLS_FAULT_POLICY,        /* policyConstraints with requireExplicitPolicy */
	TLS_FAULT_EXPIRED,       /* notAfter has passed */
	TLS_FAULT_EARLY,         /* notBefore is still to come */
	TLS_FAULT_NOT_AUTHORITY, /* no basicConstraints with CA:TRUE */
	TLS_FAULT_NO_CERT_SIGN,  /* an authority's keyUsage without keyCertSign */
	TLS_FAULT_NO_SIGNATURE,  /* a server's keyUsage without digitalSignature */
	TLS_FAULT_PURPOSE,       /* extendedKeyUsage without serverAuth and without any */
	TLS_FAULT_DISTRUSTED,    /* OpenSSL's settings beside an anchor exclude servers */
	TLS_FAULT_PATH_LENGTH,   /* more authorities below than pathLenConstraint allows */
	TLS_FAULT_CONSTRAINED,   /* a name below that nameConstraints do not allow */
	TLS_FAULT_SIGNATURE,     /* not made with the issuer's key */
	TLS_FAULT_SERVER_NAME,   /* it has no name or address that matches the server */
	TLS_FAULT_UNTRUSTED,     /* no chain that ends at an anchor */
};

/* What is wrong, as a predicate: the subject is the certificate, "has expired". */
const char *tls_fault_predicate(enum tls_fault fault);
/* What to do about it, as a clause. */
const char *tls_fault_advice(enum tls_fault fault);
