/* Which images get a line of their own while the run is under way: --progress. */
#pragma once

#include "report/tally.h"

enum lines {
	LINES_UNSAID, /* not chosen: see lines_of_log() */
	LINES_ALL,
	LINES_CHANGES, /* not those in sync, which are counted */
	LINES_NONE,    /* only those that failed */
};

/* "all", "changes" or "none"; false for another word. */
bool lines_named(const char *name, enum lines *out);
/* What holds for a log. kept: it is in a file, or programs read it. */
enum lines lines_of_log(enum lines chosen, bool kept);
/* True when the image gets a line. */
bool lines_show(enum lines lines, const struct tally_image *image);
