/* What the files of copy/ share: the run's copier, and the one image under way. */
#pragma once

#include "base/map.h"
#include "copy/copier.h"
#include "copy/hits.h"
#include "copy/inflight.h"
#include "copy/sites.h"

#include <semaphore.h>
#include <stdatomic.h>

struct copier {
	struct arena *arena;
	struct copier_options options;
	struct inflight *inflight;
	struct hits *hits;
	struct sites *sites;
	sem_t blobs; /* free places for moving blobs */
};

/* One image being copied; its parts are worked on by several threads. */
struct image {
	struct copier *copier;
	struct repository from, to;
	const struct platform_filter *filter; /* NULL: none */
	bool judged;                          /* the filter has seen all the platforms that pass */
	const struct companion_filter *companions; /* NULL: none are wanted */
	const char *pinned;                        /* the source's digest */
	struct map known; /* digest -> struct manifest read or made already; fixed while copying */
	bool fresh; /* the target has nothing under the tag: asking for parts would be wasted */
	atomic_uint copied, mounted, present; /* blobs */
	_Atomic int64_t bytes;                /* uploaded */
};
