/*
 * What this run is moving, or has moved.
 *
 * A key (a blob at a registry, a manifest in a repository) is moved by one thread, the leader; the
 * others wait for it and then take what it left. Waiting goes strictly from a document to what it
 * refers to, so it cannot form a circle. Any thread.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

struct inflight;

struct inflight *inflight_new(void);
void inflight_free(struct inflight **inflight);

enum inflight_role {
	INFLIGHT_LEADS,  /* the caller moves it and must call inflight_end() */
	INFLIGHT_DONE,   /* it is there */
	INFLIGHT_FAILED, /* the leader that was waited for failed, and so would the caller */
};

/*
 * Claims key for bytes from cause (compared as a pointer), waiting while another thread leads.
 * INFLIGHT_FAILED: *err is the leader's error; it had the same cause, had tried as often as makes
 * sense, and its trouble was with a host: what is missing or denied in one repository may be fine
 * in another. Without memory the caller leads an unnamed key: the work is done, perhaps twice.
 */
enum inflight_role inflight_claim(struct inflight *inflight, struct str key, const void *cause,
				  struct error *err);
/* Ends the lead: it is there. */
void inflight_done(struct inflight *inflight, struct str key);
/* Ends the lead: it failed for the reason in err, and somebody else may lead. */
void inflight_failed(struct inflight *inflight, struct str key, const void *cause,
		     const struct error *err);
/* Ends the lead of work that the next one does again. */
void inflight_drop(struct inflight *inflight, struct str key);
