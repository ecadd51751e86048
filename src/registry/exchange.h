/*
 * One request on its way to a registry, with as many sends as its login takes. Private to
 * registry/.
 *
 * What is sent where is decided here alone: each URL passes url_may_send(), and a login goes no
 * further than that allows.
 */
#pragma once

#include "registry/request.h"
#include "registry/token.h"

/* What the sends of one exchange share. */
struct exchange {
	const struct repository *repository;
	const struct request *request;
	struct http_answer *answer;
	struct stream **stream; /* NULL: the whole answer goes to answer */
	struct arena *arena;
	struct url origin;
	const char *scope;  /* what to ask a token for */
	struct token token; /* of the last send, to be known as stale */
	unsigned serial;    /* of the login of the last send, when it can be asked for again */
	unsigned refused;   /* the serial that the registry refused */
	bool basic;         /* the last send carried the login itself, or there is none */
	bool away;          /* the last send went on to another server, and may have come back */
	bool probing;       /* the first request to this host */
	bool explained;     /* the error needs no further words about the login */
};

void exchange_finish(struct exchange *exchange);
/*
 * Sends, with the Authorization header in login where the policy allows it, and follows where a
 * read is sent on to.
 */
bool exchange_send(struct exchange *exchange, const struct buf *login, struct error *err);
/* exchange_send(); the first request to a host marked insecure also finds out about http. */
bool exchange_probe(struct exchange *exchange, const struct buf *login, struct error *err);
