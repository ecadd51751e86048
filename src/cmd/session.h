/*
 * What belongs to the process and is shared by all its runs: the log, threads, connections and the
 * pace of requests, and what the process was confined to. Nothing below cmd/ knows how many runs
 * there are: one after the other, or several at a time, each from a thread of its own.
 *
 * The first run is loaded before the session is opened: a process is confined to what its runs name
 * before it has threads (confine.h).
 */
#pragma once

#include "base/arena.h"
#include "base/log.h"
#include "base/pool.h"
#include "config/limits.h"
#include "config/options/options.h"
#include "copy/ranges.h"
#include "net/http.h"
#include "net/ports.h"
#include "net/throttle.h"
#include "registry/ecr.h"
#include "registry/helpers.h"

#include <stdio.h>

struct state_keeper;

/* Zeroed but for arena it is begun, and may be closed. */
struct session {
	struct arena *arena;
	bool logging;              /* the log was opened, for all runs */
	FILE *log;                 /* NULL: it goes to stderr */
	enum log_level level;      /* of the log */
	bool log_in_file;          /* it is no stream of the process's own */
	bool lasting;              /* runs read their files again, as long as the process lives */
	const struct ports *ports; /* that may be connected to */
	const char *const *filled; /* folders of images that may be written to, ending with NULL */
	const struct http_observer *observer; /* of all requests; NULL: nobody looks */
	struct proxies proxies;               /* of the environment, which is wiped */
	struct ecr_keys aws;                  /* the same */
	struct helpers *helpers;              /* NULL: no rule needs one */
	char **environment;                   /* with lasting: the one that was wiped */
	struct pool *pool;
	struct http *http;
	struct throttle *throttle;   /* NULL: none */
	struct ranges_budget ranges; /* for the blobs of all runs */
	struct state_keeper *keeper; /* of the state of all runs; NULL: none is kept */
};

/*
 * Makes a session, of which only the arena is set, a lasting one. The environment that the process
 * was started with can be read from outside, but files that are read again may name any variable of
 * it: so it moves into the arena. Before anything refers to it. False without memory.
 */
bool session_last(struct session *session);
/* Opens the log of the process, if it is not open, to stream, NULL: stderr. It takes stream. */
void session_log(struct session *session, FILE *stream, enum log_level level);
/* Opens the log's file once more, since somebody has moved it away. Not while others do. */
void session_log_again(struct session *session, const struct options *options);
/*
 * Makes what the runs share, as these options want it, and wipes secrets from the environment,
 * unless the session is a lasting one. After confine_runs(). False without memory.
 */
bool session_open(struct session *session, const struct options *options,
		  const struct limits *limits);
/* Blobs that one run may move at the same time, as --proc says. */
unsigned session_blobs(const struct options *options);
/* NULL where somebody wants few requests or bytes: then each blob is read over one connection. */
struct ranges_budget *session_ranges(struct session *session, const struct options *options);
/* All runs have ended. */
void session_close(struct session *session);
