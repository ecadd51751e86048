/*
 * Trust anchors out of PEM text (RFC 7468), read tolerantly: CRLF or CR line ends, a byte order
 * mark, indentation, comments, other objects in between, a missing last newline. Types CERTIFICATE,
 * X509 CERTIFICATE and TRUSTED CERTIFICATE count, others are ignored. Pure apart from the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#include <bearssl.h>

struct tls_anchors {
	const br_x509_trust_anchor *at;
	size_t count;
	size_t skipped; /* certificates that are damaged or of a kind BearSSL cannot use */
};

/*
 * Reads every certificate of pem into *out; all memory is the arena's. Finding none is no error
 * here. Only ERROR_MEMORY.
 */
bool tls_pem_anchors(struct arena *arena, struct str pem, struct tls_anchors *out,
		     struct error *err);
