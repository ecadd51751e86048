/*
 * The blobs and manifests that this run is moving, or has moved.
 *
 * Each is named by a key (a blob at a registry, a manifest in a repository) and moved by one
 * thread, the leader; the others wait for it and then use its result. A thread only ever waits for
 * parts of the document that it is copying, so the waits cannot form a circle. Any thread.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

struct inflight;

struct inflight *inflight_new(void);
void inflight_free(struct inflight **inflight);

enum inflight_role {
	INFLIGHT_LEADS,  /* the caller does the work, and then makes one of the calls below */
	INFLIGHT_DONE,   /* the work is done */
	INFLIGHT_FAILED, /* the leader failed, and the caller would fail as well */
};

/*
 * Claims the key, waiting while another thread leads. cause is the party that the bytes come from,
 * a pointer that is only compared: callers with another cause do not share a failure.
 * INFLIGHT_FAILED: *err is the error of a leader with the same cause that has used up its retries,
 * and it concerns the host: a blob that is missing or denied in one repository may be available in
 * another. Without memory the caller leads without a key: the work is done, perhaps twice.
 */
enum inflight_role inflight_claim(struct inflight *inflight, struct str key, const void *cause,
				  struct error *err);
/* Ends the lead: the work is done. */
void inflight_done(struct inflight *inflight, struct str key);
/* Ends the lead: the work failed for the reason in err, and another thread may lead. */
void inflight_failed(struct inflight *inflight, struct str key, const void *cause,
		     const struct error *err);
/* Ends the lead without a result: the next thread does the work again. */
void inflight_drop(struct inflight *inflight, struct str key);
