/*
 * One request to a host and what its login takes: the token, the redirects, the challenge of a
 * refusal and another send with what that taught. Private to registry/.
 *
 * It needs no repository: whatever is asked of a registry, its distribution API or another one of
 * its own, is asked under the same policy of where a login may go. Whether and when it is tried
 * again after that is request.h's for the distribution API.
 */
#pragma once

#include "net/stream.h"
#include "registry/registry.h"
#include "registry/token.h"

struct request {
	const char *method;
	const char *path;         /* below the registry: "/v2/name/tags/list" */
	const struct url *url;    /* or: a URL the registry gave us */
	enum url_purpose purpose; /* of url */
	const char *accept;       /* or NULL */
	const char *content_type; /* or NULL */
	struct str body;
	struct reader *stream; /* or a body of stream_size bytes; sent once, never repeated */
	int64_t stream_size;
	bool ranged;         /* says with Content-Range which bytes stream is, also from 0 on */
	int64_t upload_from; /* stream is the end of a blob from this byte on */
	size_t answer_max;
	int64_t expect_size;    /* request_open(): size of the body, 0 if not known */
	int64_t range_from;     /* request_open(): the first byte that is wanted; 0: all */
	const char *if_range;   /* with range_from: the entity tag the rest must have, or NULL */
	bool fresh;             /* no cache on the way may answer */
	const char *mount_from; /* another repository of the registry that must be readable */
	bool listing;           /* for the words of a refusal: it is the list of tags */
	bool otherwise; /* the caller has another way to ask: of 5xx only 503 is tried again */
	bool cleanup;   /* see struct http_request */
	bool stay;      /* a redirect to another origin is not followed but is the answer */
};

/* What its sends share. The caller fills the first part; exchange_finish() ends it. */
struct exchange {
	const struct access *access;
	const struct request *request;
	struct http_answer *answer;
	struct stream **stream; /* NULL: the whole answer goes to answer */
	const char *scope;      /* what to ask a token for */
	bool probing;           /* the first request to this host */

	struct arena *arena;
	struct url origin;
	struct token token; /* of the last send, to be known as stale */
	unsigned serial;    /* of the login of the last send, when it can be asked for again */
	unsigned refused;   /* the serial that the registry refused */
	bool basic;         /* the last send carried the login itself, or there is none */
	bool away;          /* the last send went on to another server, and may have come back */
	bool explained;     /* the error needs no further words about the login */
};

/*
 * Sends the request, with a login as soon as it is asked for one. True: *answer is what came, of
 * whatever status; 401 when there is no login that helps. False: *err. A host that is probed is
 * left (host_leave()) once it has said how to log in.
 */
bool exchange_run(struct exchange *exchange, struct error *err);
void exchange_finish(struct exchange *exchange);
