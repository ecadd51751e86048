/* What tees.c and tees_wait.c share. */
#pragma once

#include "copy/download.h"
#include "copy/share/tees.h"
#include "net/throttle.h"

#include <pthread.h>

enum {
	PATIENCE_MS = 2000, /* for those who may need a blob as well */
	LATE_MS = 30000,    /* without patience for a registry */
	GRACE_MS = 2000,    /* struct flow_cursor, of all blobs for a registry together */
	GLANCE_MS = 500,    /* between two looks whether anything goes on, or the run is to stop */
};

/* The registry of a destination. */
struct tees_host {
	struct tees_host *next;
	const char *name;   /* as in tasks */
	int64_t late_until; /* clock_ms() */
	int64_t held_ms;    /* of its grace, taken so far */
	int64_t missed_ms;  /* spent waiting for it although it did not come */
};

/* A blob that is, or will be, downloaded once for all its seats. */
struct tee {
	struct arena *arena; /* of the tee and what is in it */
	struct tee *next;
	struct tees_seat *seats; /* never empty */
	const struct store *from;
	struct descriptor blob;
	bool held;         /* one of the seats has, or had, a place; guarded by places */
	int64_t deadline;  /* of those who wait; 0: nobody asks yet */
	struct flow *flow; /* NULL: not begun */
	struct download download;
	struct throttle_reader slow; /* of download */
};

struct tees {
	struct arena *arena;
	pthread_mutex_t lock; /* guards what follows, all companies, members and tees */
	pthread_cond_t changed;
	unsigned changes; /* how often that was */
	unsigned seats;   /* of all tees, */
	unsigned waiting; /* and those of them that wait for others */
	struct tees_host *hosts;
	struct tee *list;
};
