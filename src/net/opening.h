/*
 * How long to wait for a connection that is in use before another one is opened to the same server,
 * learned from what opening and answers took so far. Pure; a zeroed struct knows nothing yet.
 */
#pragma once

#include <stdint.h>

struct opening_cost {
	int64_t cost_us;   /* computing for a connection, without the network; 0: unknown */
	int64_t answer_us; /* the time for an answer when little else is going on; 0: unknown */
};

/* A connection was opened within all_us, of which tcp_us are one way to the server and back. */
void opening_took(struct opening_cost *opening, int64_t tcp_us, int64_t all_us);
/* A brief exchange took answer_us once its connection was open. */
void opening_answered(struct opening_cost *opening, int64_t answer_us);
/* How long a thread waits before it opens a connection; 0: it is not worth waiting. */
int64_t opening_wait_ms(const struct opening_cost *opening);
/* The longest wait, also while others are opening connections. */
int64_t opening_patience_ms(const struct opening_cost *opening);
