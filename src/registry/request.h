/*
 * One request to a registry: URL, login, redirects and retries around net/http.h. Private to
 * registry/.
 *
 * The registry's challenge is answered as the token specification says, and redirects are followed
 * where url_may_send() allows it. Statuses that another try may cure (429, 5xx) are returned as
 * errors; the caller judges all others.
 */
#pragma once

#include "registry/exchange.h"

/* Sends the request, and again after a failure that another try may cure; a stream only once. */
bool request_send(const struct repository *repository, const struct request *request,
		  struct http_answer *answer, struct error *err);
/* Like request_send(), without another try. */
bool request_send_once(const struct repository *repository, const struct request *request,
		       struct http_answer *answer, struct error *err);
/* Like request_send_once() for a download: with a 2xx status *out is the body, else NULL. */
bool request_open(const struct repository *repository, const struct request *request,
		  struct http_answer *answer, struct stream **out, struct error *err);
/*
 * Fills err from an answer with an unexpected status: which login was refused for what, and what
 * that probably means at this registry. Always false.
 */
bool request_refused(const struct repository *repository, const struct request *request,
		     const struct http_answer *answer, struct error *err);
