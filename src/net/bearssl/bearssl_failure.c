/* libcurl has words of its own for three errors, all about certificates, where faults say more. */
#include "net/bearssl/bearssl_failure.h"

#include "base/scoped.h"
#include "net/tls_reason.h"

#include <bearssl.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	int code;
	enum tls_reason reason;
} reasons[] = {
	{BR_ERR_UNSUPPORTED_VERSION, TLS_REASON_NOT_TLS},
	{BR_ERR_BAD_VERSION, TLS_REASON_NOT_TLS},
	{BR_ERR_UNKNOWN_TYPE, TLS_REASON_NOT_TLS},
	{BR_ERR_NO_CLIENT_AUTH, TLS_REASON_NO_CLIENT_CERTIFICATE},
	{BR_ERR_BAD_CIPHER_SUITE, TLS_REASON_SUITE},
	{BR_ERR_INVALID_ALGORITHM, TLS_REASON_ALGORITHM},
	{BR_ERR_BAD_SECRENEG, TLS_REASON_RENEGOTIATION},
	{BR_ERR_WRONG_KEY_USAGE, TLS_REASON_KEY_USAGE},
	{BR_ERR_TOO_LARGE, TLS_REASON_TOO_LARGE},
};

static const int codes[] = {
	[TLS_FAULT_NONE] = 0,
	[TLS_FAULT_MALFORMED] = BR_ERR_X509_UNEXPECTED,
	[TLS_FAULT_TOO_LARGE] = BR_ERR_X509_LIMIT_EXCEEDED,
	[TLS_FAULT_KEY_KIND] = BR_ERR_X509_UNSUPPORTED,
	[TLS_FAULT_KEY_LARGE] = BR_ERR_X509_LIMIT_EXCEEDED,
	[TLS_FAULT_KEY_WEAK] = BR_ERR_X509_WEAK_PUBLIC_KEY,
	[TLS_FAULT_ALGORITHM] = BR_ERR_X509_UNSUPPORTED,
	[TLS_FAULT_CRITICAL] = BR_ERR_X509_CRITICAL_EXTENSION,
	[TLS_FAULT_POLICY] = BR_ERR_X509_CRITICAL_EXTENSION,
	[TLS_FAULT_EXPIRED] = BR_ERR_X509_EXPIRED,
	[TLS_FAULT_EARLY] = BR_ERR_X509_EXPIRED,
	[TLS_FAULT_NOT_AUTHORITY] = BR_ERR_X509_NOT_CA,
	[TLS_FAULT_NO_CERT_SIGN] = BR_ERR_X509_NOT_CA,
	[TLS_FAULT_NO_SIGNATURE] = BR_ERR_X509_FORBIDDEN_KEY_USAGE,
	[TLS_FAULT_PURPOSE] = BR_ERR_X509_FORBIDDEN_KEY_USAGE,
	[TLS_FAULT_DISTRUSTED] = BR_ERR_X509_NOT_TRUSTED,
	[TLS_FAULT_PATH_LENGTH] = BR_ERR_X509_NOT_CA,
	[TLS_FAULT_CONSTRAINED] = BR_ERR_X509_FORBIDDEN_KEY_USAGE,
	[TLS_FAULT_SIGNATURE] = BR_ERR_X509_BAD_SIGNATURE,
	[TLS_FAULT_SERVER_NAME] = BR_ERR_X509_BAD_SERVER_NAME,
	[TLS_FAULT_UNTRUSTED] = BR_ERR_X509_NOT_TRUSTED,
};

int bearssl_failure_code(const char *curl_text)
{
	static const char before[] = "BearSSL: connection error 0x";
	const char *at = strstr(curl_text, before);
	long code = at ? strtol(at + sizeof(before) - 1, NULL, 16) : 0;
	return code > 0 && code < 0x1000 ? (int)code : 0;
}

bool bearssl_failure_of_chain(const char *curl_text)
{
	int code = bearssl_failure_code(curl_text);
	return (code > BR_ERR_X509_OK && code <= BR_ERR_X509_NOT_TRUSTED) ||
	       strstr(curl_text, "SSL: X.509 verification");
}

int bearssl_failure_reason(int code)
{
	int alert = code - BR_ERR_RECV_FATAL_ALERT;
	for (size_t i = 0; i < array_count(reasons); i++)
		if (reasons[i].code == code)
			return reasons[i].reason;
	if (alert > 0 && alert <= TLS_ALERT_MAX)
		return TLS_REASON_ALERT + alert;
	return code ? TLS_REASON_OTHER : TLS_REASON_NONE;
}

int bearssl_failure_of_fault(enum tls_fault fault)
{
	return codes[fault];
}
