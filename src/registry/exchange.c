/*
 * At most three sends: with what we know, with a fresh token, and with exactly the scope that the
 * registry named.
 */
#include "registry/exchange.h"

#include "registry/authorize.h"
#include "registry/host.h"
#include "registry/send.h"

enum { SENDS_MAX = 3 };

void exchange_finish(struct exchange *exchange)
{
	token_finish(&exchange->token);
	arena_free(&exchange->arena);
}

/* The body is spent, so this only gets a fresh login for the next try of the upload. */
static bool renew_for_upload(struct exchange *exchange, struct error *err)
{
	scoped(buf_wipe) struct buf authorization = {0};
	const char *stale = arena_string(exchange->arena, buf_string(&exchange->token.text));
	if (!stale)
		return error_memory(err);
	if (!authorize_request(exchange, stale, &authorization, err))
		return false;
	error_set(err, ERROR_NETWORK, "the registry did not take the login for the upload");
	err->http_status = 401;
	return false;
}

bool exchange_run(struct exchange *exchange, struct error *err)
{
	exchange->arena = arena_new();
	if (!exchange->arena)
		return error_memory(err);
	for (int sends = 1;; sends++) {
		scoped(buf_wipe) struct buf authorization = {0};
		bool again = false;
		const char *stale = exchange->token.text.len
					    ? arena_string(exchange->arena, exchange->token.text.at)
					    : NULL;
		if (!host_origin(exchange->access->host, &exchange->origin, err) ||
		    !authorize_request(exchange, stale, &authorization, err) ||
		    !send_probing(exchange, &authorization, err))
			return false;
		authorize_judge(exchange);
		if (exchange->answer->status < 400 || sends == SENDS_MAX)
			return true;
		if (!authorize_learn(exchange, &again, err))
			return false;
		/* The host is known: other threads need not wait for this token as well. */
		if (exchange->probing)
			host_leave(exchange->access->host, NULL);
		exchange->probing = false;
		if (!again || exchange->request->anonymous)
			return true;
		if (exchange->request->stream)
			return renew_for_upload(exchange, err);
	}
}
