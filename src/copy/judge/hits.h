/*
 * Records which platform patterns of a run let an image pass. A pattern that never does is probably
 * misspelt, and worth a warning at the end.
 *
 * Patterns with the same text are one, whatever rule they are in. Any thread.
 */
#pragma once

#include "oci/platform.h"

struct hits;

/* NULL without memory. */
struct hits *hits_new(void);
void hits_free(struct hits **hits);

/* Adds the patterns of filter, which is in use. */
void hits_add(struct hits *hits, const struct platform_filter *filter);
/* Records that filter let this platform pass. */
void hits_mark(struct hits *hits, const struct platform_filter *filter,
	       const struct platform *platform);
/* An image's platforms were not looked at: its patterns count as used. */
void hits_mark_all(struct hits *hits, const struct platform_filter *filter);
/*
 * The patterns that let no image pass, as by platform_pattern_print(), in the order in which they
 * were added; none if there was no memory to record them all. False without memory for the list.
 */
bool hits_missed(struct hits *hits, struct arena *arena, const char *const **out, size_t *count);
