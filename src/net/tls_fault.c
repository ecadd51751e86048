/*
 * One table, so that a reason reads the same in the log line about an anchor and in the failure of
 * a connection. Each text is a predicate whose subject may be the server's certificate, an
 * authority above it, or an anchor in a file.
 */
#include "net/tls_fault.h"

#include "net/tls_engine.h"

#define RENEW "the server needs another certificate"
#define ANOTHER_CLOCK "check the local clock; otherwise the certificate must be renewed"

static const struct {
	const char *predicate, *advice; /* NULL: that depends on the engine */
} faults[] = {
	[TLS_FAULT_NONE] = {"is good", ""},
	[TLS_FAULT_MALFORMED] = {"cannot be read", "it is damaged, or does not follow RFC 5280"},
	[TLS_FAULT_TOO_LARGE] = {"comes with a chain that is too large",
				 "the limits are 20 certificates and 512 KiB"},
	[TLS_FAULT_KEY_KIND] = {"has a key of a kind that is not supported", NULL},
	[TLS_FAULT_KEY_LARGE] = {NULL, NULL},
	[TLS_FAULT_KEY_WEAK] = {"has an RSA key below 2048 bits",
				"a certificate with a stronger key is needed"},
	[TLS_FAULT_ALGORITHM] = {"is signed with an algorithm that is not supported", NULL},
	[TLS_FAULT_CRITICAL] = {"has a critical extension that is not supported", RENEW},
	[TLS_FAULT_POLICY] = {"requires certificate policies",
			      "policyConstraints with requireExplicitPolicy are not supported"},
	[TLS_FAULT_EXPIRED] = {"has expired", ANOTHER_CLOCK},
	[TLS_FAULT_EARLY] = {"is not valid yet", ANOTHER_CLOCK},
	[TLS_FAULT_NOT_AUTHORITY] = {"may not sign others",
				     "its basicConstraints must say CA:TRUE"},
	[TLS_FAULT_NO_CERT_SIGN] = {"may not sign others", "its keyUsage lacks keyCertSign"},
	[TLS_FAULT_NO_SIGNATURE] = {"may not sign the key exchange",
				    "its keyUsage lacks digitalSignature"},
	[TLS_FAULT_PURPOSE] = {"is not meant for servers", "its extendedKeyUsage lacks serverAuth"},
	[TLS_FAULT_DISTRUSTED] = {"is not trusted for servers",
				  "the trust settings beside it exclude them"},
	[TLS_FAULT_PATH_LENGTH] = {"allows no further authority below it",
				   "its basicConstraints have a pathLenConstraint"},
	[TLS_FAULT_CONSTRAINED] = {"may not vouch for all names in it",
				   "its nameConstraints exclude one, or do not permit it"},
	[TLS_FAULT_SIGNATURE] = {"has a wrong signature",
				 "something between here and the server may be replacing its "
				 "certificate"},
	[TLS_FAULT_SERVER_NAME] = {"is for other names",
				   "use a name or address that its subjectAltName lists; the "
				   "common name does not count"},
	[TLS_FAULT_UNTRUSTED] =
		{"is not signed by a trusted authority",
		 "name its authority's certificate as ca or in SSL_CERT_FILE; if it "
		 "is a public one, the server may not send its intermediate "
		 "certificate"},
};

const char *tls_fault_predicate(enum tls_fault fault)
{
	const char *predicate = faults[fault].predicate;
	return predicate ? predicate : tls_engine.key_large;
}

const char *tls_fault_advice(enum tls_fault fault)
{
	const char *advice = faults[fault].advice;
	return advice                         ? advice
	       : fault == TLS_FAULT_KEY_KIND  ? tls_engine.key_kinds
	       : fault == TLS_FAULT_KEY_LARGE ? tls_engine.key_sizes
					      : tls_engine.signatures;
}
