/* The data that fanout.c and fanout_wait.c share. */
#pragma once

#include "copy/ranges.h"
#include "copy/share/fanout.h"
#include "net/throttle.h"

#include <pthread.h>

enum {
	PATIENCE_MS = 2000, /* wait for images that may need a blob as well */
	LATE_MS = 30000,    /* how long a registry that was late is not waited for */
	GRACE_MS = 2000,    /* as in struct flow_cursor, for all blobs of a registry together */
	GLANCE_MS = 500,    /* between two checks for progress, or for the end of the run */
};

/* The registry of a destination. */
struct fanout_host {
	struct fanout_host *next;
	const char *name;   /* the name in the tasks */
	int64_t late_until; /* clock_ms() from which it is waited for again */
	int64_t held_ms;    /* the part of its grace that is used up */
	int64_t missed_ms;  /* time that others waited for it although it did not come */
};

/* A blob that is, or will be, downloaded once for all its branches. */
struct shared_blob {
	struct arena *arena; /* holds the record and what it refers to */
	struct shared_blob *next;
	struct fanout_branch *branches; /* never empty */
	const struct store *from;
	struct descriptor blob;
	bool slot_taken; /* a branch has, or had, a slot for all; guarded by the lock of slots */
	pthread_cond_t changed; /* what its branches wait for, or flow */
	int64_t deadline;  /* clock_ms() at which waiting ends; 0: no branch needs the bytes yet */
	struct flow *flow; /* NULL: the download has not begun */
	struct ranges ranges;
	struct throttle_reader slow; /* throttles ranges */
};

struct fanout {
	struct arena *arena;
	pthread_mutex_t lock; /* guards the members below, all groups, members and branches */
	unsigned changes;     /* of anything that a branch may wait for */
	unsigned branches;    /* number of branches of all shared blobs */
	unsigned waiting;     /* number of branches that wait for other images */
	struct fanout_host *hosts;
	struct shared_blob *list;
};
