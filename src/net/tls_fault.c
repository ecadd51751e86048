/*
 * One table, so that a reason reads the same in the log line about an anchor and in the failure of
 * a connection. Each text is a predicate whose subject may be the server's certificate, an
 * authority above it, or an anchor in a file.
 */
#include "net/tls_fault.h"

#include <bearssl.h>

#define RENEW "the server needs another certificate"
#define ANOTHER_CLOCK "check the local clock; otherwise the certificate must be renewed"

static const struct {
	int code;
	const char *predicate, *advice;
} faults[] = {
	[TLS_FAULT_NONE] = {0, "is good", ""},
	[TLS_FAULT_MALFORMED] = {BR_ERR_X509_UNEXPECTED, "cannot be read",
				 "it is damaged, or does not follow RFC 5280"},
	[TLS_FAULT_TOO_LARGE] = {BR_ERR_X509_LIMIT_EXCEEDED, "comes with a chain that is too large",
				 "the limits are 20 certificates and 512 KiB"},
	[TLS_FAULT_KEY_KIND] =
		{BR_ERR_X509_UNSUPPORTED, "has a key of a kind that is not supported",
		 "RSA and the curves P-256, P-384 and P-521 are supported; RSA-PSS and Ed25519 "
		 "are not"},
	[TLS_FAULT_KEY_LARGE] = {BR_ERR_X509_LIMIT_EXCEEDED, "has an RSA key above 4096 bits",
				 "RSA keys may have 2048 to 4096 bits"},
	[TLS_FAULT_KEY_WEAK] = {BR_ERR_X509_WEAK_PUBLIC_KEY, "has an RSA key below 2048 bits",
				"a certificate with a stronger key is needed"},
	[TLS_FAULT_ALGORITHM] =
		{BR_ERR_X509_UNSUPPORTED, "is signed with an algorithm that is not supported",
		 "RSA with PKCS#1 signatures and ECDSA are supported, with SHA-2; RSA-PSS, "
		 "Ed25519, SHA-1 and MD5 are not"},
	[TLS_FAULT_CRITICAL] = {BR_ERR_X509_CRITICAL_EXTENSION,
				"has a critical extension that is not supported", RENEW},
	[TLS_FAULT_POLICY] = {BR_ERR_X509_CRITICAL_EXTENSION, "requires certificate policies",
			      "policyConstraints with requireExplicitPolicy are not supported"},
	[TLS_FAULT_EXPIRED] = {BR_ERR_X509_EXPIRED, "has expired", ANOTHER_CLOCK},
	[TLS_FAULT_EARLY] = {BR_ERR_X509_EXPIRED, "is not valid yet", ANOTHER_CLOCK},
	[TLS_FAULT_NOT_AUTHORITY] = {BR_ERR_X509_NOT_CA, "may not sign others",
				     "its basicConstraints must say CA:TRUE"},
	[TLS_FAULT_NO_CERT_SIGN] = {BR_ERR_X509_NOT_CA, "may not sign others",
				    "its keyUsage lacks keyCertSign"},
	[TLS_FAULT_NO_SIGNATURE] = {BR_ERR_X509_FORBIDDEN_KEY_USAGE,
				    "may not sign the key exchange",
				    "its keyUsage lacks digitalSignature"},
	[TLS_FAULT_PURPOSE] = {BR_ERR_X509_FORBIDDEN_KEY_USAGE, "is not meant for servers",
			       "its extendedKeyUsage lacks serverAuth"},
	[TLS_FAULT_DISTRUSTED] = {BR_ERR_X509_NOT_TRUSTED, "is not trusted for servers",
				  "the trust settings beside it exclude them"},
	[TLS_FAULT_PATH_LENGTH] = {BR_ERR_X509_NOT_CA, "allows no further authority below it",
				   "its basicConstraints have a pathLenConstraint"},
	[TLS_FAULT_CONSTRAINED] = {BR_ERR_X509_FORBIDDEN_KEY_USAGE,
				   "may not vouch for all names in it",
				   "its nameConstraints exclude one, or do not permit it"},
	[TLS_FAULT_SIGNATURE] = {BR_ERR_X509_BAD_SIGNATURE, "has a wrong signature",
				 "something between here and the server may be replacing its "
				 "certificate"},
	[TLS_FAULT_SERVER_NAME] = {BR_ERR_X509_BAD_SERVER_NAME, "is for other names",
				   "use a name or address that its subjectAltName lists; the "
				   "common name does not count"},
	[TLS_FAULT_UNTRUSTED] =
		{BR_ERR_X509_NOT_TRUSTED, "is not signed by a trusted authority",
		 "name its authority's certificate as ca or in SSL_CERT_FILE; if it "
		 "is a public one, the server may not send its intermediate "
		 "certificate"},
};

int tls_fault_code(enum tls_fault fault)
{
	return faults[fault].code;
}

const char *tls_fault_predicate(enum tls_fault fault)
{
	return faults[fault].predicate;
}

const char *tls_fault_advice(enum tls_fault fault)
{
	return faults[fault].advice;
}
