/*
 * Whether the files that an edition was read from have changed since. They are looked at, not
 * listened to: an editor, a volume of Kubernetes and a network share all replace files in ways of
 * their own, but each can be seen.
 */
#pragma once

#include "cmd/edition.h"

struct watch;

/* What is watched. */
struct watch_options {
	const struct edition *edition; /* which was read just now, */
	const struct timespec
		*since; /* beginning at this time of CLOCK_REALTIME_COARSE, as files have it */
	const struct edition *other; /* whose files matter, too; NULL: there is none */
	const struct watch *before;  /* that led to the reading; NULL: there is none */
};

/*
 * Watches all files that the editions name. One that has changed while it was read, and was not
 * seen like that before, has changed. NULL without memory.
 */
struct watch *watch_new(const struct watch_options *options);
/* *watch may be NULL. */
void watch_free(struct watch **watch);
/*
 * Looks. True when something has changed since watch_new(), and not any more since the last look:
 * what is half written is left to be finished.
 */
bool watch_changed(struct watch *watch);
