/*
 * Trust anchors out of PEM text (RFC 7468), read tolerantly: CRLF or CR line ends, a byte order
 * mark, indentation, comments, other objects in between, a missing last newline. Types CERTIFICATE,
 * X509 CERTIFICATE and TRUSTED CERTIFICATE count, others are ignored. Pure apart from the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "net/tls_certificate.h"

/* A certificate of the file that cannot be an anchor, and why. */
struct tls_refused {
	size_t number; /* its number among the certificates of the file, from 1 */
	enum tls_fault fault;
	char title[TLS_CERTIFICATE_TITLE_SIZE]; /* "" when it cannot be read */
};

struct tls_anchors {
	const struct tls_certificate *at; /* certificates without faults */
	size_t count;
	const struct tls_refused *refused;
	size_t refused_count;
};

/*
 * Reads every certificate of pem into *out; all memory is the arena's. Finding none is not an error
 * here. Dates are not checked. Fails with ERROR_MEMORY only.
 */
bool tls_pem_anchors(struct arena *arena, struct str pem, struct tls_anchors *out,
		     struct error *err);
