/*
 * Whether one server can be reached at all: what consecutive failures mean for the next request.
 *
 * Pure, like pace.h: the caller brings the time, holds a lock and does the waiting (limiter.h). A
 * failure is an exchange that ended without a byte of an answer. After a few in a row, without an
 * answer in between, tries are spaced for all threads together; after more, or a long silence, the
 * server is given up until outage_forgive(). A server that has answered gets more time. Failures of
 * one path give up that path's requests, never the server, which may serve all others well.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	OUTAGE_LASTING = 4,
	OUTAGE_SPACED = 3,        /* from this weight of failures on, tries are spaced */
	OUTAGE_LIMIT = 12,        /* from this weight on, the server is given up */
	OUTAGE_SILENT_MS = 15000, /* after as much silence the server is given up */
	OUTAGE_KNOWN_MS = 30000,  /* a server is not given up sooner after its last answer */
	OUTAGE_CONNECT_MS = 8000, /* time to connect, for a server that never answered */
	OUTAGE_FIRST_MS = 8000,   /* time for its first answer */
	OUTAGE_AGAIN_MS = 20000,  /* time for its first answer, once it was forgiven */
};

struct outage {
	unsigned weight;     /* total weight of the failures in a row */
	int64_t silent_ms;   /* time spent in them without a sign of life */
	int64_t counted_ms;  /* end of the last failure that counted */
	int64_t gap_ms;      /* gap between two tries */
	int64_t next_ms;     /* no try begins before that time */
	int64_t answered_ms; /* time of its last answer; 0: none since it was forgiven */
	uint64_t path;       /* path of the first failure */
	bool several;        /* other paths failed as well, or no request was sent */
	bool over;           /* the server is given up */
	bool known;          /* the server has answered at least once */
	bool forgiven;       /* it has been given another chance */
};

struct outage_failure {
	int64_t began_ms;  /* a request that began before the last failure ended says nothing new */
	int64_t silent_ms; /* time without a sign of life at its end */
	uint64_t path;     /* a hash of the path of the request */
	bool early;        /* it failed before the request was sent, so its path does not matter */
	unsigned weight;   /* 1 to OUTAGE_LASTING, for a lasting cause; 0: no failure */
};

enum outage_verdict {
	OUTAGE_NONE,   /* the caller retries in its own time */
	OUTAGE_WAIT,   /* the caller retries at once; outage_wait() sets the time */
	OUTAGE_ENOUGH, /* the request is given up */
	OUTAGE_OVER,   /* the request and the server are given up */
};

/* Milliseconds until a request may begin, 0: now. */
int64_t outage_wait(const struct outage *outage, int64_t now_ms);
/* A request begins. */
void outage_began(struct outage *outage, int64_t now_ms);
/* A request ended without saying anything about the server; another may begin in its place. */
void outage_ended(struct outage *outage);
/* The server has answered, with any status. */
void outage_answered(struct outage *outage, int64_t now_ms);
enum outage_verdict outage_failed(struct outage *outage, int64_t now_ms,
				  const struct outage_failure *failure);
/* Gives the server another chance, before another round. */
void outage_forgive(struct outage *outage);
/* How long to wait for its answer; 0: the usual time. */
int64_t outage_patience(const struct outage *outage);
