/*
 * The parameters of an algorithm are not checked, except those of RSA-PSS: they are absent or NULL
 * for all others known here, and the signed part of the certificate repeats them byte for byte.
 */
#include "base/scoped.h"
#include "net/bearssl/bearssl_ecdsa.h"
#include "net/bearssl/bearssl_key.h"
#include "net/bearssl/bearssl_pss.h"
#include "net/tls_engine.h"

#include <string.h>

enum { HASH_MAX = 64 };

static const struct algorithm {
	struct str id;
	unsigned char key_type;
	const br_hash_class *hash;
	const unsigned char *hash_id; /* the hash's identifier in RSA signatures */
} algorithms[] = {
	{STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e"), BR_KEYTYPE_RSA, &br_sha224_vtable,
	 BR_HASH_OID_SHA224},
	{STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), BR_KEYTYPE_RSA, &br_sha256_vtable,
	 BR_HASH_OID_SHA256},
	{STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"), BR_KEYTYPE_RSA, &br_sha384_vtable,
	 BR_HASH_OID_SHA384},
	{STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), BR_KEYTYPE_RSA, &br_sha512_vtable,
	 BR_HASH_OID_SHA512},
	{STR("\x2a\x86\x48\xce\x3d\x04\x03\x01"), BR_KEYTYPE_EC, &br_sha224_vtable, NULL},
	{STR("\x2a\x86\x48\xce\x3d\x04\x03\x02"), BR_KEYTYPE_EC, &br_sha256_vtable, NULL},
	{STR("\x2a\x86\x48\xce\x3d\x04\x03\x03"), BR_KEYTYPE_EC, &br_sha384_vtable, NULL},
	{STR("\x2a\x86\x48\xce\x3d\x04\x03\x04"), BR_KEYTYPE_EC, &br_sha512_vtable, NULL},
};

static const struct algorithm *find_algorithm(const struct tls_certificate *certificate)
{
	for (size_t i = 0; i < array_count(algorithms); i++)
		if (str_equal(algorithms[i].id, certificate->algorithm))
			return &algorithms[i];
	return NULL;
}

enum tls_fault tls_engine_signature_kind(const struct tls_certificate *certificate)
{
	struct tls_pss pss;
	bool known = tls_pss_is(certificate->algorithm)
			     ? tls_pss_read(certificate->parameters, &pss)
			     : find_algorithm(certificate) != NULL;
	return !known                                         ? TLS_FAULT_ALGORITHM
	       : certificate->signature.len > BEARSSL_RSA_MAX ? TLS_FAULT_KEY_LARGE
							      : TLS_FAULT_NONE;
}

static bool check_pss(const struct tls_certificate *certificate, const struct tls_key *public)
{
	struct tls_pss pss;
	const br_x509_pkey key = bearssl_key(public);
	return key.key_type == BR_KEYTYPE_RSA && tls_pss_read(certificate->parameters, &pss) &&
	       tls_pss_within(public->limits, &pss) &&
	       bearssl_pss_check(&key.key.rsa, &pss, certificate->body, certificate->signature);
}

static size_t hash_body(const br_hash_class *hash, struct str body, unsigned char out[HASH_MAX])
{
	br_hash_compat_context context;
	hash->init(&context.vtable);
	hash->update(&context.vtable, body.at, body.len);
	hash->out(&context.vtable, out);
	return hash->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK;
}

/* All but PSS. */
static bool check_plain(const struct tls_certificate *certificate, const struct tls_key *public)
{
	const br_x509_pkey key = bearssl_key(public);
	const struct algorithm *algorithm = find_algorithm(certificate);
	const unsigned char *signature = (const unsigned char *)certificate->signature.at;
	size_t len = certificate->signature.len;
	unsigned char hash[HASH_MAX], signed_hash[HASH_MAX];
	if (!algorithm || key.key_type != algorithm->key_type || public->kind == TLS_KEY_RSA_PSS)
		return false;
	size_t hash_len = hash_body(algorithm->hash, certificate->body, hash);
	if (key.key_type == BR_KEYTYPE_EC)
		return bearssl_ecdsa_check(br_ec_get_default(), hash, hash_len, &key.key.ec,
					   signature, len) == 1;
	return br_rsa_pkcs1_vrfy_get_default()(signature, len, algorithm->hash_id, hash_len,
					       &key.key.rsa, signed_hash) == 1 &&
	       memcmp(hash, signed_hash, hash_len) == 0;
}

enum tls_fault tls_engine_signature_check(const struct tls_certificate *certificate,
					  const struct tls_key *key)
{
	enum tls_fault fault = tls_engine_signature_kind(certificate);
	if (fault)
		return fault;
	bool good = tls_pss_is(certificate->algorithm) ? check_pss(certificate, key)
						       : check_plain(certificate, key);
	return good ? TLS_FAULT_NONE : TLS_FAULT_SIGNATURE;
}
