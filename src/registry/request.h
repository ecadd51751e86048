/*
 * One request to a registry: URL, login, redirects and retries around net/http.h. Private to
 * registry/.
 *
 * The registry's challenge is answered as the token specification says, redirects go where
 * url_may_send() allows. Statuses that another try may cure (429, 5xx) come back as errors, every
 * other status is the caller's to judge.
 */
#pragma once

#include "registry/exchange.h"

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
