/* The signature of Feishu's bots. Pure. */
#pragma once

#include "base/buf.h"

/* Appends the value of sign for a request at that time. */
void feishu_sign(const char *secret, int64_t unix_seconds, struct buf *out);
