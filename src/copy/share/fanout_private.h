/* What fanout.c and fanout_wait.c share. */
#pragma once

#include "copy/download.h"
#include "copy/share/fanout.h"
#include "net/throttle.h"

#include <pthread.h>

enum {
	PATIENCE_MS = 2000, /* for those who may need a blob as well */
	LATE_MS = 30000,    /* without patience for a registry */
	GRACE_MS = 2000,    /* struct flow_cursor, of all blobs for a registry together */
	GLANCE_MS = 500,    /* between two looks whether anything goes on, or the run is to stop */
};

/* The registry of a destination. */
struct fanout_host {
	struct fanout_host *next;
	const char *name;   /* as in tasks */
	int64_t late_until; /* clock_ms() */
	int64_t held_ms;    /* of its grace, taken so far */
	int64_t missed_ms;  /* spent waiting for it although it did not come */
};

/* A blob that is, or will be, downloaded once for all its branches. */
struct shared_blob {
	struct arena *arena; /* of the shared and what is in it */
	struct shared_blob *next;
	struct fanout_branch *branches; /* never empty */
	const struct store *from;
	struct descriptor blob;
	bool held;         /* one of the branches has, or had, a slot; guarded by slots */
	int64_t deadline;  /* of those who wait; 0: nobody asks yet */
	struct flow *flow; /* NULL: not begun */
	struct download download;
	struct throttle_reader slow; /* of download */
};

struct fanout {
	struct arena *arena;
	pthread_mutex_t lock; /* guards what follows, all groups, members and fanout */
	pthread_cond_t changed;
	unsigned changes;  /* how often that was */
	unsigned branches; /* of all fanout, */
	unsigned waiting;  /* and those of them that wait for others */
	struct fanout_host *hosts;
	struct shared_blob *list;
};
