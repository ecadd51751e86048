/* The extensions of a certificate (RFC 5280 section 4.2). Pure. */
#pragma once

#include "net/tls_certificate.h"

/*
 * Reads the content of the extensions' sequence into *out. The fault is TLS_FAULT_MALFORMED (also
 * for an extension that is given twice), TLS_FAULT_CRITICAL or TLS_FAULT_POLICY.
 */
enum tls_fault tls_extensions_read(struct str list, struct tls_certificate *out);

/* True when a list of purposes has serverAuth or anyExtendedKeyUsage. */
bool tls_extensions_list_servers(struct str purposes);
