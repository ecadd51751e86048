/* OpenSSL takes a signature in its one DER encoding only, and checks the range of both numbers. */
#include "net/ecdsa.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

static EVP_PKEY *read_point(const unsigned char *point)
{
	char curve[] = "P-256";
	EVP_PKEY *key = NULL;
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point,
						  ECDSA_POINT_SIZE),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *reading = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (reading && EVP_PKEY_fromdata_init(reading) == 1)
		EVP_PKEY_fromdata(reading, &key, EVP_PKEY_PUBLIC_KEY, parameters);
	EVP_PKEY_CTX_free(reading);
	return key;
}

bool ecdsa_verify(const unsigned char point[ECDSA_POINT_SIZE],
		  const unsigned char hash[ECDSA_HASH_SIZE], const unsigned char *signature,
		  size_t len)
{
	ERR_set_mark();
	EVP_PKEY *key = read_point(point);
	EVP_PKEY_CTX *checking = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	bool good = checking && EVP_PKEY_verify_init(checking) == 1 &&
		    EVP_PKEY_verify(checking, signature, len, hash, ECDSA_HASH_SIZE) == 1;
	EVP_PKEY_CTX_free(checking);
	EVP_PKEY_free(key);
	ERR_pop_to_mark();
	return good;
}
