/*
 * One send of an exchange, with the hops it takes. Private to registry/.
 *
 * What is sent where is decided here alone: each URL passes url_may_send(), and a login goes no
 * further than that allows.
 */
#pragma once

#include "registry/exchange.h"

/*
 * Sends, with the Authorization header in login where the policy allows it, and follows where a
 * read is sent on to.
 */
bool send_request(struct exchange *exchange, const struct buf *login, struct error *err);
/* send_request(); the first request to a host marked insecure also finds out about http. */
bool send_probing(struct exchange *exchange, const struct buf *login, struct error *err);
