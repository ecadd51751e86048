/*
 * A table of sentences. Their reader wants to know what to do, so each names the server, the
 * problem and the remedy; something our engine cannot do is called our limit, not a fault of the
 * server, and where the other engine can, the remedy says so. The table also decides about retries:
 * a failure that is not in it is worth one.
 */
#include "net/tls_failure.h"

#include "base/scoped.h"
#include "net/tls_engine.h"

#include <stdio.h>
#include <string.h>

#define RECEIVED(alert) (TLS_REASON_ALERT + (alert))
#define NOT_TLS "is it plain http, or another port?"
#define OTHER_ENGINE "use the image whose tag ends in -openssl, or \"tls: openssl\" in the Action"
#define CLIENT "name yours as certificate and key of this registry in the auth file"

static const struct {
	int reason;
	const char *peer; /* "%s" stands for the server */
	const char *advice;
	const char *modern_peer, *modern_advice; /* with an engine that can more; NULL: the same */
} sentences[] = {
	{TLS_REASON_NOT_TLS, "%s does not speak TLS 1.2 on this port", NOT_TLS,
	 "%s does not speak TLS 1.2 or 1.3 on this port", NOT_TLS},
	{RECEIVED(TLS_ALERT_PROTOCOL_VERSION), "%s offers only TLS 1.3", OTHER_ENGINE,
	 "%s accepts neither TLS 1.2 nor 1.3", "older versions are not supported"},
	{RECEIVED(TLS_ALERT_HANDSHAKE_FAILURE),
	 "%s found no cipher suite, curve or signature algorithm in common with us",
	 "it may demand the extended master secret, RSA-PSS or Ed25519: " OTHER_ENGINE
	 "; else it must accept ECDHE with AES-GCM or ChaCha20-Poly1305",
	 "%s found no cipher suite, curve or signature algorithm in common with us",
	 "it must accept TLS 1.3, or TLS 1.2 with ECDHE and AES-GCM or ChaCha20-Poly1305"},
	{RECEIVED(TLS_ALERT_INSUFFICIENT_SECURITY),
	 "%s refuses TLS 1.2 with ECDHE as not secure enough",
	 "it may demand TLS 1.3: " OTHER_ENGINE, "%s refuses what we offer as not secure enough",
	 "it may demand a suite or a curve that is not supported"},
	{RECEIVED(TLS_ALERT_MISSING_EXTENSION), "%s demands an extension of TLS that was not sent",
	 "it may be the extended master secret: " OTHER_ENGINE,
	 "%s demands an extension of TLS that was not sent", "it is not supported"},
	{RECEIVED(TLS_ALERT_NO_APPLICATION_PROTOCOL), "%s does not speak HTTP/1.1",
	 "it must offer http/1.1 besides h2", NULL, NULL},
	{RECEIVED(TLS_ALERT_UNRECOGNIZED_NAME), "%s does not recognise this host name",
	 "check the host name", NULL, NULL},
	{RECEIVED(TLS_ALERT_CERTIFICATE_REQUIRED), "%s requires a client certificate",
	 CLIENT ", and " OTHER_ENGINE, "%s requires a client certificate", CLIENT},
	{TLS_REASON_NO_CLIENT_CERTIFICATE, "%s requires a client certificate",
	 CLIENT ", and " OTHER_ENGINE,
	 "%s requires a client certificate, or refuses the one it was given", CLIENT},
	{TLS_REASON_SUITE, "%s chose a cipher suite that was not offered",
	 "only ECDHE with AES-GCM or ChaCha20-Poly1305 is supported", NULL, NULL},
	{TLS_REASON_ALGORITHM, "%s chose a curve or signature algorithm that was not offered",
	 "X25519, P-256, P-384 and P-521 are supported, RSA-PSS is not",
	 "%s chose a curve or signature algorithm that was not offered",
	 "X25519, P-256, P-384 and P-521 are supported"},
	{TLS_REASON_RENEGOTIATION, "%s breaks the rules of secure renegotiation",
	 "something between here and the server may be interfering", NULL, NULL},
	{TLS_REASON_KEY_USAGE, "the certificate of %s does not match its cipher suite",
	 "the server chose a suite for another kind of key", NULL, NULL},
	{TLS_REASON_TOO_LARGE, "%s sends TLS records that are too large",
	 "check that this port speaks https", NULL, NULL},
	{TLS_REASON_LATE, "%s refuses the handshake after it has shown its certificate",
	 "it may demand the extended master secret, as servers in FIPS mode do: " OTHER_ENGINE,
	 "%s refuses the handshake after it has shown its certificate", "its log may say why"},
	{TLS_REASON_ANOTHER, "%s demands another handshake on an open connection",
	 "renegotiation is not supported: where the server wants a client certificate, it must ask "
	 "for it in the first handshake",
	 NULL, NULL},
	{TLS_REASON_EXTENDED_SECRET, "%s changed its mind about the extended master secret",
	 "something between here and the server may be interfering", NULL, NULL},
};

/* Alerts by which a server refuses a client certificate or the lack of one. */
static bool refuses_client(const struct tls_failure *failure)
{
	int alert = failure->reason - TLS_REASON_ALERT;
	return failure->asked &&
	       (alert == TLS_ALERT_HANDSHAKE_FAILURE ||
		(alert >= TLS_ALERT_BAD_CERTIFICATE && alert <= TLS_ALERT_CERTIFICATE_UNKNOWN) ||
		alert == TLS_ALERT_UNKNOWN_CA || alert == TLS_ALERT_ACCESS_DENIED);
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

/*
 * A server in FIPS mode that misses the extended master secret learns of it when it computes the
 * keys, after its certificate. OpenSSL then calls that an internal error.
 */
static bool refuses_late(const struct tls_failure *failure)
{
	bool internal = failure->reason == RECEIVED(TLS_ALERT_INTERNAL_ERROR) && !tls_engine.modern;
	return failure->accepted && !failure->established &&
	       (internal || failure->reason == RECEIVED(TLS_ALERT_HANDSHAKE_FAILURE));
}

static int reason_of(const struct tls_failure *failure)
{
	bool another =
		failure->established && failure->reason == RECEIVED(TLS_ALERT_HANDSHAKE_FAILURE);
	return refuses_client(failure) ? TLS_REASON_NO_CLIENT_CERTIFICATE
	       : refuses_late(failure) ? TLS_REASON_LATE
	       : another               ? TLS_REASON_ANOTHER
				       : failure->reason;
}

bool tls_failure_explain(const struct tls_failure *failure, char text[TLS_FAILURE_SIZE])
{
	int reason = reason_of(failure);
	if (failure->fault) {
		explain_fault(failure, text);
		return true;
	}
	for (size_t i = 0; i < array_count(sentences); i++) {
		if (sentences[i].reason != reason)
			continue;
		bool modern = tls_engine.modern && sentences[i].modern_peer;
		const char *format = modern ? sentences[i].modern_peer : sentences[i].peer;
		const char *advice = modern ? sentences[i].modern_advice : sentences[i].advice;
		const char *gap = strstr(format, "%s");
		snprintf(text, TLS_FAILURE_SIZE, "%.*s%.256s%s (%s)", (int)(gap - format), format,
			 failure->peer, gap + 2, advice);
		return true;
	}
	return false;
}
