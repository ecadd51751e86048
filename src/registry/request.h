/*
 * One request to a registry: URL, login, redirects and retries around net/http.h. Private to
 * registry/.
 *
 * The registry's challenge is answered as the token specification says, redirects go where
 * url_may_send() allows. Statuses that another try may cure (429, 5xx) come back as errors, every
 * other status is the caller's to judge.
 */
#pragma once

#include "net/stream.h"
#include "registry/registry.h"

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

/* Sends the request, and again after a failure that is worth it; a stream is sent once only. */
bool request_send(const struct repository *repository, const struct request *request,
		  struct http_answer *answer, struct error *err);
/* request_send() without repetition. */
bool request_send_once(const struct repository *repository, const struct request *request,
		       struct http_answer *answer, struct error *err);
/* Like request_send_once() for a download: with a 2xx status *out is the body, else NULL. */
bool request_open(const struct repository *repository, const struct request *request,
		  struct http_answer *answer, struct stream **out, struct error *err);
/*
 * Fills err from an answer with a status that nobody wanted: whose login was refused for what, and
 * what that probably means at this registry. Always false.
 */
bool request_refused(const struct repository *repository, const struct request *request,
		     const struct http_answer *answer, struct error *err);
