/*
 * One request to a host with all that its login takes: the token, redirects, the challenge of a
 * refusal, and another send that answers the challenge. Private to registry/.
 *
 * It needs no repository: the same policy of where a login may go holds for the distribution API
 * and for other APIs of a registry. For the distribution API, request.h decides about retries.
 */
#pragma once

#include "net/stream.h"
#include "registry/registry.h"
#include "registry/token.h"

struct request {
	const char *method;
	const char *path;         /* below the registry: "/v2/name/tags/list" */
	const struct url *url;    /* or a URL that the registry named */
	enum url_purpose purpose; /* what url is for */
	const char *accept;       /* or NULL */
	const char *scope;        /* to ask a token for; NULL: that of the repository */
	const char *content_type; /* or NULL */
	const char *token; /* of the server's own, sent instead of a login: a 401 is an answer */
	struct str body;
	struct reader *stream; /* or a body of stream_size bytes; sent once, never repeated */
	int64_t stream_size;
	bool ranged;         /* send Content-Range even if stream begins at byte 0 of the blob */
	int64_t upload_from; /* the byte of the blob at which stream begins */
	size_t answer_max;
	int64_t expect_size;    /* request_open(): size of the body, 0 if not known */
	int64_t range_from;     /* request_open(): the first byte to get; 0: all */
	int64_t range_end;      /* with range_from: the byte after the last one; 0: all the rest */
	const char *if_range;   /* with range_from: the entity tag the rest must have, or NULL */
	bool fresh;             /* no cache on the way may answer */
	const char *mount_from; /* another repository of the registry that must be readable */
	bool basic;             /* the login itself is sent, even where tokens are asked for */
	bool bearer;            /* only the password is sent, as a token; a 401 is an answer */
	bool anonymous;         /* no login is sent; a 401 is an answer, and is learnt from */
	bool listing;           /* it asks for the list of tags; for the words of a refusal */
	bool otherwise; /* the caller can ask in another way: of 5xx only 503 is tried again */
	bool spare;     /* nothing depends on it: it has ten seconds, and silence says nothing */
	bool cleanup;   /* see struct http_request */
	bool stay;      /* a redirect to another origin is not followed but is the answer */
};

/* What the sends of a request share. The caller sets the first part; exchange_finish() ends it. */
struct exchange {
	const struct access *access;
	const struct request *request;
	struct http_answer *answer;
	struct stream **stream; /* NULL: the whole answer goes to answer */
	const char *scope;      /* the scope of the token to ask for */
	bool probing;           /* the first request to this host */

	struct arena *arena;
	struct url origin;
	struct token token; /* that of the last send; after a refusal it is known as stale */
	unsigned serial;    /* of the last send's login, if a newer one can be had; else 0 */
	unsigned refused;   /* the serial that the registry refused */
	bool basic;         /* the last send carried the login itself, if there is one */
	bool away;          /* the last send was redirected to another server, and maybe back */
	bool explained;     /* the error needs no further words about the login */
};

/*
 * Sends the request, with a login as soon as the host asks for one. True: *answer is the answer,
 * whatever its status; 401 when no login helps. False: *err. A host that is probed is left
 * (host_leave()) once it has said how to log in.
 */
bool exchange_run(struct exchange *exchange, struct error *err);
void exchange_finish(struct exchange *exchange);
