/*
 * patience.c decides; this file measures. Only time spent waiting for the network counts, not the
 * time in which the reader of a download or the source of an upload was busy.
 */
#include "net/watch.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "net/handle.h"
#include "net/patience.h"

enum { SILENCE_MS = 1000 }; /* a silence is listed after this time */

static enum patience_stop stop_of_run(void)
{
	if (cancel_final())
		return PATIENCE_FINAL;
	if (cancel_urgent())
		return PATIENCE_URGENT;
	return cancel_requested() ? PATIENCE_STOPPING : PATIENCE_GO_ON;
}

/*
 * True when other requests found that the server does not answer. An upload is not ended by that.
 */
static bool is_given_up(const struct handle *handle)
{
	return handle->turn.over && !handle->status && !handle->request.stream &&
	       atomic_load(handle->turn.over);
}

static struct patience state_of(const struct handle *handle)
{
	const struct http_request *request = &handle->request;
	return (struct patience){.stop = stop_of_run(),
				 .cleanup = request->cleanup,
				 .connected = handle_connected(handle),
				 .in_body = handle->head_complete ||
					    (request->stream && handle->stream_left),
				 .uploads = request->stream != NULL,
				 .given_up = is_given_up(handle),
				 .silent_ms = clock_ms() - handle->last_progress,
				 .stall_ms = handle->stall_ms,
				 .answer_ms = handle->turn.patience_ms,
				 .waited_ms = handle->waited_ms,
				 .moved = handle->moved};
}

/* An upload's bytes count when they are sent: libcurl buffers many of them before. */
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

bool watch_check(struct handle *handle, struct error *err)
{
	note_sent(handle);
	struct patience state = state_of(handle);
	if (!state.in_body)
		state.waited_ms = state.moved = 0;
	bool ok = patience_check(&state, handle->host, err);
	if (!state.in_body || patience_rates(&state))
		handle->waited_ms = handle->moved = 0;
	handle->broken |= !ok;
	return ok;
}

static void begin_silence(struct handle *handle)
{
	const struct patience state = state_of(handle);
	int64_t limit =
		state.connected ? patience_limit_ms(&state) : patience_connect_ms(state.answer_ms);
	handle->silence =
		(struct waits_entry){.kind = WAITS_ANSWER,
				     .since_ms = handle->last_progress,
				     .until_ms = limit ? handle->last_progress + limit : 0};
	if (!state.connected)
		waits_begin(&handle->silence, "no connection to %s yet", handle->host);
	else if (state.in_body)
		waits_begin(&handle->silence, "%s neither sends nor accepts data", handle->host);
	else
		waits_begin(&handle->silence, "no answer from %s yet", handle->host);
}

void watch_silence(struct handle *handle)
{
	bool silent = clock_ms() - handle->last_progress >= SILENCE_MS;
	/* An entry of an earlier silence is out of date. */
	bool same = handle->silence.since_ms == handle->last_progress;
	if (handle->silence.listed && !(silent && same))
		waits_end(&handle->silence);
	if (silent && !handle->silence.listed)
		begin_silence(handle);
}
