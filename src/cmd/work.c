/*
 * Entries of the queue are settled by the same thread before the run is closed, since what is said
 * about a failure lives in its report.
 *
 * While a job is under way, it may still write an older image to a tag that a hook has named again
 * in the meantime. So what is in sync at the end of such a run is held in the queue and looked at
 * once more, when a job has ended. A job that begins after the hook knows what that has told.
 */
#include "cmd/work.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/retry.h"
#include "base/thread.h"
#include "cmd/jobs.h"
#include "cmd/narrowing.h"

#include <stdlib.h>
#include <string.h>

enum { STACK_BYTES = 1024 * 1024 };

/* --- a job ------------------------------------------------------------------------------------ */

static int run_job(struct work *work)
{
	scoped(run_close) struct run run = {0};
	if (!run_repeat(&run, &work->edition->loaded) ||
	    !jobs_select(&run, work->name, work->order.own)) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	work->memory = work->order.memory;
	run.memory = &work->memory;
	run.figures = &work->figures;
	int status = run_sync(&run);
	work->retried = run.report ? report_tally(run.report)->retried : 0;
	return status;
}

/* --- what is queued --------------------------------------------------------------------------- */

/* Entries that were taken, as a run wants them. */
struct batch_of {
	struct arena *arena;
	struct queue_entry *entries;
	struct narrow_image *images;
	struct narrowing_result *results;
	size_t count;
};

static bool split(struct arena *arena, const struct queue_item *item, struct narrow_image *out)
{
	size_t host = strcspn(item->source, "/");
	*out = (struct narrow_image){.host = arena_copy(arena, item->source, host),
				     .repository =
					     item->source[host] ? item->source + host + 1 : "",
				     .tag = item->tag,
				     .destination = item->destination};
	return out->host != NULL;
}

static bool name_images(struct batch_of *batch)
{
	batch->images = arena_array(batch->arena, batch->count + 1, sizeof(*batch->images));
	batch->results = arena_array(batch->arena, batch->count + 1, sizeof(*batch->results));
	if (!batch->images || !batch->results)
		return false;
	for (size_t i = 0; i < batch->count; i++)
		if (!split(batch->arena, &batch->entries[i].item, &batch->images[i]))
			return false;
	return true;
}

/* early: not all images had their turn. */
static enum queue_verdict judge(const struct work *work, const struct queue_entry *entry,
				const struct narrowing_result *result, bool early)
{
	if (!result->found)
		return early ? QUEUE_AGAIN : QUEUE_NO_ROUTE;
	/* A time limit would end the next try as well. What waited for one has its own failure. */
	if (result->failed && result->kind == ERROR_CANCELED)
		return cancel_signal() ? QUEUE_AGAIN : QUEUE_TRANSIENT;
	if (result->failed && cancel_signal() && retry_helps(result->kind))
		return QUEUE_AGAIN;
	if (result->failed)
		return retry_helps(result->kind) ? QUEUE_TRANSIENT : QUEUE_PERMANENT;
	if (!result->done && early)
		return QUEUE_AGAIN;
	/* Routes are no part of a job. */
	bool older = !*entry->item.destination && work->oldest_job <= entry->named;
	return older ? QUEUE_HOLD : QUEUE_DONE;
}

/* left: images had no turn; without known results nobody knows. */
static void settle(const struct work *work, const struct batch_of *batch, bool known, bool left)
{
	bool stopped = cancel_closing();
	int64_t now = clock_unix();
	for (size_t i = 0; i < batch->count; i++) {
		const struct queue_entry *entry = &batch->entries[i];
		if (!known) {
			queue_settle(work->order.queue, entry->id,
				     stopped ? QUEUE_AGAIN : QUEUE_TRANSIENT, "out of memory", now);
			continue;
		}
		const struct narrowing_result *result = &batch->results[i];
		enum queue_verdict verdict = judge(work, entry, result, stopped || left);
		bool unwanted = result->found && !result->done && !result->failed;
		if (verdict == QUEUE_DONE && unwanted)
			log_info("%s:%s: its rules leave out that tag, so it is not copied",
				 entry->item.source, entry->item.tag);
		if (verdict == QUEUE_NO_ROUTE)
			log_warn("%s:%s: no route or rule includes it any more: it stays in the "
				 "record",
				 entry->item.source, entry->item.tag);
		queue_settle(work->order.queue, entry->id, verdict,
			     result->failed ? result->why : NULL, now);
	}
}

