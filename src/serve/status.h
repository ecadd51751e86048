/*
 * The state of a server as JSON, for /status and the page. docs/schema/status.json describes it;
 * names stay, new ones may be added.
 */
#pragma once

#include "base/buf.h"
#include "serve/state.h"

/*
 * Appends one document and a line end. Texts that others may have chosen are masked and harmless,
 * as in a report. Without memory, or if it does not fit, out is marked as failed.
 */
void status_write(const struct state *state, struct buf *out);
