/*
 * A table of sentences. Whoever meets one of them is about to ask "what do I do now", so each names
 * the server, what was wrong and the remedy; what BearSSL cannot do is called our limit, not a
 * fault of the server. The table also decides what is worth a retry: what it does not hold.
 */
#include "net/tls_failure.h"

#include "base/scoped.h"

#include <bearssl.h>

#define RECEIVED(alert) (BR_ERR_RECV_FATAL_ALERT + (alert))
#define NOT_TLS "check the port; if the registry is meant to be plain http, mark it insecure"

enum { ALERT_CERTIFICATE_REQUIRED = 116, ALERT_UNRECOGNIZED_NAME = 112 };

static const struct {
	int code;
	const char *peer; /* "%s" stands for the server */
	const char *advice;
} sentences[] = {
	{BR_ERR_X509_EXPIRED,
	 "the certificate of %s, or of an authority above it, has expired or is not valid yet",
	 "check the local clock; otherwise the server's certificate must be renewed"},
	{BR_ERR_X509_NOT_TRUSTED, "the certificate of %s is not signed by a trusted authority",
	 "name a PEM file with the authority's certificate in SSL_CERT_FILE; if the authority "
	 "is a public one, the server may not send its intermediate certificate"},
	{BR_ERR_X509_BAD_SERVER_NAME, "the certificate of %s is for other names",
	 "use a name or address that its subjectAltName lists; the common name does not count"},
	{BR_ERR_X509_DN_MISMATCH, "%s sends its certificate chain out of order",
	 "the server must send its own certificate, then each one's issuer, and no other"},
	{BR_ERR_X509_NOT_CA,
	 "the certificate chain of %s uses a certificate that may not sign others",
	 "the server's chain must be made anew"},
	{BR_ERR_X509_FORBIDDEN_KEY_USAGE, "the certificate of %s is not meant for servers",
	 "it needs extendedKeyUsage serverAuth, and a matching keyUsage"},
	{BR_ERR_X509_WEAK_PUBLIC_KEY, "the certificate chain of %s has an RSA key below 2048 bits",
	 "the server needs a certificate with a stronger key"},
	{BR_ERR_X509_UNSUPPORTED,
	 "the certificate chain of %s uses an algorithm that is not supported",
	 "usable are RSA with PKCS#1 signatures and ECDSA on P-256, P-384 and P-521, signed with "
	 "SHA-2; not RSA-PSS, Ed25519, SHA-1 or MD5"},
	{BR_ERR_X509_LIMIT_EXCEEDED,
	 "the certificate chain of %s has a key or a certificate that is too large",
	 "RSA keys may have 4096 bits, a certificate 256 KiB"},
	{BR_ERR_X509_CRITICAL_EXTENSION,
	 "the certificate chain of %s has a critical extension that is not supported",
	 "name constraints, policy constraints and a critical extendedKeyUsage are not"},
	{BR_ERR_X509_BAD_SIGNATURE, "the certificate chain of %s has a wrong signature",
	 "something between here and the server may be replacing its certificate"},
	{BR_ERR_X509_WRONG_KEY_TYPE,
	 "the certificate chain of %s is signed with another kind of key than it says",
	 "the server's chain must be made anew"},
	{BR_ERR_UNSUPPORTED_VERSION, "%s does not speak TLS 1.2 on this port", NOT_TLS},
	{BR_ERR_BAD_VERSION, "%s does not speak TLS 1.2 on this port", NOT_TLS},
	{BR_ERR_UNKNOWN_TYPE, "%s does not speak TLS 1.2 on this port", NOT_TLS},
	{RECEIVED(BR_ALERT_PROTOCOL_VERSION), "%s does not accept TLS 1.2",
	 "only TLS 1.2 is supported; let the server accept it beside TLS 1.3"},
	{RECEIVED(BR_ALERT_HANDSHAKE_FAILURE),
	 "%s found no cipher suite, curve or signature algorithm in common with us",
	 "it must accept TLS 1.2, ECDHE and AES-GCM or ChaCha20-Poly1305, and its certificate's "
	 "key may not be of the RSA-PSS or Ed25519 kind"},
	{RECEIVED(BR_ALERT_INSUFFICIENT_SECURITY), "%s finds TLS 1.2 with ECDHE not secure enough",
	 "it may demand TLS 1.3, which is not supported"},
	{RECEIVED(BR_ALERT_NO_APPLICATION_PROTOCOL), "%s does not speak HTTP/1.1",
	 "it must offer http/1.1 beside h2"},
	{RECEIVED(ALERT_UNRECOGNIZED_NAME), "%s does not know itself by this name",
	 "check the host name"},
	{RECEIVED(ALERT_CERTIFICATE_REQUIRED), "%s demands a client certificate",
	 "client certificates are not supported"},
	{BR_ERR_NO_CLIENT_AUTH, "%s demands a client certificate",
	 "client certificates are not supported"},
	{BR_ERR_BAD_CIPHER_SUITE, "%s chose a cipher suite that was not offered",
	 "only ECDHE with AES-GCM or ChaCha20-Poly1305 is"},
	{BR_ERR_INVALID_ALGORITHM, "%s chose a curve or signature algorithm that was not offered",
	 "usable are X25519, P-256, P-384 and P-521, and no RSA-PSS"},
	{BR_ERR_BAD_SECRENEG, "%s breaks the rules of secure renegotiation",
	 "something between here and the server may be interfering"},
	{BR_ERR_WRONG_KEY_USAGE, "the certificate of %s may not be used for this cipher suite",
	 "its keyUsage must allow digitalSignature"},
	{BR_ERR_TOO_LARGE, "%s sends TLS records that are too large",
	 "check the port: is it https that is spoken there?"},
};

