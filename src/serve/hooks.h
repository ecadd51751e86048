/*
 * What is asked of a server over HTTP: which request means what, who may ask, and what is answered.
 *
 * A hook and an event are answered once the images that they name are on disk, by the thread that
 * wrote them; everything else at once. Images are only compared with the rules: no request makes
 * the server connect to anything. Any thread.
 */
#pragma once

#include "config/serve/server_file.h"
#include "plan/narrow.h"
#include "serve/listener.h"
#include "serve/login.h"
#include "serve/queue.h"
#include "serve/state.h"

/* What the files say at this moment. */
struct hooks_rules {
	const struct server_config *config;
	const struct narrow *narrow;
	struct login_guard *login;
	void *keeper; /* whoever holds them */
};

struct hooks_options {
	struct queue *queue;
	/* The rules in force, which stay as they are until they are released. */
	const struct hooks_rules *(*hold)(void *ctx);
	void (*release)(void *ctx, const struct hooks_rules *rules);
	/* Wishes for a run at once. */
	void (*run_now)(void *ctx);
	/* Fills all but what comes from the queue and from hooks_count(). False without memory. */
	bool (*describe)(void *ctx, struct arena *arena, struct state *out);
	void *ctx;
};

struct hooks;

/* Lives in arena; options are copied. NULL without memory. */
struct hooks *hooks_new(struct arena *arena, const struct hooks_options *options);
/* Answers a request of a listener, whose ctx these hooks are. */
void hooks_serve(void *hooks, struct listener_request *request);
/*
 * Answers requests that were held back until now. Returns the milliseconds until the next one is to
 * be answered; INT64_MAX: there is none.
 */
int64_t hooks_answer_late(struct hooks *hooks);
/* From now on the server is not ready: it stops. Answers all that is held back. */
void hooks_stop(struct hooks *hooks);
/* Adds what has been counted since the start. */
void hooks_count(const struct hooks *hooks, struct state_counters *out);
