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
	HANDLE_STEP_MAX = 256 * 1024, /* most bytes of an answer in one step */
};

struct handles;
struct handles_line;

/* One exchange: its line, and whether it is brief, unlike the transfer of a large blob. */
struct handle_turn {
	struct handles_line *line;
	bool brief;
	int64_t patience_ms;     /* how long to wait for the first answer; 0: the usual time */
	const atomic_bool *over; /* set when the server has been given up; NULL: never */
	bool opens;              /* it opens a connection first; for handles.c */
};

struct handle {
	struct arena *arena; /* holds the handle itself */
	CURL *easy;
	CURLM *multi;
	struct tls_session *tls;       /* NULL for plain http */
	bool chosen;                   /* see handle_new() */
	bool proxied;                  /* it connects to a proxy instead of host */
	const struct proxy *proxy;     /* that one, or NULL */
	struct sockaddr_storage tried; /* the last address that was connected to; zeroed: none */
	const struct ports *ports;     /* the ports it may connect to; NULL: any */
	struct handles *others;        /* their idle connections make room for this one */
	int64_t distance_us;           /* the time to the server and back, at most */
	int64_t stall_ms;              /* how long a body may make no progress; 0: for ever */
	struct handle_turn turn;       /* the current or last exchange */
	struct handle *next;           /* the next idle handle */
	char host[HANDLE_HOST_SIZE];   /* for messages */
	char detail[CURL_ERROR_SIZE];

	/* The current exchange. */
	struct http_request request; /* its url and headers are not used after the start */
	struct http_answer *answer;  /* NULL once the head of a download was handed out */
	int status;
	struct stream *stream;      /* when set, it gets the body of a 2xx answer */
	struct curl_slist *headers; /* the request's headers */
	int64_t stream_left;   /* bytes of the request's stream that libcurl has not read yet */
	int64_t last_progress; /* clock_ms() */
	int64_t sent;          /* bytes of the request's body that have been sent */
	int64_t waited_ms;     /* waiting time for this server since the rate was last judged */
	int64_t moved;         /* bytes of bodies moved in that time */
	int64_t reader_ms;     /* time spent in the request's stream during this step */
	bool news;             /* the last step brought the head, or a part of a stream's body */
	bool low_water;        /* see low_water.h */
	bool running;          /* added to multi */
	bool head_complete;    /* the final answer's status and headers are there */
	bool finished;         /* the answer is complete */
	bool broken;           /* the connection must not be used again */
	bool enough;           /* a callback stopped the transfer, and the answer is good enough */
	bool stopped;          /* a callback stopped the transfer for the reason below */
	CURLcode code;         /* libcurl's result */
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
 * Advances the transfer. Waits briefly for the network, unless there are bytes for the reader of a
 * stream. False when it failed, stalled or was cancelled. Sets handle->finished when the answer is
 * complete.
 */
bool handle_step(struct handle *handle, struct error *err);
/*
 * What the failure of an exchange, err, says about its server; weight 0: nothing, because the
 * server began to answer or the cause is on our side. Call it before handle_stop(); the caller sets
 * path and began_ms.
 */
void handle_blame(const struct handle *handle, const struct error *err, struct outage_failure *out);
/* True once the connection is complete and the request is being sent. */
bool handle_connected(const struct handle *handle);
/* Ends the exchange. The connection stays usable unless handle->broken. */
void handle_stop(struct handle *handle);
