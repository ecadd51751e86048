/* What all images of a run share. Private to copy/. */
#pragma once

#include "copy/copier.h"
#include "copy/hits.h"
#include "copy/inflight.h"
#include "copy/origins.h"
#include "copy/places.h"
#include "copy/quotas.h"
#include "copy/sites.h"
#include "copy/tees.h"

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
