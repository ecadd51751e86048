/* HMAC (RFC 2104), by which a message says who sent it. Pure. */
#pragma once

#include "base/str.h"

enum { HMAC_SIZE = 32, HMAC_SHA1_SIZE = 20 };

/* The HMAC of text with SHA-256, in binary. Either may be empty. */
void hmac_sha256(struct str key, struct str text, char out[HMAC_SIZE]);
/* The same with SHA-1, for messages of others who sign by nothing better (Nexus). */
void hmac_sha1(struct str key, struct str text, char out[HMAC_SHA1_SIZE]);
