/*
 * Creates what a push finds missing at its destination, as struct creation allows: a repository of
 * Amazon ECR, for which there must be AWS keys, or a project of Harbor. Private to registry/.
 *
 * Nobody asks beforehand: the refusal of a write says it. One thread creates a repository or
 * project, once in a run, and the others wait for it. Any thread.
 */
#pragma once

#include "registry/request.h"

struct creations;

/* NULL without memory. */
struct creations *create_cache_new(void);
/* *creations may be NULL. */
void create_cache_free(struct creations **creations);

/*
 * True when answer, to any request at a destination, says that what holds the repository is missing
 * and the repository's creation allows to create it.
 */
bool create_lacks(const struct repository *repository, const struct http_answer *answer);
/*
 * Sends a write by send, which is request_send() or request_send_once(). When something is missing
 * it is created and the request is sent again. ERROR_DENIED: the login may not create it.
 */
bool create_send(const struct repository *repository, const struct request *request,
		 bool (*send)(const struct repository *repository, const struct request *request,
			      struct http_answer *answer, struct error *err),
		 struct http_answer *answer, struct error *err);
