/*
 * A job that prints nothing for an hour looks hung, and some systems end it. So a line is logged
 * when the log has been quiet for some time, whatever the reason, and at once when something is to
 * be tried again, since little else is likely to be logged then. A wait that continues is reported
 * again after three times that time, even between other lines.
 */
#include "report/heartbeat.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "report/format.h"
#include "report/remaining.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

enum { TICKS = 10, AGAIN = 3 };

struct heartbeat {
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool stopping;
	pthread_t thread;
	struct cancel *cancel; /* of the run, whose thread it is */
	struct progress *progress;
	int quiet_ms;
	int64_t told_ms;   /* time of the last line */
	int64_t waited_ms; /* time of the last line about a wait; 0: none */
	struct heartbeat_counts counts;
	struct progress_view view;
	struct waits_view waits;
};

static void add_transfers(const struct progress_view *view, struct buf *out)
{
	const struct progress_transfer *oldest = &view->transfer[0];
	char part[FORMAT_SIZE], size[FORMAT_SIZE];
	format_bytes(oldest->done, part);
	format_bytes(oldest->size, size);
	buf_printf(out, " sent, %u blob%s under way; the oldest: %s -> %s %s, %s of %s",
		   view->transfers, view->transfers == 1 ? "" : "s", oldest->image, oldest->to,
		   oldest->blob, part, size);
}

static void print(struct heartbeat *heartbeat, int64_t now, struct buf *out)
{
	size_t done = 0, total = 0;
	heartbeat->counts.get(heartbeat->counts.ctx, &done, &total);
	if (total)
		buf_printf(out, "%zu/%zu images have been processed", done, total);
	else
		buf_add_string(out, "looking for images");
	if (heartbeat->view.transfers) {
		buf_add_string(out, ", ");
		remaining_bytes(&(struct remaining){&heartbeat->view, done, total}, out);
		add_transfers(&heartbeat->view, out);
	}
	if (heartbeat->waits.count)
		buf_add_string(out, "; ");
	waits_print(&heartbeat->waits, now, out);
}

static bool is_due(struct heartbeat *heartbeat, int64_t now)
{
	const struct waits_entry *oldest = &heartbeat->waits.oldest;
	int64_t told = heartbeat->told_ms, waited = heartbeat->waited_ms;
	bool waits = heartbeat->waits.count && oldest->kind == WAITS_TRY;
	if (waits && (!waited || now - waited >= AGAIN * heartbeat->quiet_ms))
		return true;
	return log_quiet_ms() >= heartbeat->quiet_ms && now - told >= heartbeat->quiet_ms;
}

static void beat(struct heartbeat *heartbeat)
{
	scoped(buf_finish) struct buf line = {0};
	int64_t now = clock_ms();
	waits_look(&heartbeat->waits);
	if (!is_due(heartbeat, now))
		return;
	progress_view(heartbeat->progress, &heartbeat->view);
	print(heartbeat, now, &line);
	log_info("%s", buf_string(&line));
	heartbeat->told_ms = now;
	if (heartbeat->waits.count)
		heartbeat->waited_ms = now;
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

/* The lock only guards stopping; it is not held while a line is written. */
static void *run(void *ctx)
{
	struct heartbeat *heartbeat = ctx;
	cancel_enter(heartbeat->cancel);
	pthread_mutex_lock(&heartbeat->lock);
	while (!heartbeat->stopping) {
		struct timespec until = next_tick(heartbeat->quiet_ms / TICKS + 1);
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

struct heartbeat *heartbeat_open(struct arena *arena, struct progress *progress,
				 const struct heartbeat_counts *counts, int quiet_ms)
{
	pthread_condattr_t attributes;
	struct heartbeat *heartbeat = arena_new_of(arena, struct heartbeat);
	if (!heartbeat)
		return NULL;
	heartbeat->progress = progress;
	heartbeat->quiet_ms = quiet_ms;
	heartbeat->told_ms = clock_ms();
	heartbeat->counts = *counts;
	heartbeat->cancel = cancel_current();
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
