/*
 * The source is not asked for a digest that the rule gives. If the rule gives a tag as well, the
 * source is asked what the tag holds, but only to warn when that is another image.
 */
#include "copy/judge/compare.h"

#include "base/cancel.h"
#include "copy/document.h"
#include "copy/judge/drift.h"
#include "copy/judge/hinted.h"
#include "copy/judge/narrow.h"
#include "copy/judge/pinned.h"
#include "store/store.h"

#include <string.h>

/* One of the two requests that begin every task. */
struct question {
	const struct store *store;
	struct shared_source *shared; /* the source, if other tasks have it too; else NULL */
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
	else if (question->shared)
		question->ok = sources_head(question->shared, question->store, question->arena,
					    question->reference, &question->status, &question->err);
	else
		question->ok =
			store_head_listed(question->store, question->arena, question->reference,
					  &question->status, &question->err);
}

/* Takes a digest as the answer of the source. */
static void skip_source(const char *digest, struct question *source)
{
	source->ok = true;
	source->status = (struct manifest_status){.found = true, .digest = digest};
}

/* Warns if the tag that the rule gives with a digest now names another image, or none. */
static void compare_pinned(struct image *image, const struct question *source)
{
	const char *tag = rule_terms(image->task->rule)->pinned_tag;
	const char *pinned = image->task->source.digest;
	if (source->ok && !source->status.found)
		image->outcome->warning = arena_printf(
			image->arena, "the tag %s is no longer at the source, but %s may be", tag,
			pinned);
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a pinned tag has a digest */
	else if (source->ok && strcmp(source->status.digest, pinned) != 0)
		image->outcome->warning =
			arena_printf(image->arena,
				     "the tag %s is now %s at the source; the rule's digest %s "
				     "counts",
				     tag, source->status.digest, pinned);
}

static bool is_there(const struct image *image, const struct question *source, struct error *err)
{
	const struct reference *name = &image->task->source;
	return source->status.found ||
	       error_set(err, ERROR_MISSING, "source: %s/%s:%s does not exist", name->host,
			 name->repository, source->reference);
}

/* Sends both requests at once. A source without the image is an error. */
static bool ask_both(struct image *image, struct question asked[2], struct error *err)
{
	const struct task *task = image->task;
	const char *given = task->source.digest ? task->source.digest : image->renewed;
	size_t first = given && !rule_terms(task->rule)->pinned_tag ? 1 : 0;
	if (cancel_requested())
		return error_canceled(err);
	pool_each(image->copier->options.pool, 2 - first, ask, &asked[first]);
	if (rule_terms(task->rule)->pinned_tag)
		compare_pinned(image, &asked[0]);
	if (given)
		skip_source(given, &asked[0]);
	if (!asked[0].ok || !asked[1].ok) {
		*err = asked[0].ok ? asked[1].err : asked[0].err;
		return error_wrap(err, asked[0].ok ? "destination" : "source");
	}
	return is_there(image, &asked[0], err);
}

/* If the source uses another digest algorithm, takes sha256 instead, which all registries know. */
static bool rename_digest(struct image *image, struct error *err)
{
	char plain[DIGEST_TEXT_SIZE];
	struct manifest manifest;
	if (!document_get(image, DOCUMENT_SOURCE, image->outcome->digest, 1, &manifest, err))
		return false;
	digest_of(manifest.bytes, plain);
	image->outcome->digest = arena_string(image->arena, plain);
	return (image->outcome->digest &&
		document_keep(image, image->outcome->digest, &manifest)) ||
	       error_memory(err);
}

/* Pins the source's digest. */
static bool pin(struct image *image, const char *digest, struct error *err)
{
	const char *demanded = image->task->destination.digest;
	bool known = image->task->source.digest || str_starts(str_of(digest), "sha256:");
	image->outcome->digest = arena_string(image->arena, digest);
	if (!image->outcome->digest)
		return error_memory(err);
	if (!known && !rename_digest(image, err))
		return false;
	image->wanted = image->pinned = image->outcome->digest;
	if (!demanded || strcmp(demanded, image->pinned) == 0)
		return true;
	return error_set(err, ERROR_REJECTED, "the source is %s, but the destination asks for %s",
			 image->pinned, demanded);
}