/*
 * A run about entries writes none of the files that a run about all rules writes, and its images
 * have nothing to do with each other.
 */
static void separate(struct options *options)
{
	options->report = options->output_success_images = options->output_failed_images = NULL;
	options->fail_fast = false;
	/* Each has its own time for another try, and those that come meanwhile must not wait. */
	options->retries = 0;
}

static int run_batch(struct work *work, struct batch_of *batch)
{
	struct edition *edition = work->edition;
	struct options options = edition->options;
	scoped(run_close) struct run run = {0};
	scoped(narrowing_free) struct narrowing *narrowing =
		name_images(batch)
			? narrowing_new(batch->arena, edition->narrow, batch->images, batch->count)
			: NULL;
	separate(&options);
	if (!narrowing || !run_repeat(&run, &edition->loaded)) {
		log_error("out of memory");
		settle(work, batch, false, true);
		return EXIT_FAILURE;
	}
	run.options = &options;
	run.narrowing = narrowing;
	run.figures = &work->figures;
	int status = run_sync(&run);
	const struct tally *tally = run.report ? report_tally(run.report) : NULL;
	settle(work, batch,
	       tally && run.complete &&
		       narrowing_results(narrowing, tally, batch->images, batch->count,
					 batch->results),
	       tally && tally_left(tally));
	work->retried = tally ? tally->retried : 0;
	if (tally)
		news_add(work->order.news, tally);
	return status;
}

static int run_queue(struct work *work)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct batch_of batch = {.arena = arena};
	if (!arena || !queue_take(work->order.queue, clock_unix(), work->order.routed, SIZE_MAX,
				  arena, &batch.entries, &batch.count)) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	return batch.count ? run_batch(work, &batch) : EXIT_SUCCESS;
}

/* --- the thread ------------------------------------------------------------------------------- */

static void *work_thread(void *ctx)
{
	struct work *work = ctx;
	const struct work_order order = work->order;
	scoped(cancel_close) struct cancel cancel = {0};
	cancel_open(&cancel, config_timeout(&work->edition->options));
	cancel_enter(&cancel);
	work->status = order.job ? run_job(work) : order.queue ? run_queue(work) : EXIT_SUCCESS;
	if (!order.job && !order.queue)
		news_send(order.news, work->edition->loaded.session,
			  &work->edition->loaded.config.notify);
	cancel_enter(NULL);
	atomic_store(&work->over, true);
	order.over(order.ctx);
	return NULL;
}

bool work_start(struct work *work, const struct work_order *order, uint64_t number,
		int64_t oldest_job)
{
	*work = (struct work){.active = true,
			      .order = *order,
			      .number = number,
			      .started = clock_unix(),
			      .started_ms = clock_ms(),
			      .oldest_job = oldest_job};
	work->arena = arena_new_small();
	work->name = work->arena ? arena_string(work->arena, order->job ? order->job : "") : NULL;
	work->edition = edition_hold(order->editions);
	if (work->name && thread_start(&work->thread, STACK_BYTES, work_thread, work))
		return true;
	work_end(order->editions, work);
	return false;
}

bool work_is_over(const struct work *work)
{
	return atomic_load(&work->over);
}

void work_join(struct work *work)
{
	pthread_join(work->thread, NULL);
}

void work_end(struct editions *editions, struct work *work)
{
	edition_release(editions, work->edition);
	arena_free(&work->arena);
	work->active = false;
}

struct state_run work_state(const struct work *work)
{
	const struct report_live *figures = &work->figures;
	return (struct state_run){.number = work->number,
				  .what = work->order.job ? "schedule" : "hooks",
				  .started = work->started,
				  .images = atomic_load(&figures->images),
				  .copied = atomic_load(&figures->copied),
				  .in_sync = atomic_load(&figures->in_sync),
				  .failed = atomic_load(&figures->failed),
				  .bytes = atomic_load(&figures->bytes)};
}
