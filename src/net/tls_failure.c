/*
 * A table of sentences. Their reader wants to know what to do, so each names the server, the
 * problem and the remedy; something BearSSL cannot do is called our limit, not a fault of the
 * server. The table also decides about retries: a failure that is not in it is worth one.
 */
#include "net/tls_failure.h"

#include "base/scoped.h"

#include <bearssl.h>

#define RECEIVED(alert) (BR_ERR_RECV_FATAL_ALERT + (alert))
#define NOT_TLS "is it plain http, or another port?"

enum { ALERT_CERTIFICATE_REQUIRED = 116, ALERT_UNRECOGNIZED_NAME = 112 };

static const struct {
	int code;
	const char *peer; /* "%s" stands for the server */
	const char *advice;
} sentences[] = {
	{BR_ERR_UNSUPPORTED_VERSION, "%s does not speak TLS 1.2 on this port", NOT_TLS},
	{BR_ERR_BAD_VERSION, "%s does not speak TLS 1.2 on this port", NOT_TLS},
	{BR_ERR_UNKNOWN_TYPE, "%s does not speak TLS 1.2 on this port", NOT_TLS},
	{RECEIVED(BR_ALERT_PROTOCOL_VERSION), "%s does not accept TLS 1.2",
	 "only TLS 1.2 is supported; the server must accept it besides TLS 1.3"},
	{RECEIVED(BR_ALERT_HANDSHAKE_FAILURE),
	 "%s found no cipher suite, curve or signature algorithm in common with us",
	 "it must accept TLS 1.2, ECDHE and AES-GCM or ChaCha20-Poly1305, and its certificate's "
	 "key must not be RSA-PSS or Ed25519"},
	{RECEIVED(BR_ALERT_INSUFFICIENT_SECURITY),
	 "%s refuses TLS 1.2 with ECDHE as not secure enough",
	 "it may demand TLS 1.3, which is not supported"},
	{RECEIVED(BR_ALERT_NO_APPLICATION_PROTOCOL), "%s does not speak HTTP/1.1",
	 "it must offer http/1.1 besides h2"},
	{RECEIVED(ALERT_UNRECOGNIZED_NAME), "%s does not recognise this host name",
	 "check the host name"},
	{RECEIVED(ALERT_CERTIFICATE_REQUIRED), "%s requires a client certificate",
	 "client certificates are not supported"},
	{BR_ERR_NO_CLIENT_AUTH, "%s requires a client certificate",
	 "client certificates are not supported"},
	{BR_ERR_BAD_CIPHER_SUITE, "%s chose a cipher suite that was not offered",
	 "only ECDHE with AES-GCM or ChaCha20-Poly1305 is supported"},
	{BR_ERR_INVALID_ALGORITHM, "%s chose a curve or signature algorithm that was not offered",
	 "X25519, P-256, P-384 and P-521 are supported, RSA-PSS is not"},
	{BR_ERR_BAD_SECRENEG, "%s breaks the rules of secure renegotiation",
	 "something between here and the server may be interfering"},
	{BR_ERR_WRONG_KEY_USAGE, "the certificate of %s does not match its cipher suite",
	 "the server chose a suite for another kind of key"},
	{BR_ERR_TOO_LARGE, "%s sends TLS records that are too large",
	 "check that this port speaks https"},
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

bool tls_failure_of_chain(const char *curl_text)
{
	int code = tls_failure_code(curl_text);
	return (code > BR_ERR_X509_OK && code <= BR_ERR_X509_NOT_TRUSTED) ||
	       strstr(curl_text, "SSL: X.509 verification");
}

bool tls_failure_not_tls(int code)
{
	return code == BR_ERR_UNSUPPORTED_VERSION || code == BR_ERR_BAD_VERSION ||
	       code == BR_ERR_UNKNOWN_TYPE;
}

static void explain_fault(const struct tls_failure *failure, char text[TLS_FAILURE_SIZE])
{
	const char *authority = failure->authority;
	bool above = authority && *authority;
	snprintf(text, TLS_FAILURE_SIZE, "%s%sthe certificate of %.256s%s %s (%s)",
		 above ? authority : "", above ? ", an authority above " : "", failure->peer,
		 above ? "," : "", tls_fault_predicate(failure->fault),
		 tls_fault_advice(failure->fault));
}

bool tls_failure_explain(const struct tls_failure *failure, char text[TLS_FAILURE_SIZE])
{
	int code = refuses_client(failure) ? BR_ERR_NO_CLIENT_AUTH : failure->code;
	if (failure->fault) {
		explain_fault(failure, text);
		return true;
	}
	for (size_t i = 0; i < array_count(sentences); i++) {
		if (sentences[i].code != code)
			continue;
		const char *format = sentences[i].peer, *gap = strstr(format, "%s");
		snprintf(text, TLS_FAILURE_SIZE, "%.*s%.256s%s (%s)", (int)(gap - format), format,
			 failure->peer, gap + 2, sentences[i].advice);
		return true;
	}
	return false;
}