/* Alerts by which a server refuses a client certificate or the lack of one. */
static bool refuses_client(const struct tls_failure *failure)
{
	int alert = failure->code - BR_ERR_RECV_FATAL_ALERT;
	return failure->accepted &&
	       (alert == BR_ALERT_HANDSHAKE_FAILURE ||
		(alert >= BR_ALERT_BAD_CERTIFICATE && alert <= BR_ALERT_CERTIFICATE_UNKNOWN) ||
		alert == BR_ALERT_UNKNOWN_CA || alert == BR_ALERT_ACCESS_DENIED);
}

int tls_failure_code(const char *curl_text)
{
	static const char before[] = "BearSSL: connection error 0x";
	const char *at = strstr(curl_text, before);
	long code = at ? strtol(at + sizeof(before) - 1, NULL, 16) : 0;
	return code > 0 && code < 0x1000 ? (int)code : 0;
}

bool tls_failure_not_tls(int code)
{
	return code == BR_ERR_UNSUPPORTED_VERSION || code == BR_ERR_BAD_VERSION ||
	       code == BR_ERR_UNKNOWN_TYPE;
}

bool tls_failure_explain(const struct tls_failure *failure, char text[TLS_FAILURE_SIZE])
{
	int code = refuses_client(failure) ? BR_ERR_NO_CLIENT_AUTH : failure->code;
	for (size_t i = 0; i < array_count(sentences); i++) {
		if (sentences[i].code != code)
			continue;
		const char *format = sentences[i].peer, *gap = strstr(format, "%s");
		snprintf(text, TLS_FAILURE_SIZE, "%.*s%.256s%s (%s)", (int)(gap - format), format,
			 failure->peer, gap + 2, sentences[i].advice);
		return true;
	}
	if (code <= BR_ERR_X509_OK || code > BR_ERR_X509_NOT_TRUSTED)
		return false;
	snprintf(text, TLS_FAILURE_SIZE,
		 "the certificate chain of %.256s cannot be read (X.509 error %d)", failure->peer,
		 code);
	return true;
}
