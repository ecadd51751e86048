/*
 * The frame around one image: compare both sides, decide, copy, tell. Both HEADs are sent at once;
 * with equal digests that is all. The source's digest is pinned here: whatever happens to its tag
 * later, the copy is the one image that stood there when the run looked.
 *
 * Where the source then misses what it named itself, since its tag was pushed again or a cache is
 * old, the tag is looked at once more and the image begun from the start.
 *
 * A platform filter changes what the target is to hold, and nothing else: it says which digest is
 * wanted, and the rest goes on as if the source had that.
 */
#include "copy/copier.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "copy/accompany.h"
#include "copy/copier_private.h"
#include "copy/drift.h"
#include "copy/fetch.h"
#include "copy/narrow.h"
#include "copy/require.h"
#include "copy/restart.h"
#include "copy/signed.h"
#include "copy/verify.h"
#include "copy/whole.h"
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
	copier->places = places_new(options->blobs_in_flight);
	copier->inflight = inflight_new();
	copier->hits = hits_new();
	copier->sites = sites_new();
	copier->origins = origins_new();
	copier->tees = tees_new();
	copier->quotas = quotas_new();
	if (!copier->places || !copier->inflight || !copier->hits || !copier->sites ||
	    !copier->origins || !copier->tees || !copier->quotas)
		copier_free(&copier);
	return copier;
}

void copier_free(struct copier **copier)
{
	if (!*copier)
		return;
	struct arena *arena = (*copier)->arena;
	inflight_free(&(*copier)->inflight);
	hits_free(&(*copier)->hits);
	places_free(&(*copier)->places);
	sites_free(&(*copier)->sites);
	origins_free(&(*copier)->origins);
	tees_free(&(*copier)->tees);
	quotas_free(&(*copier)->quotas);
	*copier = NULL;
	arena_free(&arena);
}

/* One of the two questions that begin every task. */
struct digest_question {
	const struct repository *repository;
	struct origin *origin; /* of a source that others have, too; else NULL */
	const char *reference;
	struct arena *arena;
	struct manifest_status status;
	struct error err;
	bool ok;
};

static void question_finish(struct digest_question (*pair)[2])
{
	arena_free(&(*pair)[0].arena);
	arena_free(&(*pair)[1].arena);
}

static void ask(void *ctx, size_t index)
{
	struct digest_question *question = (struct digest_question *)ctx + index;
	question->arena = arena_new();
	if (!question->arena)
		question->ok = error_memory(&question->err);
	else if (question->origin)
		question->ok = origins_head(question->origin, question->repository, question->arena,
					    question->reference, &question->status, &question->err);
	else
		question->ok = manifests_head_listed(question->repository, question->arena,
						     question->reference, &question->status,
						     &question->err);
}

/* A digest needs no asking: it is what it is. */
static void skip_source(const char *digest, struct digest_question *source)
{
	source->ok = true;
	source->status = (struct manifest_status){.found = true, .digest = digest};
}

/* The tag beside a digest was asked for: that it names another image by now is worth a word. */
static void compare_pinned(struct arena *arena, const struct task *task,
			   const struct digest_question *source, struct outcome *outcome)
{
	const char *pinned = task->source.digest;
	if (source->ok && !source->status.found)
		outcome->warning =
			arena_printf(arena, "the tag %s is no longer at the source, but %s may be",
				     task->rule->terms.pinned_tag, pinned);
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): it stands beside the tag */
	else if (source->ok && strcmp(source->status.digest, pinned) != 0)
		outcome->warning = arena_printf(
			arena, "the tag %s is %s at the source by now; the digest counts, %s",
			task->rule->terms.pinned_tag, source->status.digest, pinned);
}

static bool check_destination_digest(const struct task *task, const char *digest, struct error *err)
{
	const char *wanted = task->destination.digest;
	if (!wanted || strcmp(wanted, digest) == 0)
		return true;
	return error_set(err, ERROR_REJECTED, "the source is %s, but the destination asks for %s",
			 digest, wanted);
}

/* What is to be done about one image. */
struct decision {
	const char *held;   /* digest at the target, or NULL */
	const char *wanted; /* digest that is to be there; NULL: no platform of it passes */
};

