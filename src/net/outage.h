/*
 * Whether one server can be reached at all: what its failures in a row mean for the next request.
 *
 * Pure, like pace.h: the caller brings the time, holds a lock and does the waiting (limiter.h). A
 * failure is an exchange that ended without a byte of an answer. After a few in a row, without one
 * answer in between, tries are spaced for all threads together; after more of them, or as much
 * silence, the server is given up until it is forgiven. A server that has answered gets longer. One
 * path alone gives up its own requests, never the server: it may be well for all others.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	OUTAGE_LASTING = 4,
	OUTAGE_SPACED = 3,        /* weight of failures from which on tries are spaced */
	OUTAGE_LIMIT = 12,        /* weight that is enough, */
	OUTAGE_SILENT_MS = 15000, /* or as much time without a sign of life */
	OUTAGE_KNOWN_MS = 30000,  /* after its last answer a server is not given up sooner */
	OUTAGE_CONNECT_MS = 8000, /* how long a server gets that never answered: to connect, */
	OUTAGE_FIRST_MS = 8000,   /* for its first answer, */
	OUTAGE_AGAIN_MS = 20000,  /* and for that once it was forgiven */
};

struct outage {
	unsigned weight;     /* of the failures in a row */
	int64_t silent_ms;   /* spent in them without a sign of life */
	int64_t counted_ms;  /* when the last one ended that counted */
	int64_t gap_ms;      /* between two tries, */
	int64_t next_ms;     /* of which none begins before that time */
	int64_t answered_ms; /* its last answer; 0: none since it was forgiven */
	uint64_t path;       /* of the first failure */
	bool several;        /* other paths failed as well, or no request got that far */
	bool over;           /* it is given up */
	bool known;          /* it has answered once */
	bool forgiven;       /* it was given up, or may have been, and gets another chance */
};

struct outage_failure {
	int64_t began_ms;  /* what began before the last failure ended tells nothing new */
	int64_t silent_ms; /* without a sign of life, at its end */
	uint64_t path;     /* a number for what was asked for */
	bool early;        /* before the request was sent: its path does not matter */
	unsigned weight;   /* 1 to OUTAGE_LASTING, for what will stay as it is; 0: no failure */
};

enum outage_verdict {
	OUTAGE_NONE,   /* whoever failed may try again in its own time */
	OUTAGE_WAIT,   /* it may try again at once: outage_wait() says when that is */
	OUTAGE_ENOUGH, /* its request is to be given up */
	OUTAGE_OVER,   /* so is the server */
};

/* Milliseconds until a request may begin, 0: now. */
int64_t outage_wait(const struct outage *outage, int64_t now_ms);
/* A request begins. */
void outage_began(struct outage *outage, int64_t now_ms);
/* A request ended and says nothing about the server: another one may begin in its place. */
void outage_ended(struct outage *outage);
/* The server has answered, whatever it said. */
void outage_answered(struct outage *outage, int64_t now_ms);
enum outage_verdict outage_failed(struct outage *outage, int64_t now_ms,
				  const struct outage_failure *failure);
/* Starts over, as before another round. */
void outage_forgive(struct outage *outage);
/* How long its answer is waited for; 0: as long as usual. */
int64_t outage_patience(const struct outage *outage);
