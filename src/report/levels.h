/*
 * A run's report in imgsync's words, for people and for scripts that read its lines: counts, and by
 * its level the images.
 */
#pragma once

#include "base/buf.h"
#include "report/tally.h"

enum { LEVELS_COUNTS = 1, LEVELS_FAILED, LEVELS_ALL };

struct levels {
	int level; /* one of these; a lower one counts as the lowest, a higher one as the highest */
	const char *name; /* "kubeadm" */
};

/*
 * Appends the report, harmless for a terminal. Images are sorted by the names of their sources. The
 * tally must not be brief for LEVELS_ALL.
 */
void levels_write(const struct tally *tally, const struct levels *levels, struct buf *out);
