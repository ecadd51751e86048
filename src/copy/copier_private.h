/* The objects that all images of a run share. Private to copy/. */
#pragma once

#include "copy/companions/sites.h"
#include "copy/copier.h"
#include "copy/judge/hits.h"
#include "copy/move/hashing.h"
#include "copy/move/quotas.h"
#include "copy/move/tagging.h"
#include "copy/share/fanout.h"
#include "copy/share/inflight.h"
#include "copy/share/slots.h"
#include "copy/share/sources.h"
#include "store/locations.h"

struct copier {
	struct arena *arena;
	struct copier_options options;
	struct inflight *inflight;
	struct locations *locations;
	struct hits *hits;
	struct slots *slots;
	struct sources *sources;
	struct fanout *fanout;
	struct sites *sites;
	struct quotas *quotas;
	struct tagging *tagging;
	struct hashers hashers;
};
