/*
 * What this run is moving, or has moved, and where it lies now.
 *
 * A key (a blob at a registry, a manifest in a repository) is moved by one thread, the leader; the
 * others wait for it and then take what it left. Waiting goes strictly from a document to what it
 * refers to, so it cannot form a circle. Any thread.
 */
#pragma once

#include "base/str.h"

struct inflight;

struct inflight *inflight_new(void);
void inflight_free(struct inflight **inflight);

/*
 * Claims key. True: the caller leads and must call inflight_end(). False: it is done, *place is
 * where (what the leader said), valid as long as the table. Waits while another thread leads.
 * Without memory the caller leads an unnamed key: the work is done, perhaps twice.
 */
bool inflight_lead(struct inflight *inflight, struct str key, const char **place);
/* Ends the lead. place (copied) says where it lies now; NULL: it failed, somebody else may lead. */
void inflight_end(struct inflight *inflight, struct str key, const char *place);
