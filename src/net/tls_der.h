/*
 * A reader of DER, the encoding of certificates (X.690), over borrowed bytes.
 *
 * Only what certificates use: tags of one byte, definite lengths of at most three bytes in their
 * shortest form. Anything else is an error. No state, no allocation.
 */
#pragma once

#include "base/str.h"

enum tls_der_tag {
	TLS_DER_BOOLEAN = 0x01,
	TLS_DER_INTEGER = 0x02,
	TLS_DER_BITS = 0x03,
	TLS_DER_OCTETS = 0x04,
	TLS_DER_NULL = 0x05,
	TLS_DER_OID = 0x06,
	TLS_DER_UTF8_STRING = 0x0c,
	TLS_DER_PRINTABLE_STRING = 0x13,
	TLS_DER_IA5_STRING = 0x16,
	TLS_DER_UTC_TIME = 0x17,
	TLS_DER_GENERALIZED_TIME = 0x18,
	TLS_DER_VISIBLE_STRING = 0x1a,
	TLS_DER_SEQUENCE = 0x30,
	TLS_DER_SET = 0x31,
	/* Fields of a certificate. */
	TLS_DER_VERSION = 0xa0,
	TLS_DER_ISSUER_ID = 0x81,
	TLS_DER_SUBJECT_ID = 0x82,
	TLS_DER_EXTENSIONS = 0xa3,
	/* Forms of a GeneralName. */
	TLS_DER_EMAIL = 0x81,
	TLS_DER_DNS_NAME = 0x82,
	TLS_DER_DIRECTORY_NAME = 0xa4,
	TLS_DER_URI = 0x86,
	TLS_DER_IP_ADDRESS = 0x87,
	/* nameConstraints and policyConstraints. */
	TLS_DER_PERMITTED = 0xa0,
	TLS_DER_EXCLUDED = 0xa1,
	TLS_DER_EXPLICIT_POLICY = 0x80,
	TLS_DER_POLICY_MAPPING = 0x81,
	/* Parameters of RSA-PSS. */
	TLS_DER_PSS_HASH = 0xa0,
	TLS_DER_PSS_MASK = 0xa1,
	TLS_DER_PSS_SALT = 0xa2,
	TLS_DER_PSS_TRAILER = 0xa3,
	/* Settings that OpenSSL writes after a TRUSTED CERTIFICATE. */
	TLS_DER_REJECTED = 0xa0,
};

struct tls_der {
	unsigned char tag;
	struct str value; /* the content */
	struct str whole; /* tag, length and content */
};

/*
 * Takes the next element off *in. False at the end, and for anything but DER; *in is then
 * unchanged.
 */
bool tls_der_next(struct str *in, struct tls_der *out);
/* Takes the next element, which must have this tag; *value gets its content. */
bool tls_der_expect(struct str *in, unsigned char tag, struct str *value);
/* Takes a BIT STRING of whole bytes; *value gets them. */
bool tls_der_bits(struct str *in, struct str *value);
/* Takes a positive INTEGER in its shortest form; *value gets it without a leading zero. */
bool tls_der_positive(struct str *in, struct str *value);
