/*
 * The frame around one image: compare both sides, decide, copy, tell. Both HEADs are sent at once;
 * with equal digests that is all. The source's digest is pinned here: whatever happens to its tag
 * later, the copy is the one image that stood there when the run looked.
 */
#include "copy/copier.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "copy/copier_private.h"
#include "copy/tree.h"
#include "registry/manifests.h"

#include <string.h>

struct copier *copier_new(const struct copier_options *options)
{
	struct arena *arena = arena_new();
	struct copier *copier = arena ? arena_new_of(arena, struct copier) : NULL;
	if (!copier) {
		arena_free(&arena);
		return NULL;
	}
	copier->arena = arena;
	copier->options = *options;
	sem_init(&copier->blobs, 0, options->blobs_in_flight);
	copier->inflight = inflight_new();
	if (!copier->inflight)
		copier_free(&copier);
	return copier;
}

void copier_free(struct copier **copier)
{
	if (!*copier)
		return;
	struct arena *arena = (*copier)->arena;
	inflight_free(&(*copier)->inflight);
	sem_destroy(&(*copier)->blobs);
	*copier = NULL;
	arena_free(&arena);
}

/* One of the two questions that begin every task. */
struct question {
	const struct repository *repository;
	const char *reference;
	struct arena *arena;
	struct manifest_status status;
	struct error err;
	bool ok;
};

static void question_finish(struct question (*pair)[2])
{
	arena_free(&(*pair)[0].arena);
	arena_free(&(*pair)[1].arena);
}

static void ask(void *ctx, size_t index)
{
	struct question *question = (struct question *)ctx + index;
	question->arena = arena_new();
	if (!question->arena)
		question->ok = error_memory(&question->err);
	else
		question->ok =
			manifests_head(question->repository, question->arena, question->reference,
				       &question->status, &question->err);
}

/* A digest needs no asking: it is what it is. */
static size_t skip_source(const struct task *task, struct question *source)
{
	source->ok = true;
	source->status = (struct manifest_status){.found = true, .digest = task->source.digest};
	return 1;
}

static bool check_destination_digest(const struct task *task, const char *digest, struct error *err)
{
	const char *wanted = task->destination.digest;
	if (!wanted || strcmp(wanted, digest) == 0)
		return true;
	return error_set(err, ERROR_REJECTED, "the source is %s, but the destination asks for %s",
			 digest, wanted);
}

static bool copy(struct image *image, const struct task *task, struct outcome *outcome,
		 struct error *err)
{
	const char *reference = task->destination.tag ? task->destination.tag : outcome->digest;
	if (!tree_copy(image, outcome->digest, reference, err))
		return false;
	outcome->status = OUTCOME_COPIED;
	return true;
}

/* Compares both sides and does what is needed; fills everything but the counts. */
static bool run(struct image *image, struct arena *arena, const struct task *task,
		struct outcome *outcome, struct error *err)
{
	const struct copier_options *options = &image->copier->options;
	scoped(question_finish) struct question asked[2] = {
		{.repository = &image->from, .reference = reference_target(&task->source)},
		{.repository = &image->to, .reference = reference_target(&task->destination)},
	};
	size_t first = task->source.digest ? skip_source(task, &asked[0]) : 0;
	if (cancel_requested())
		return error_set(err, ERROR_CANCELED, "stopped by a signal");
	pool_each(options->pool, 2 - first, ask, &asked[first]);
	if (!asked[0].ok || !asked[1].ok) {
		*err = asked[0].ok ? asked[1].err : asked[0].err;
		return error_wrap(err, asked[0].ok ? "destination" : "source");
	}
	if (!asked[0].status.found)
		return error_set(err, ERROR_MISSING, "source: %s/%s:%s does not exist",
				 task->source.host, task->source.repository, asked[0].reference);
	outcome->digest = arena_string(arena, asked[0].status.digest);
	if (!outcome->digest)
		return error_memory(err);
	if (!check_destination_digest(task, outcome->digest, err))
		return false;
	const struct manifest_status *target = &asked[1].status;
	image->fresh = !target->found;
	bool same = target->found && strcmp(target->digest, outcome->digest) == 0;
	outcome->reason = !target->found ? "missing" : same ? "forced" : "differs";
	if (same && !options->force) {
		outcome->status = OUTCOME_SKIPPED;
		outcome->reason = "in-sync";
		return true;
	}
	if (options->dry_run) {
		outcome->status = OUTCOME_WOULD_COPY;
		return true;
	}
	return copy(image, task, outcome, err);
}

static void failed(struct arena *arena, struct outcome *outcome, const struct error *err)
{
	const char *text = arena_string(arena, err->text);
	outcome->status = OUTCOME_FAILED;
	outcome->reason = error_kind_name(err->kind);
	outcome->error_kind = err->kind;
	outcome->retry_after = err->retry_after;
	outcome->error_text = text ? text : "out of memory";
}

void copier_run(struct copier *copier, struct arena *arena, const struct task *task,
		struct outcome *outcome)
{
	struct error err = {0};
	struct image image = {.copier = copier};
	int64_t start = clock_ms();
	*outcome = (struct outcome){0};
	if (!registry_open(copier->options.registry, &task->source, false, &image.from, &err) ||
	    !registry_open(copier->options.registry, &task->destination, true, &image.to, &err) ||
	    !run(&image, arena, task, outcome, &err))
		failed(arena, outcome, &err);
	outcome->bytes = atomic_load(&image.bytes);
	outcome->blobs_copied = atomic_load(&image.copied);
	outcome->blobs_mounted = atomic_load(&image.mounted);
	outcome->blobs_present = atomic_load(&image.present);
	outcome->milliseconds = clock_ms() - start;
}
