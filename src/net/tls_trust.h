/*
 * The certificate authorities of a trust set, from a file that is read once, on first use.
 *
 * After the first success the anchors are constant and shared by all threads; a file that cannot be
 * used stays refused with the same error. It lives in the arena it was made with.
 */
#pragma once

#include "net/tls_memo.h"
#include "net/tls_pem.h"

struct tls_trust;

/*
 * Trust in the certificates of path; with NULL those of $SSL_CERT_FILE, else of the system's bundle
 * at its usual places. Nothing is read yet. NULL without memory. arena must have no other user.
 */
struct tls_trust *tls_trust_new(struct arena *arena, const char *path);
/* Destroys the locks; the memory belongs to the arena. */
void tls_trust_finish(struct tls_trust *trust);
/* The anchors, at least one, valid as long as the arena. ERROR_CONFIG, ERROR_MEMORY. */
bool tls_trust_get(struct tls_trust *trust, struct tls_anchors *out, struct error *err);
/* The signatures that were found good under it. */
struct tls_memo *tls_trust_memo(struct tls_trust *trust);
