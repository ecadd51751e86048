/* What the files of copy/ share: the run's copier, and the one image under way. */
#pragma once

#include "base/map.h"
#include "copy/copier.h"
#include "copy/hits.h"
#include "copy/inflight.h"
#include "copy/origins.h"
#include "copy/places.h"
#include "copy/quotas.h"
#include "copy/sites.h"
#include "copy/tees.h"
#include "oci/digest.h"

#include <stdatomic.h>

struct copier {
	struct arena *arena;
	struct copier_options options;
	struct inflight *inflight;
	struct hits *hits;
	struct places *places;
	struct origins *origins;
	struct tees *tees;
	struct sites *sites;
	struct quotas *quotas;
};

/* One image being copied; its parts are worked on by several threads. */
struct image {
	struct copier *copier;
	struct arena *arena; /* lives as long as the image, for the thread that runs it alone */
	struct repository from, to;
	struct places_lane *lane;             /* of this pair of registries, or NULL */
	struct origin *origin;                /* what other tasks know of its source, or NULL */
	struct tees_member member;            /* of those that go elsewhere */
	const struct platform_filter *filter; /* NULL: none */
	enum foreign_policy foreign; /* what becomes of layers that may not be distributed */
	bool judged;                 /* the filter has seen all the platforms that pass */
	const struct companion_filter *companions; /* NULL: none are wanted */
	const char *pinned;                        /* the source's digest */
	/*
	 * digest -> struct manifest read or made already; fixed while copying. What stays in it
	 * lives in arena; NULL: taken back.
	 */
	struct map known;
	const char *guarded;  /* the tag before whose writing is a drift_check(); NULL: none */
	const char *expected; /* what the tag holds; NULL: nothing */
	char moved[DIGEST_TEXT_SIZE]; /* what it holds by now; "": as expected */
	bool fresh; /* the target has nothing under the tag: asking for parts would be wasted */
	atomic_uint copied, mounted, present, skipped; /* blobs */
	_Atomic int64_t bytes;                         /* uploaded */
};
