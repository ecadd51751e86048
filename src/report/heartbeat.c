/*
 * A job that says nothing for an hour looks hung, and some systems end it for that. A line comes
 * only when nothing else is likely to: with many small blobs the images that end are signs enough.
 */
#include "report/heartbeat.h"

#include "base/clock.h"
#include "base/log.h"
#include "report/format.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

struct heartbeat {
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool stopping;
	pthread_t thread;
	struct progress *progress;
	int interval_ms;
	void (*counts)(void *ctx, size_t *done, size_t *total);
	void *ctx;
	struct progress_view view;
};

void heartbeat_line(const struct progress_view *view, size_t done, size_t total, struct buf *out)
{
	const struct progress_transfer *oldest = &view->transfer[0];
	char sent[FORMAT_SIZE], part[FORMAT_SIZE], size[FORMAT_SIZE];
	format_bytes(view->bytes, sent);
	format_bytes(oldest->done, part);
	format_bytes(oldest->size, size);
	buf_printf(out,
		   "%zu/%zu images have been processed, %s sent, %u blob%s under way; the oldest: "
		   "%s, %s of %s",
		   done, total, sent, view->transfers, view->transfers == 1 ? "" : "s",
		   oldest->label, part, size);
}

static void beat(struct heartbeat *heartbeat)
{
	scoped(buf_finish) struct buf line = {0};
	size_t done, total;
	progress_view(heartbeat->progress, &heartbeat->view);
	const struct progress_transfer *oldest = &heartbeat->view.transfer[0];
	if (!heartbeat->view.transfers || clock_ms() - oldest->since_ms < heartbeat->interval_ms)
		return;
	heartbeat->counts(heartbeat->ctx, &done, &total);
	heartbeat_line(&heartbeat->view, done, total, &line);
	log_info("%s", buf_string(&line));
}

static struct timespec next_tick(int interval_ms)
{
	struct timespec when = {0};
	clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_sec += interval_ms / 1000;
	when.tv_nsec += interval_ms % 1000 * 1000000L;
	if (when.tv_nsec >= 1000000000L) {
		when.tv_nsec -= 1000000000L;
		when.tv_sec++;
	}
	return when;
}

/* The lock is only for stopping, and is not held while a line is written. */
static void *run(void *ctx)
{
	struct heartbeat *heartbeat = ctx;
	pthread_mutex_lock(&heartbeat->lock);
	while (!heartbeat->stopping) {
		struct timespec until = next_tick(heartbeat->interval_ms);
		while (!heartbeat->stopping &&
		       pthread_cond_timedwait(&heartbeat->stop, &heartbeat->lock, &until) !=
			       ETIMEDOUT)
			;
		if (heartbeat->stopping)
			break;
		pthread_mutex_unlock(&heartbeat->lock);
		beat(heartbeat);
		pthread_mutex_lock(&heartbeat->lock);
	}
	pthread_mutex_unlock(&heartbeat->lock);
	return NULL;
}

static void finish_locks(struct heartbeat *heartbeat)
{
	pthread_cond_destroy(&heartbeat->stop);
	pthread_mutex_destroy(&heartbeat->lock);
}

struct heartbeat *heartbeat_open(struct arena *arena, struct progress *progress, int interval_ms,
				 void (*counts)(void *ctx, size_t *done, size_t *total), void *ctx)
{
	pthread_condattr_t attributes;
	struct heartbeat *heartbeat = arena_new_of(arena, struct heartbeat);
	if (!heartbeat)
		return NULL;
	heartbeat->progress = progress;
	heartbeat->interval_ms = interval_ms;
	heartbeat->counts = counts;
	heartbeat->ctx = ctx;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&heartbeat->stop, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&heartbeat->lock, NULL);
	if (pthread_create(&heartbeat->thread, NULL, run, heartbeat) == 0)
		return heartbeat;
	finish_locks(heartbeat);
	return NULL;
}

void heartbeat_close(struct heartbeat **given)
{
	struct heartbeat *heartbeat = *given;
	if (!heartbeat)
		return;
	pthread_mutex_lock(&heartbeat->lock);
	heartbeat->stopping = true;
	pthread_cond_signal(&heartbeat->stop);
	pthread_mutex_unlock(&heartbeat->lock);
	pthread_join(heartbeat->thread, NULL);
	finish_locks(heartbeat);
	*given = NULL;
}
