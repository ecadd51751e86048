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
	TLS_DER_OCTETS = 0x04,
	TLS_DER_OID = 0x06,
	TLS_DER_SEQUENCE = 0x30,
	TLS_DER_DNS_NAME = 0x82,   /* [2] inside a GeneralName */
	TLS_DER_IP_ADDRESS = 0x87, /* [7] inside a GeneralName */
	TLS_DER_VERSION = 0xa0,    /* [0] constructed */
	TLS_DER_EXTENSIONS = 0xa3, /* [3] constructed */
};

struct tls_der {
	unsigned char tag;
	struct str value; /* the content */
	struct str whole; /* tag, length and content */
};

/* Takes the next element off *in. False at the end and for what is not DER; *in is kept then. */
bool tls_der_next(struct str *in, struct tls_der *out);
/* Takes the next element, which must have this tag; *value gets its content. */
bool tls_der_expect(struct str *in, unsigned char tag, struct str *value);
/* Takes an INTEGER above zero in its shortest form; *value gets it without a leading zero. */
bool tls_der_positive(struct str *in, struct str *value);
