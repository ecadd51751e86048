/* Why libcurl ended a transfer, as an error. Private to net/. */
#pragma once

#include "net/handle.h"

/* Fills err for a transfer of the handle that ended with code, not CURLE_OK. Always false. */
bool failure_explain(struct handle *handle, CURLcode code, struct error *err);