/* A filter gives an index other bytes, so it has another digest. */
static bool refuse_digest(const struct task *task, const struct narrowed *narrowed,
			  struct error *err)
{
	return error_set(err, ERROR_UNSUPPORTED,
			 "the destination asks for %s, but the platform filter takes %zu of %zu "
			 "images, which makes another index with another digest: give the "
			 "destination a tag, or this rule no filter",
			 task->destination.digest, narrowed->kept, narrowed->total);
}

/* Lets the task's filter decide what the target is to hold. */
static bool apply_filter(struct image *image, struct arena *arena, const struct task *task,
			 struct outcome *outcome, struct decision *decision, struct error *err)
{
	struct narrowed narrowed;
	bool same = false;
	if (decision->held && !image->copier->options.force &&
	    !narrow_recognize(image, arena, outcome->digest, decision->held, &same, err))
		return false;
	if (same) {
		decision->wanted = decision->held;
		return true;
	}
	if (!narrow(image, arena, outcome->digest, &narrowed, err))
		return false;
	outcome->platforms_kept = narrowed.kept;
	outcome->platforms = narrowed.total;
	decision->wanted = narrowed.digest;
	if (narrowed.digest && task->destination.digest &&
	    strcmp(narrowed.digest, task->destination.digest) != 0)
		return refuse_digest(task, &narrowed, err);
	return true;
}

/* A copy that took so long is worth a last question to the source. */
enum { LONG_COPY_MS = 10000 };

/* True when the source's tag stands for another image now than when the copy began. */
static bool has_moved(const struct image *image, const struct task *task, const char *digest)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest_status status;
	struct error ignored;
	return arena && !task->source.digest && !cancel_requested() &&
	       manifests_head(&image->from, arena, reference_target(&task->source), &status,
			      &ignored) &&
	       status.found && strcmp(status.digest, digest) != 0;
}

/* Reads back what the target holds now, if that is wanted. */
static bool verify(struct image *image, const char *tag, const char *digest, struct error *err)
{
	return !image->copier->options.verify ||
	       verify_image(image, tag ? tag : digest, digest, err);
}

static bool copy(struct image *image, const struct task *task, const char *tag, const char *digest,
		 struct outcome *outcome, struct error *err)
{
	int64_t begun = clock_ms();
	if (image->guarded)
		image->guarded = tag;
	if (!accompany_copy(image, tag, digest, &outcome->companions, err) ||
	    !verify(image, tag, digest, err))
		return false;
	outcome->status = OUTCOME_COPIED;
	outcome->source_moved =
		clock_ms() - begun >= LONG_COPY_MS && has_moved(image, task, outcome->digest);
	return true;
}

/* The image is there, but somebody may have signed it since. */
static bool keep(struct image *image, const char *tag, const char *digest, struct outcome *outcome,
		 struct error *err)
{
	if (!accompany_late(image, digest, &outcome->companions, err) ||
	    !verify(image, tag, digest, err))
		return false;
	bool late = outcome->companions > 0;
	outcome->reason = late ? "companions" : "in-sync";
	outcome->status = !late                            ? OUTCOME_SKIPPED
			  : image->copier->options.dry_run ? OUTCOME_WOULD_COPY
							   : OUTCOME_COPIED;
	return true;
}

/* Pushes under tag, unless the image must not be pushed or nothing is to be written at all. */
static bool push(struct image *image, struct arena *arena, const struct task *task, const char *tag,
		 const char *digest, struct outcome *outcome, struct error *err)
{
	if (task->rule->terms.required &&
	    !require_platforms(image, arena, task->rule->terms.required, digest, err))
		return false;
	if (task->rule->terms.signer && !signed_check(image, outcome->digest, task, err))
		return false;
	if (image->foreign == FOREIGN_FAIL && !whole_check(image, digest, err))
		return false;
	if (!image->copier->options.dry_run)
		return copy(image, task, tag, digest, outcome, err);
	outcome->status = OUTCOME_WOULD_COPY;
	return accompany_count(image, digest, &outcome->companions, err);
}

/* The tag holds another image: does what the task's policy says. */
static bool change(struct image *image, struct arena *arena, const struct task *task,
		   const char *held, const char *wanted, struct outcome *outcome, struct error *err)
{
	struct drift drift;
	outcome->reason = "differs";
	if (!drift_decide(image, arena, task, held, wanted, &drift, err))
		return false;
	if (drift.way == DRIFT_SKIP) {
		outcome->status = OUTCOME_SKIPPED;
		return true;
	}
	if (drift.tag != task->destination.tag)
		outcome->tag = drift.tag;
	if (drift.way == DRIFT_EQUAL)
		return keep(image, drift.tag, wanted, outcome, err);
	image->expected = drift.held;
	return push(image, arena, task, drift.tag, wanted, outcome, err);
}

