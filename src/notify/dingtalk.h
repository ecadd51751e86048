/* The signature of DingTalk's robots. Pure. */
#pragma once

#include "base/buf.h"

/* Appends "timestamp=MS&sign=...", the parameters of a request at that time. */
void dingtalk_sign(const char *secret, int64_t unix_ms, struct buf *out);