/* A target whose digest has another algorithm may still hold the same image: checks that. */
static bool recognize(struct image *image, struct error *err)
{
	bool same = false;
	struct image_target *target = &image->target;
	size_t algorithm = strcspn(image->pinned, ":");
	if (!target->held || strncmp(target->held, image->pinned, algorithm) == 0)
		return true;
	if (!store_holds(image->to, image->arena, reference_target(&image->task->destination),
			 image->pinned, &same, err))
		return error_wrap(err, "destination");
	target->held = same ? image->pinned : target->held;
	return true;
}

/* Takes the target's answer. */
static bool look_at_target(struct image *image, const struct manifest_status *status,
			   struct error *err)
{
	const struct task *task = image->task;
	struct image_target *target = &image->target;
	*target = (struct image_target){.tag = task->destination.tag, .fresh = !status->found};
	target->guarded = target->tag && drift_guards(task->rule);
	if (target->guarded && status->denied && !drift_absent(image->to, target->tag, err))
		return false;
	if (!status->found)
		return true;
	target->held = arena_string(image->arena, status->digest);
	return target->held ? recognize(image, err) : error_memory(err);
}

/*
 * A digest from a list that may be older than its registry proves only that both sides are equal.
 */
static bool ask_again(struct image *image, struct question *source,
		      const struct manifest_status *target, struct error *err)
{
	if (!source->status.dated ||
	    (target->found && strcmp(source->status.digest, target->digest) == 0))
		return true;
	return (store_head(image->from, source->arena, source->reference, &source->status, err) ||
		error_wrap(err, "source")) &&
	       is_there(image, source, err);
}

bool compare_sides(struct image *image, struct error *err)
{
	const struct task *task = image->task;
	const char *pinned_tag = rule_terms(task->rule)->pinned_tag;
	scoped(question_finish) struct question asked[2] = {
		{.store = image->from,
		 .shared = image->shared,
		 .reference = pinned_tag ? pinned_tag : reference_target(&task->source)},
		{.store = image->to, .reference = reference_target(&task->destination)},
	};
	return ask_both(image, asked, err) && ask_again(image, &asked[0], &asked[1].status, err) &&
	       pin(image, asked[0].status.digest, err) &&
	       look_at_target(image, &asked[1].status, err);
}

/* A filter gives an index other bytes, so it has another digest. */
static bool check_digest(const struct image *image, const struct narrowed *narrowed,
			 struct error *err)
{
	const char *demanded = image->task->destination.digest;
	if (!narrowed->digest || !demanded || strcmp(narrowed->digest, demanded) == 0)
		return true;
	return error_set(err, ERROR_UNSUPPORTED,
			 "the destination asks for %s, but the platform filter keeps %zu of %zu "
			 "images, which changes the digest of the index: give the destination a "
			 "tag, or remove the filter of this rule",
			 demanded, narrowed->kept, narrowed->total);
}

bool compare_filter(struct image *image, struct error *err)
{
	struct narrowed narrowed;
	bool same = false;
	if (pinned_recognize(image) || !image->filter || hinted_settle(image))
		return pinned_check(image, err);
	if (image->target.held && !image->copier->options.force &&
	    !narrow_recognize(image, &same, err))
		return false;
	if (same) {
		image->wanted = image->target.held;
		return true;
	}
	if (!narrow(image, &narrowed, err))
		return false;
	image->outcome->platforms_kept = narrowed.kept;
	image->outcome->platforms = narrowed.total;
	image->wanted = narrowed.digest;
	return check_digest(image, &narrowed, err) && pinned_check(image, err);
}