/* Does what the decision asks for. */
static bool carry_out(struct image *image, struct arena *arena, const struct task *task,
		      const struct decision *decision, struct outcome *outcome, struct error *err)
{
	const char *held = decision->held, *wanted = decision->wanted;
	bool same = held && wanted && strcmp(held, wanted) == 0;
	if (!wanted) {
		outcome->status = OUTCOME_SKIPPED;
		outcome->reason = "no-platform";
		return true;
	}
	if (held && !same)
		return change(image, arena, task, held, wanted, outcome, err);
	if (same && !image->copier->options.force)
		return keep(image, task->destination.tag, wanted, outcome, err);
	outcome->reason = !held ? "missing" : "forced";
	image->expected = held;
	if (push(image, arena, task, task->destination.tag, wanted, outcome, err))
		return true;
	/* Somebody else wrote the tag meanwhile: it differs now. */
	return *image->moved && change(image, arena, task, image->moved, wanted, outcome, err);
}

/* Sends the two questions at once. An image at the source that is not there is an error. */
static bool ask_both(struct image *image, struct arena *arena, const struct task *task,
		     struct digest_question asked[2], struct outcome *outcome, struct error *err)
{
	const char *given = task->source.digest ? task->source.digest : image->renewed;
	size_t first = given && !task->rule->terms.pinned_tag ? 1 : 0;
	if (cancel_requested())
		return error_canceled(err);
	pool_each(image->copier->options.pool, 2 - first, ask, &asked[first]);
	if (task->rule->terms.pinned_tag)
		compare_pinned(arena, task, &asked[0], outcome);
	if (given)
		skip_source(given, &asked[0]);
	if (!asked[0].ok || !asked[1].ok) {
		*err = asked[0].ok ? asked[1].err : asked[0].err;
		return error_wrap(err, asked[0].ok ? "destination" : "source");
	}
	if (!asked[0].status.found)
		return error_set(err, ERROR_MISSING, "source: %s/%s:%s does not exist",
				 task->source.host, task->source.repository, asked[0].reference);
	return true;
}

/*
 * Takes the source's digest. Where the source calls by another algorithm what the rule names by a
 * tag, the digest is made that all registries know.
 */
static bool take_digest(struct image *image, const struct task *task, const char *digest,
			struct outcome *outcome, struct error *err)
{
	char plain[DIGEST_TEXT_SIZE];
	struct manifest *manifest;
	outcome->digest = arena_string(image->arena, digest);
	if (!outcome->digest)
		return error_memory(err);
	if (task->source.digest || str_starts(str_of(digest), "sha256:"))
		return true;
	manifest = arena_new_of(image->arena, struct manifest);
	if (!manifest)
		return error_memory(err);
	if (!fetch_source(image, image->arena, outcome->digest, manifest, err))
		return error_wrap(err, "source");
	digest_of(manifest->bytes, plain);
	outcome->digest = arena_string(image->arena, plain);
	return (outcome->digest && map_put(&image->known, str_of(plain), manifest)) ||
	       error_memory(err);
}

/* A target that knows its image by another algorithm than we do may hold the same all the same. */
static bool recognize(struct image *image, struct arena *arena, const struct task *task,
		      struct decision *decision, struct error *err)
{
	bool same = false;
	size_t algorithm = strcspn(decision->wanted, ":");
	if (!decision->held || strncmp(decision->held, decision->wanted, algorithm) == 0)
		return true;
	if (!manifests_holds(&image->to, arena, reference_target(&task->destination),
			     decision->wanted, &same, err))
		return error_wrap(err, "destination");
	decision->held = same ? decision->wanted : decision->held;
	return true;
}

