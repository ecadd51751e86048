/*
 * One send of an exchange, with the hops it takes. Private to registry/.
 *
 * Only this file decides what is sent where: each URL passes url_may_send(), and a login goes no
 * further than that allows.
 */
#pragma once

#include "registry/exchange.h"

/*
 * Sends, with the Authorization header in login where the policy allows it, and follows redirects.
 */
bool send_request(struct exchange *exchange, const struct buf *login, struct error *err);
/*
 * Like send_request(); the first request to a host that is marked insecure, or is this machine,
 * also tries plain http.
 */
bool send_probing(struct exchange *exchange, const struct buf *login, struct error *err);
