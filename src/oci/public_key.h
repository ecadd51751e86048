/*
 * Public keys for signatures of images: ECDSA on the curve P-256, as cosign makes them.
 *
 * Plain records. net/ecdsa.h checks signatures with them.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

enum { PUBLIC_KEY_POINT_SIZE = 65 };

struct public_key {
	unsigned char point[PUBLIC_KEY_POINT_SIZE]; /* 4, X, Y (SEC 1, 2.3.3) */
	const char *place;                          /* the file it came from, for messages */
};

/*
 * Reads one "PUBLIC KEY" in PEM (RFC 7468) that holds a SubjectPublicKeyInfo (RFC 5480) of P-256;
 * only white space may surround it. ERROR_CONFIG says what the text is instead.
 */
bool public_key_parse(struct str text, struct public_key *out, struct error *err);
/* True when both are the same key, or both NULL. */
bool public_key_equal(const struct public_key *a, const struct public_key *b);