/* Compares both sides and does what is needed; fills everything but the counts. */
static bool run(struct image *image, struct arena *arena, const struct task *task,
		struct outcome *outcome, struct error *err)
{
	scoped(question_finish) struct digest_question asked[2] = {
		{.repository = &image->from,
		 .origin = image->origin,
		 .reference = task->rule->terms.pinned_tag ? task->rule->terms.pinned_tag
							   : reference_target(&task->source)},
		{.repository = &image->to, .reference = reference_target(&task->destination)},
	};
	image->guarded =
		task->rule->terms.on_change != CHANGE_OVERWRITE ? task->destination.tag : NULL;
	image->expected = NULL;
	image->moved[0] = '\0';
	if (!ask_both(image, arena, task, asked, outcome, err))
		return false;
	if (!take_digest(image, task, asked[0].status.digest, outcome, err) ||
	    !check_destination_digest(task, outcome->digest, err))
		return false;
	image->pinned = outcome->digest;
	const struct manifest_status *target = &asked[1].status;
	if (image->guarded && target->denied &&
	    !drift_absent(&image->to, reference_target(&task->destination), err))
		return false;
	image->fresh = !target->found;
	struct decision decision = {.held = target->found ? target->digest : NULL,
				    .wanted = outcome->digest};
	if (!recognize(image, arena, task, &decision, err) ||
	    (image->filter && !apply_filter(image, arena, task, outcome, &decision, err)))
		return false;
	return carry_out(image, arena, task, &decision, outcome, err);
}

static void failed(struct arena *arena, struct outcome *outcome, const struct error *err)
{
	const char *text = arena_string(arena, err->text);
	outcome->status = OUTCOME_FAILED;
	outcome->reason = error_kind_name(err->kind);
	outcome->error_kind = err->kind;
	outcome->error_shared = err->shared;
	outcome->retry_after = err->retry_after;
	outcome->error_text = text ? text : "out of memory";
}

static const struct platform_filter *filter_of(const struct task *task)
{
	const struct platform_filter *filter = task->rule->terms.platforms;
	return filter && !platform_filter_empty(filter) ? filter : NULL;
}

bool copier_expect(struct copier *copier, const struct task *const *tasks, const size_t *numbers,
		   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct task *task = tasks[numbers[i]];
		if (!places_expect(copier->places, task->source.host, task->destination.host, 1))
			return false;
	}
	return origins_expect(copier->origins, tasks, numbers, count);
}

static const struct companion_filter *companions_of(const struct task *task)
{
	const struct companion_filter *filter = task->rule->terms.companions;
	return filter && !companion_filter_empty(filter) ? filter : NULL;
}

static void image_finish(struct image *image)
{
	tees_depart(image->copier->tees, image);
	origins_leave(image->copier->origins, image->origin);
	places_done(image->copier->places, image->lane);
	map_finish(&image->known);
}

static bool open_both(struct image *image, const struct task *task, struct error *err)
{
	struct copier *copier = image->copier;
	struct registry *registry = copier->options.registry;
	if (!registry_open(registry, &task->source, false, &image->from, err) ||
	    !registry_open(registry, &task->destination, true, &image->to, err))
		return false;
	/* With one blob at a time there is no thread for anybody to wait for. */
	if (image->origin && copier->options.blobs_in_flight > 1)
		tees_arrive(copier->tees, origins_company(image->origin), image, task);
	return true;
}

void copier_run(struct copier *copier, struct arena *arena, const struct task *task,
		struct outcome *outcome)
{
	struct error err = {0};
	scoped(image_finish) struct image image = {.copier = copier,
						   .arena = arena,
						   .filter = filter_of(task),
						   .companions = companions_of(task),
						   .foreign = task->rule->terms.foreign,
						   .named = task->source.digest};
	int64_t start = clock_ms();
	image.origin = origins_enter(copier->origins, task);
	image.lane = places_find(copier->places, task->source.host, task->destination.host);
	*outcome = (struct outcome){0};
	if (image.filter)
		hits_add(copier->hits, image.filter);
	bool ok = open_both(&image, task, &err) && run(&image, arena, task, outcome, &err);
	for (int times = 0; !ok && restart_helps(&image, task, times, &err); times++) {
		*outcome = (struct outcome){0};
		ok = run(&image, arena, task, outcome, &err);
	}
	if (!ok)
		failed(arena, outcome, &err);
	if (image.filter && !image.judged)
		hits_mark_all(copier->hits, image.filter);
	outcome->bytes = atomic_load(&image.bytes);
	outcome->blobs_copied = atomic_load(&image.copied);
	outcome->blobs_mounted = atomic_load(&image.mounted);
	outcome->blobs_present = atomic_load(&image.present);
	outcome->blobs_skipped = atomic_load(&image.skipped);
	outcome->milliseconds = clock_ms() - start;
}

bool copier_unmatched(struct copier *copier, struct arena *arena, const char *const **patterns,
		      size_t *count)
{
	return hits_missed(copier->hits, arena, patterns, count);
}
