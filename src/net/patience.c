/*
 * libcurl limits the time to connect; the later limits are set here. The answer to a complete
 * request may take ANSWER_MS, and the answer to an upload COMMIT_MS, because a registry on object
 * storage may assemble the blob for minutes after the last byte. A body is given up when nothing
 * moves for stall_ms, or almost nothing for RATE_WINDOWS times as long.
 */
#include "net/patience.h"

#include "net/outage.h"

enum {
	CONNECT_MS = 20000,
	ANSWER_MS = 60000,
	COMMIT_MS = 900000,
	CLEANUP_MS = 10000,
	RATE_WINDOWS = 4,
	RATE_MIN = 1024, /* bytes a second */
};

/* A server that never answered gets less time than one that is known to be there. */
int64_t patience_connect_ms(int64_t answer_ms)
{
	return answer_ms ? OUTAGE_CONNECT_MS : CONNECT_MS;
}

int64_t patience_limit_ms(const struct patience *transfer)
{
	if (transfer->cleanup)
		return CLEANUP_MS;
	if (transfer->in_body)
		return transfer->stall_ms;
	if (transfer->uploads)
		return COMMIT_MS;
	return transfer->answer_ms ? transfer->answer_ms : ANSWER_MS;
}

bool patience_rates(const struct patience *transfer)
{
	int64_t window = transfer->stall_ms * RATE_WINDOWS;
	return transfer->in_body && window && transfer->waited_ms >= window;
}

static bool is_too_slow(const struct patience *transfer)
{
	int64_t seconds = transfer->stall_ms * RATE_WINDOWS / 1000;
	return patience_rates(transfer) && transfer->moved < RATE_MIN * seconds;
}

/* A request that only cleans up has a little more time, and may still connect. */
static bool must_stop(const struct patience *transfer)
{
	if (transfer->cleanup)
		return transfer->stop >= PATIENCE_FINAL;
	return transfer->stop >= PATIENCE_URGENT || (transfer->stop && !transfer->connected);
}

bool patience_check(const struct patience *transfer, const char *host, struct error *err)
{
	int64_t limit = patience_limit_ms(transfer);
	if (must_stop(transfer)) {
		error_canceled(err);
		return false;
	}
	if (transfer->given_up)
		return error_set(err, ERROR_NETWORK, "%s has been given up", host);
	if (limit && transfer->silent_ms > limit)
		return error_set(err, ERROR_NETWORK, "%s: no %s %lld s", host,
				 transfer->in_body ? "progress for" : "answer within",
				 (long long)(limit / 1000));
	if (is_too_slow(transfer))
		return error_set(err, ERROR_NETWORK, "%s: less than 1 KiB a second for %lld s",
				 host, (long long)(transfer->stall_ms * RATE_WINDOWS / 1000));
	return true;
}
