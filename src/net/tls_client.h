/*
 * The certificate by which we identify ourselves to a server, and its key (RFC 8446 section 4.4.2):
 * two PEM files, which the engine reads for each connection. BearSSL's libcurl has none.
 */
#pragma once

#include "base/error.h"

struct tls_client {
	const char *certificate; /* the file may have the authorities above it, too */
	const char *key;         /* without a passphrase */
};

/* True when both can be used, and belong together. ERROR_UNSUPPORTED: not with this engine. */
bool tls_client_check(const struct tls_client *client, struct error *err);
