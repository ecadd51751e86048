/*
 * HTTP requests over libcurl (RFC 9110, 9112): HTTP/1.1, keep-alive, no redirects of its own.
 *
 * A struct http is shared by all threads. It keeps idle handles, each with its connection, by
 * origin, trust and proxy; a request leases one and gives it back. Every wait ends when the run is
 * cancelled, and a transfer that makes no progress is given up. Each server gets requests as fast
 * as it can take them, and none once it was given up (limiter.h). Status codes are answers, not
 * errors: an error means there was no complete answer.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/reader.h"
#include "net/proxy.h"

struct http;
struct ports;
struct sighting;
struct stream;
struct tls_client;

enum { HTTP_HOST_SIZE = 128 };

struct http_answer {
	int status;
	char host[HTTP_HOST_SIZE]; /* the host that answered, for messages; a longer name is cut */
	bool inside;        /* it came from an address of an internal network, without a proxy */
	struct buf headers; /* lines "Name: value\n" of the final answer */
	struct buf body;
};

/* How to sign a request with AWS Signature Version 4. */
struct http_signature {
	const char *scope; /* "aws:amz:eu-west-1:ecr" */
	const char *access_key;
	const char *secret_key;
};

struct http_request {
	const char *method; /* "GET", "HEAD", "POST", "PUT", "DELETE" */
	const struct url *url;
	const char *const *headers; /* "Name: value", header_count of them */
	size_t header_count;
	struct str body;       /* sent unchanged; at may be NULL */
	struct reader *stream; /* or: a body of stream_size bytes, pulled from here */
	int64_t stream_size;
	size_t answer_max;   /* longest body of an answer; a longer one is ERROR_CORRUPT */
	int64_t expect_size; /* http_open(): bytes the body should have, 0 if not known */
	bool chosen;         /* a server named the host, so internal addresses are refused */
	bool cleanup;  /* it cancels what an earlier request began, and may do so after a stop */
	bool insecure; /* the server's certificate is not checked */
	bool discreet; /* the path is a secret too, and is not logged */
	bool spare;    /* running out of its time says nothing about the server */
	/* for the whole exchange, whatever moves; 0: as usual for a server. http_send() only */
	int timeout_ms;
	/* file with the only certificate authorities to trust; NULL: the usual ones */
	const char *ca;
	const struct tls_client
		*client;           /* must outlive the HTTP client; NULL: none (tls_client.h) */
	const struct proxy *proxy; /* must outlive the client; NULL: chosen by the environment */
	const struct http_signature *signature; /* or NULL */
	/* True when an answer means that a request limit was hit; NULL: only a 429 does. */
	bool (*limited)(const struct http_answer *answer);
};

/* Looks at each exchange of http_send(), from its thread; see sight.h. */
struct http_observer {
	void (*saw)(void *ctx, const struct sighting *sight);
	void *ctx;
};

struct http_options {
	const char *user_agent;        /* sent with every request; must outlive the client */
	const char *ca_file;           /* see tls_set_new() */
	const struct proxies *proxies; /* of the environment; must outlive the client; or NULL */
	/* seconds a body may stand still, or a fourth of the time below 1 KiB/s; 0: no limit */
	int stall_seconds;
	/* the ports it may connect to; must outlive the client; NULL: any */
	const struct ports *ports;
	unsigned per_second;                  /* requests to one server per second; 0: no limit */
	const struct http_observer *observer; /* must outlive the client; NULL: nobody looks */
};

struct http *http_new(const struct http_options *options);
/* No request may be under way. *http may be NULL. */
void http_free(struct http **http);
/* Before another round: gives servers that were given up another chance. */
void http_forgive(struct http *http);
/* Closes idle connections, to free their descriptors and memory. */
void http_close_idle(struct http *http);

/*
 * Sends the request and reads the whole answer into *answer, which http_answer_finish() releases.
 */
bool http_send(struct http *http, const struct http_request *request, struct http_answer *answer,
	       struct error *err);
/*
 * Sends the request and returns once the answer's head is there. With a status of 2xx the body is
 * read from *out; with any other it is in answer->body and *out stays NULL.
 */
bool http_open(struct http *http, const struct http_request *request, struct http_answer *answer,
	       struct stream **out, struct error *err);
void http_answer_finish(struct http_answer *answer);
/* The value of the first header of that name, or the empty slice with at == NULL. */
struct str http_header(const struct http_answer *answer, const char *name);
/* Iterates over all headers of that name; *at starts as 0. False after the last one. */
bool http_header_next(const struct http_answer *answer, const char *name, size_t *at,
		      struct str *value);
