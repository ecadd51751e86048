/*
 * Work that is done once in a run, by the first that claims it: the others wait, and take what it
 * left (inflight.h). A claim ends with its scope. Private to copy/.
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
	bool reads_back; /* its bytes come from the target: set before it begins */
	bool leads;      /* the caller does the work, and has not settled yet */
	bool done;       /* somebody has done it */
};

/*
 * Claims what format names. True: the caller leads, and ends the work with one of the two that
 * follow. False: it is done, or *err says why not.
 */
printf_like(4, 5) bool claim_begin(struct claim *claim, const struct image *image,
				   struct error *err, const char *format, ...);
/*
 * Ends the lead, if there is one: with ok the work is done; else it failed for the reason in err,
 * and somebody else may lead. Returns ok.
 */
bool claim_settle(struct claim *claim, bool ok, const struct error *err);
/* Ends the lead of work that the next one does again, whatever came of it. Returns ok. */
bool claim_pass_on(struct claim *claim, bool ok);
/* A claim that was not settled leaves the work to the next one. Zeroed: nothing to do. */
void claim_end(struct claim *claim);
