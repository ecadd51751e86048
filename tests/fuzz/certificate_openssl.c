#include "certificate_engine.h"
#include "fuzz.h"

#include <openssl/err.h>
#include <openssl/x509.h>

/* Names and dates are what libcurl prints of a server's certificate. */
static void print(const X509 *certificate)
{
	BIO *out = BIO_new(BIO_s_mem());
	require(out);
	X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_SEP_SPLUS_SPC);
	X509_NAME_print_ex(out, X509_get_issuer_name(certificate), 0, XN_FLAG_SEP_SPLUS_SPC);
	ASN1_TIME_print(out, X509_get0_notBefore(certificate));
	ASN1_TIME_print(out, X509_get0_notAfter(certificate));
	BIO_free(out);
}

/* The engine hands over what OpenSSL has read in an encoding of its own. */
static void encode(const X509 *certificate)
{
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	const unsigned char *at = der;
	X509 *again = len > 0 ? d2i_X509(NULL, &at, len) : NULL;
	require(len <= 0 || (again && at == der + len));
	X509_free(again);
	OPENSSL_free(der);
}

void engine_check_decoders(struct str der, size_t piece)
{
	const unsigned char *at = (const unsigned char *)der.at;
	X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
	(void)piece;
	if (certificate) {
		print(certificate);
		encode(certificate);
		X509_get0_pubkey(certificate);
	}
	X509_free(certificate);
	ERR_clear_error();
}

/* OpenSSL checks encodings only after it has computed them. */
void engine_check_encoding(const struct tls_certificate *certificate)
{
	(void)certificate;
}
