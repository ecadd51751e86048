/* Why a handshake failed, if not for the server's chain (tls_fault.h). */
#pragma once

/* Alerts of RFC 8446 section 6.2 and RFC 5246 section 7.2 that mean something to us. */
enum tls_alert {
	TLS_ALERT_HANDSHAKE_FAILURE = 40,
	TLS_ALERT_BAD_CERTIFICATE = 42,
	TLS_ALERT_CERTIFICATE_UNKNOWN = 46,
	TLS_ALERT_UNKNOWN_CA = 48,
	TLS_ALERT_ACCESS_DENIED = 49,
	TLS_ALERT_PROTOCOL_VERSION = 70,
	TLS_ALERT_INSUFFICIENT_SECURITY = 71,
	TLS_ALERT_INTERNAL_ERROR = 80,
	TLS_ALERT_MISSING_EXTENSION = 109,
	TLS_ALERT_UNRECOGNIZED_NAME = 112,
	TLS_ALERT_CERTIFICATE_REQUIRED = 116,
	TLS_ALERT_NO_APPLICATION_PROTOCOL = 120,
	TLS_ALERT_MAX = 255,
};

/* What we met, or, from TLS_REASON_ALERT on, the alert that the server sent. */
enum tls_reason {
	TLS_REASON_NONE,  /* TLS was not the reason */
	TLS_REASON_OTHER, /* something that may not recur: damaged bytes, a server in trouble */
	TLS_REASON_NOT_TLS,
	TLS_REASON_SUITE,
	TLS_REASON_ALGORITHM,
	TLS_REASON_RENEGOTIATION,
	TLS_REASON_KEY_USAGE,
	TLS_REASON_TOO_LARGE,
	TLS_REASON_NO_CLIENT_CERTIFICATE,
	TLS_REASON_LATE,            /* the server refuses after its certificate was accepted */
	TLS_REASON_EXTENDED_SECRET, /* the extended master secret is not the session's */
	TLS_REASON_ANOTHER,         /* the server wants another handshake, on an open connection */
	TLS_REASON_ALERT = 256,
};
