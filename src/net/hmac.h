/* HMAC with SHA-256 (RFC 2104), by which a request says who sent it. Pure. */
#pragma once

#include "base/str.h"

enum { HMAC_SIZE = 32 };

/* The HMAC of text, in binary. Either may be empty. */
void hmac_sha256(struct str key, struct str text, char out[HMAC_SIZE]);
