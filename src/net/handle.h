/*
 * One libcurl handle with its own connections: set up, run step by step, and kept for the next one.
 *
 * Private to net/. A handle belongs to one origin, one trust set and one proxy for all its life, so
 * neither a connection nor credentials can reach another. One thread at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/waits.h"
#include "net/http.h"
#include "net/outage.h"
#include "net/tls.h"

#include <curl/curl.h>
#include <stdatomic.h>

enum {
	HANDLE_HOST_SIZE = 384,
	HANDLE_STEP_MAX = 256 * 1024, /* bytes of an answer that one step brings at most */
};

struct handles_line;

/* One exchange: on which line, and whether it ends soon, unlike that of a large blob. */
struct handle_turn {
	struct handles_line *line;
	bool brief;
	int64_t patience_ms;     /* for its first answer; 0: as long as usual */
	const atomic_bool *over; /* its server is given up by all; NULL: never */
	bool opens;              /* a connection first; of handles.c */
};

struct handle {
	struct arena *arena; /* holds the handle itself */
	CURL *easy;
	CURLM *multi;
	struct tls_session *tls;     /* NULL for plain http */
	bool chosen;                 /* see handle_new() */
	bool proxied;                /* connects to a proxy, and not to host */
	const struct ports *ports;   /* that it may connect to; NULL: any */
	int64_t stall_ms;            /* how long a body may make no progress; 0: for ever */
	struct handle_turn turn;     /* the exchange it is used for, or was last */
	struct handle *next;         /* in the list of idle handles */
	char host[HANDLE_HOST_SIZE]; /* for messages */
	char detail[CURL_ERROR_SIZE];

	/* The current exchange. */
	struct http_request request; /* its url and headers are not looked at after the start */
	struct http_answer *answer;  /* NULL once the head of a download was handed out */
	int status;
	struct stream *stream;      /* gets the body of a 2xx answer, when set */
	struct curl_slist *headers; /* of the request */
	int64_t stream_left;   /* bytes of the request's stream that libcurl has not read yet */
	int64_t last_progress; /* clock_ms() */
	int64_t sent;          /* bytes of the request's body on the network */
	int64_t waited_ms;     /* for this server, since the rate was looked at last */
	int64_t moved;         /* bytes of bodies since then */
	int64_t reader_ms;     /* spent in the request's stream during this step */
	bool news;             /* the last step brought the head or some of a stream's body */
	bool low_water;        /* see low_water.h */
	bool running;          /* added to multi */
	bool head_complete;    /* the final answer's status and headers are there */
	bool finished;         /* the answer is complete */
	bool broken;           /* the connection must not be used again */
	bool enough;           /* a callback stopped the transfer, the answer will do */
	bool stopped;          /* a callback stopped the transfer, reason says why */
	CURLcode code;         /* what libcurl said in the end */
	struct error reason;
	struct waits_entry silence; /* listed while its server says nothing */
};

/*
 * A fresh handle; host is cut to HANDLE_HOST_SIZE. chosen: a server named the host, so it may have
 * no address of an internal network. stall_ms: how long a body may make no progress, 0: for ever.
 * NULL without memory.
 */
struct handle *handle_new(const char *host, bool chosen, int64_t stall_ms);
void handle_free(struct handle **handle);
/*
 * Prepares an exchange; the steps then fill *answer, which must stay until the exchange ends or
 * handle->answer is set to NULL. The request's body and stream must stay as long as it is sent.
 */
bool handle_start(struct handle *handle, const struct http_request *request,
		  struct http_answer *answer, struct error *err);
/*
 * Moves the transfer on, waiting for the network a short while at most, and not at all when there
 * is something for the reader of a stream. False when it failed, stalled or was cancelled. Sets
 * handle->finished when the answer is complete.
 */
bool handle_step(struct handle *handle, struct error *err);
/*
 * What the failure of an exchange, err, says about its server: weight 0 when nothing, since it
 * began to answer or the reason is here. Before handle_stop(); path and begin are the caller's.
 */
void handle_blame(const struct handle *handle, const struct error *err, struct outage_failure *out);
/* True once the request is on its way, on a connection that is complete. */
bool handle_connected(const struct handle *handle);
/* Ends the exchange. The connection stays usable unless handle->broken. */
void handle_stop(struct handle *handle);
