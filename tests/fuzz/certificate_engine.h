/* What the fuzz target "certificate" asks of the engine of TLS itself: one file for each engine. */
#pragma once

#include "net/tls_certificate.h"

/* Lets the engine's own decoders read der, piece bytes at a time where they take pieces. */
void engine_check_decoders(struct str der, size_t piece);
/* Takes the signature for a PSS encoding, as if the power of RSA had been computed already. */
void engine_check_encoding(const struct tls_certificate *certificate);
