/*
 * libcurl limits connecting; what comes after is ours. An answer to a complete request gets
 * ANSWER_MS, the answer to an upload COMMIT_MS, because registries that store on object storage
 * assemble for minutes after the last byte. A body is given up when nothing moves for stall_ms, or
 * next to nothing for RATE_WINDOWS times as long. Only what we wait for counts: not the time in
 * which the reader of a download, or the source of an upload, had other things to do.
 */
#include "net/patience.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "net/handle.h"

#include <string.h>

enum {
	ANSWER_MS = 60000,
	COMMIT_MS = 900000,
	CLEANUP_MS = 10000, /* for a request that only gives something up */
	RATE_WINDOWS = 4,
	RATE_MIN = 1024,   /* bytes a second */
	SILENCE_MS = 1000, /* what is worth telling */
};

bool patience_is_cleanup(const struct handle *handle)
{
	return strcmp(handle->method, "DELETE") == 0;
}

/* True while bytes of a body are what we wait for. */
static bool in_body(const struct handle *handle)
{
	return handle->head_complete || (handle->request.stream && handle->stream_left);
}

/* How long nothing may happen now; 0: for ever. */
static int64_t silence_limit(const struct handle *handle)
{
	if (patience_is_cleanup(handle))
		return CLEANUP_MS;
	if (in_body(handle))
		return handle->stall_ms;
	if (handle->request.stream)
		return COMMIT_MS;
	return handle->turn.patience_ms ? handle->turn.patience_ms : ANSWER_MS;
}

/* An upload's bytes count when they leave: libcurl holds many of them before. */
static void note_sent(struct handle *handle)
{
	curl_off_t sent = 0;
	curl_easy_getinfo(handle->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	if (sent <= handle->sent)
		return;
	handle->moved += sent - handle->sent;
	handle->sent = sent;
	handle->last_progress = clock_ms();
}

static bool too_slow(struct handle *handle)
{
	int64_t window = handle->stall_ms * RATE_WINDOWS;
	if (!in_body(handle))
		handle->waited_ms = handle->moved = 0;
	if (!window || handle->waited_ms < window)
		return false;
	bool slow = handle->moved < RATE_MIN * (window / 1000);
	handle->waited_ms = handle->moved = 0;
	return slow;
}

/* A request that only cleans up behind us has a little more time, and may connect for it. */
static bool must_stop(const struct handle *handle)
{
	if (!cancel_requested())
		return false;
	if (patience_is_cleanup(handle))
		return cancel_final();
	return cancel_urgent() || !handle_connected(handle);
}

/* True when others found out that nobody is there. An upload that moves knows better. */
static bool is_given_up(const struct handle *handle)
{
	return handle->turn.over && !handle->status && !handle->request.stream &&
	       atomic_load(handle->turn.over);
}

bool patience_check(struct handle *handle, struct error *err)
{
	int64_t limit = silence_limit(handle);
	note_sent(handle);
	if (must_stop(handle))
		error_canceled(err);
	else if (is_given_up(handle))
		error_set(err, ERROR_NETWORK, "%s is given up", handle->host);
	else if (limit && clock_ms() - handle->last_progress > limit)
		error_set(err, ERROR_NETWORK, "%s: no %s %lld s", handle->host,
			  in_body(handle) ? "progress for" : "answer within",
			  (long long)(limit / 1000));
	else if (too_slow(handle))
		error_set(err, ERROR_NETWORK, "%s: less than 1 KiB a second for %lld s",
			  handle->host, (long long)(handle->stall_ms * RATE_WINDOWS / 1000));
	else
		return true;
	handle->broken = true;
	return false;
}

static void begin_silence(struct handle *handle)
{
	int64_t limit = silence_limit(handle);
	if (!handle_connected(handle))
		limit = handle->turn.patience_ms ? OUTAGE_CONNECT_MS : PATIENCE_CONNECT_MS;
	handle->silence =
		(struct waits_entry){.kind = WAITS_ANSWER,
				     .since_ms = handle->last_progress,
				     .until_ms = limit ? handle->last_progress + limit : 0};
	if (!handle_connected(handle))
		waits_begin(&handle->silence, "no connection to %s yet", handle->host);
	else if (in_body(handle))
		waits_begin(&handle->silence, "%s sends and takes nothing", handle->host);
	else
		waits_begin(&handle->silence, "no answer from %s yet", handle->host);
}

void patience_tell(struct handle *handle)
{
	bool silent = clock_ms() - handle->last_progress >= SILENCE_MS;
	/* Another silence than the one that is listed. */
	bool same = handle->silence.since_ms == handle->last_progress;
	if (handle->silence.listed && !(silent && same))
		waits_end(&handle->silence);
	if (silent && !handle->silence.listed)
		begin_silence(handle);
}
