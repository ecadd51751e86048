/* The signature of a certificate: RSA PKCS#1 or ECDSA with SHA-2. Pure. */
#pragma once

#include "net/tls_certificate.h"

/* TLS_FAULT_NONE when a signature of this kind and length can be checked at all. */
enum tls_fault tls_signature_kind(const struct tls_certificate *certificate);
/* TLS_FAULT_NONE when certificate was signed with key, else the fault. */
enum tls_fault tls_signature_check(const struct tls_certificate *certificate,
				   const br_x509_pkey *key);
