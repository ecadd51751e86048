/*
 * OpenSSL reads the certificate once more, but which algorithms are good enough is decided here: it
 * would take RSA-PSS with any hash.
 */
#include "net/tls_engine.h"
#include "net/tls_pss.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

enum { SIGNATURE_MAX = 1024 };

static const struct algorithm {
	struct str id;
	bool rsa, pss, curve; /* the kinds of keys that make it; none: Ed25519 */
} algorithms[] = {
	{STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e"), .rsa = true},
	{STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), .rsa = true},
	{STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"), .rsa = true},
	{STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), .rsa = true},
	{STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), .rsa = true, .pss = true},
	{STR("\x2a\x86\x48\xce\x3d\x04\x03\x01"), .curve = true},
	{STR("\x2a\x86\x48\xce\x3d\x04\x03\x02"), .curve = true},
	{STR("\x2a\x86\x48\xce\x3d\x04\x03\x03"), .curve = true},
	{STR("\x2a\x86\x48\xce\x3d\x04\x03\x04"), .curve = true},
	{STR("\x2b\x65\x70"), .rsa = false},
};

static const struct algorithm *find_algorithm(const struct tls_certificate *certificate)
{
	struct tls_pss pss;
	for (size_t i = 0; i < array_count(algorithms); i++)
		if (str_equal(algorithms[i].id, certificate->algorithm))
			return algorithms[i].pss && !tls_pss_read(certificate->parameters, &pss)
				       ? NULL
				       : &algorithms[i];
	return NULL;
}

enum tls_fault tls_engine_signature_kind(const struct tls_certificate *certificate)
{
	return !find_algorithm(certificate)                 ? TLS_FAULT_ALGORITHM
	       : certificate->signature.len > SIGNATURE_MAX ? TLS_FAULT_KEY_LARGE
							    : TLS_FAULT_NONE;
}

static bool fits(const struct algorithm *algorithm, const struct tls_certificate *certificate,
		 const struct tls_key *key)
{
	/* OpenSSL would complete a PSS signature that lacks its leading zeros. */
	if (algorithm->pss && certificate->signature.len != key->modulus.len)
		return false;
	switch (key->kind) {
	case TLS_KEY_RSA:
		return algorithm->rsa;
	case TLS_KEY_RSA_PSS:
		return algorithm->pss;
	case TLS_KEY_ED25519:
		return !algorithm->rsa && !algorithm->pss && !algorithm->curve;
	default:
		return tls_key_on_curve(key) && algorithm->curve;
	}
}

static const unsigned char *bytes_of(struct str text)
{
	return (const unsigned char *)text.at;
}

enum tls_fault tls_engine_signature_check(const struct tls_certificate *certificate,
					  const struct tls_key *key)
{
	const struct algorithm *algorithm = find_algorithm(certificate);
	const unsigned char *der = bytes_of(certificate->whole), *info = bytes_of(key->info);
	if (!algorithm || certificate->signature.len > SIGNATURE_MAX)
		return tls_engine_signature_kind(certificate);
	if (!fits(algorithm, certificate, key))
		return TLS_FAULT_SIGNATURE;
	/* libcurl would report what is left in the queue of errors as the reason. */
	ERR_set_mark();
	X509 *read = d2i_X509(NULL, &der, (long)certificate->whole.len);
	EVP_PKEY *issuer = d2i_PUBKEY(NULL, &info, (long)key->info.len);
	enum tls_fault fault = !read || !issuer                 ? TLS_FAULT_MALFORMED
			       : X509_verify(read, issuer) != 1 ? TLS_FAULT_SIGNATURE
								: TLS_FAULT_NONE;
	X509_free(read);
	EVP_PKEY_free(issuer);
	ERR_pop_to_mark();
	return fault;
}
