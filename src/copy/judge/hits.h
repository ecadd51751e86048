/*
 * Which platform patterns of a run hit anything: one that never does is most likely a slip of the
 * pen, and is worth a warning at the end.
 *
 * Patterns are told apart by their text, wherever they stand. Any thread.
 */
#pragma once

#include "oci/platform.h"

struct hits;

/* NULL without memory. */
struct hits *hits_new(void);
void hits_free(struct hits **hits);

/* The patterns of filter are in use. */
void hits_add(struct hits *hits, const struct platform_filter *filter);
/* filter let this platform pass. */
void hits_mark(struct hits *hits, const struct platform_filter *filter,
	       const struct platform *platform);
/* An image was not looked at closely enough: its patterns are above suspicion. */
void hits_mark_all(struct hits *hits, const struct platform_filter *filter);
/*
 * The patterns (platform_pattern_print()) that hit nothing, in the order they were added; none when
 * there was no memory to keep count. False without memory for the list.
 */
bool hits_missed(struct hits *hits, struct arena *arena, const char *const **out, size_t *count);
