/*
 * Work that is done once in a run, by the first thread that claims it: the others wait, and use its
 * result (inflight.h). A claim ends with its scope. Private to copy/.
 *
 *	scoped(claim_end) struct claim claim = {0};
 *	if (!claim_begin(&claim, image, err, "list %s/%s:%s", host, repository, tag))
 *		return claim.done;
 *	return claim_settle(&claim, work(...), err);
 */
#pragma once

#include "base/buf.h"
#include "copy/image.h"

struct claim {
	const struct image *image;
	struct buf key;
	bool reads_back; /* the bytes come from the target; set before claim_begin() */
	bool leads;      /* the caller does the work, and has not settled it yet */
	bool done;       /* another thread has done the work */
};

/*
 * Claims the work that format names. True: the caller leads, and ends the work with claim_settle()
 * or claim_pass_on(). False: the work is done (claim->done), or *err says why not.
 */
printf_like(4, 5) bool claim_begin(struct claim *claim, const struct image *image,
				   struct error *err, const char *format, ...);
/*
 * Ends the lead, if there is one. With ok the work is done; otherwise it failed for the reason in
 * err, and another thread may lead. Returns ok.
 */
bool claim_settle(struct claim *claim, bool ok, const struct error *err);
/* Ends the lead, with or without success: the next thread does the work again. Returns ok. */
bool claim_pass_on(struct claim *claim, bool ok);
/* Ends the claim; work that was not settled is left to the next thread. Zeroed: does nothing. */
void claim_end(struct claim *claim);
