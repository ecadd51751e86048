#include "certificate_engine.h"
#include "fuzz.h"

#include "net/bearssl/bearssl_pss.h"

#include <bearssl.h>

/* With an exponent of one, below a modulus of any first byte. */
void engine_check_encoding(const struct tls_certificate *certificate)
{
	unsigned char modulus[BEARSSL_RSA_MAX], one[] = {1};
	size_t len = certificate->signature.len;
	br_rsa_public_key key = {modulus, len, one, sizeof(one)};
	struct tls_pss pss;
	if (!len || len > sizeof(modulus) || !tls_pss_read(certificate->parameters, &pss))
		return;
	memset(modulus, 0xff, len);
	for (unsigned top = 0xff; top; top >>= 1) {
		modulus[0] = (unsigned char)top;
		bearssl_pss_check(&key, &pss, certificate->body, certificate->signature);
	}
}

void engine_check_decoders(struct str der, size_t piece)
{
	br_x509_decoder_context *decoder = malloc(sizeof(*decoder));
	br_skey_decoder_context *keys = malloc(sizeof(*keys));
	require(decoder && keys);
	br_x509_decoder_init(decoder, NULL, NULL);
	br_skey_decoder_init(keys);
	while (der.len) {
		struct str part = str_head(der, piece);
		br_x509_decoder_push(decoder, part.at, part.len);
		br_skey_decoder_push(keys, part.at, part.len);
		der = str_from(der, part.len);
	}
	if (!br_x509_decoder_last_error(decoder))
		require(br_x509_decoder_get_pkey(decoder));
	free(decoder);
	free(keys);
}
