/* All tasks in one table, with what comes of each, and what must hold whatever fails. */
#pragma once

#include "test_copy_outside.h"
#include "test_copy_planned.h"

/* --- the world changes ---------------------------------------------------------------------- */

/* The source's tag moves, and what it was is deleted, before the manifest is read. */
static void move_source(struct memory_world *memory, enum memory_op op, unsigned call)
{
	struct world *world = memory->ctx;
	(void)call;
	if (op != MEMORY_GET || memory->each[MEMORY_GET] != 1)
		return;
	const char *old = map_get(&world->from->tags, STR("v1"));
	copy_image(memory, world->from, "v1", "two", "amd64", "");
	map_put(&world->from->manifests, str_of(old), NULL);
}

static void build_moving(struct world *world)
{
	build_image(world);
	world->memory->hook = move_source;
}

/* A layer is gone for good. */
static void build_layer_gone(struct world *world)
{
	build_image(world);
	struct map *blobs = &world->from->blobs;
	map_put(blobs, (struct str){blobs->entries[1].key, blobs->entries[1].len}, NULL);
}

/* Somebody else writes the tag while the image is copied. */
static void write_target(struct memory_world *memory, enum memory_op op, unsigned call)
{
	struct world *world = memory->ctx;
	(void)call;
	if (op == MEMORY_PUT && memory->each[MEMORY_PUT] == 1)
		copy_image(memory, world->to, "v1", "theirs", "amd64", "");
}

static void build_raced(struct world *world)
{
	build_guarded(world);
	world->memory->hook = write_target;
}

/* The tag that is written after the companions. */
static void build_raced_companions(struct world *world)
{
	build_accompanied(world, true, true)->on_change = CHANGE_FAIL;
	world->memory->hook = write_target;
}

static void build_raced_retag(struct world *world)
{
	build_index(world);
	terms_of(world)->on_change = CHANGE_RETAG;
	world->memory->hook = write_target;
}

static void build_planned_raced(struct world *world)
{
	build_planned(world);
	world->memory->hook = write_target;
}

/* The copy takes long, and the source's tag moves meanwhile. */
static void take_long(struct memory_world *memory, enum memory_op op, unsigned call)
{
	struct world *world = memory->ctx;
	(void)call;
	if (op != MEMORY_OFFER || memory->each[MEMORY_OFFER] != 1)
		return;
	atomic_fetch_add(&copy_slept, 20000);
	copy_image(memory, world->from, "v1", "two", "amd64", "");
}

static void build_long(struct world *world)
{
	build_index(world);
	world->memory->hook = take_long;
}

#define WAY(what, how, status, reason, error, again, once)                                         \
	{what, how, status, reason, error, again, once}
/* Copied, and in sync afterwards. */
#define COPIES(what, how, reason)                                                                  \
	WAY(what, how, OUTCOME_COPIED, reason, ERROR_NONE, OUTCOME_SKIPPED, false)
#define COPIES_ONCE(what, how, reason)                                                             \
	WAY(what, how, OUTCOME_COPIED, reason, ERROR_NONE, OUTCOME_SKIPPED, true)
#define SKIPS(what, how, reason)                                                                   \
	WAY(what, how, OUTCOME_SKIPPED, reason, ERROR_NONE, OUTCOME_SKIPPED, false)
/* The same each time. */
#define REPEATS(what, how, status, reason) WAY(what, how, status, reason, ERROR_NONE, status, false)
#define FAILS(what, how, error) WAY(what, how, OUTCOME_FAILED, NULL, error, OUTCOME_FAILED, false)
#define FAILS_ONCE(what, how, error)                                                               \
	WAY(what, how, OUTCOME_FAILED, NULL, error, OUTCOME_FAILED, true)

static const struct scenario scenarios[] = {
	COPIES("an image", build_image, "missing"),
	COPIES("an index", build_index, "missing"),
	SKIPS("in sync", build_in_sync, "in-sync"),
	REPEATS("forced", build_forced, OUTCOME_COPIED, "forced"),
	REPEATS("a dry run", build_dry, OUTCOME_WOULD_COPY, "missing"),
	COPIES("verified", build_verified, "missing"),
	SKIPS("verified in sync", build_verified_in_sync, "in-sync"),
	FAILS("damaged", build_damaged, ERROR_CORRUPT),
	FAILS("lost", build_lost, ERROR_CORRUPT),
	FAILS("absent", build_absent, ERROR_MISSING),
	COPIES("by digest", build_by_digest, "missing"),
	COPIES("to a digest", build_to_digest, "missing"),
	FAILS("to another digest", build_to_other_digest, ERROR_REJECTED),
	COPIES("pinned", build_pinned, "missing"),
	COPIES("pinned, tag gone", build_pinned_gone, "missing"),
	COPIES("listed digests", build_listed, "missing"),
	SKIPS("held", build_held, "held"),
	FAILS("of unknown age", build_undated, ERROR_CONFIG),
	COPIES("released", build_released, "missing"),
	COPIES("an empty blob", build_empty_blob, "missing"),
	COPIES("an index in an index", build_nested, "missing"),
	FAILS("too deep", build_deep, ERROR_UNSUPPORTED),
	COPIES("unknown types", build_untyped, "missing"),
	COPIES("unknown types, verified", build_untyped_verified, "missing"),
	COPIES("half there", build_half, "differs"),
	COPIES("half there, vague", build_half_vague, "differs"),
	FAILS("no such type", build_no_type, ERROR_UNSUPPORTED),
	COPIES("sha512", build_sha512, "missing"),
	SKIPS("a target with sha512", build_target_sha512, "in-sync"),
	COPIES("mounted", build_mounted, "missing"),
	COPIES("not mounted", build_unmounted, "missing"),
	COPIES("two images", build_two, "missing"),
	COPIES("two repositories", build_twice, "missing"),
	COPIES("three destinations", build_fanout, "missing"),
	FAILS("no room", build_full, ERROR_FULL),
	COPIES("a lax registry", build_lax, "missing"),
	COPIES("a lax registry, differs", build_lax_differs, "differs"),
	COPIES("mirrored", build_mirrored, "missing"),
	COPIES("mirrored, damaged", build_mirrored_damaged, "missing"),
	COPIES("bad caches", build_stale, "missing"),
	COPIES("a forgetful registry", build_forgetful, "missing"),
	COPIES("foreign left out", build_left_out, "missing"),
	COPIES("foreign copied", build_foreign_copied, "missing"),
	COPIES("foreign elsewhere", build_foreign_elsewhere, "missing"),
	COPIES("foreign, mounted", build_foreign_mounted, "missing"),
	FAILS("foreign nowhere", build_foreign_nowhere, ERROR_MISSING),
	FAILS("foreign refused", build_foreign_refused, ERROR_REFUSED),
	FAILS("foreign in an index", build_foreign_in_index, ERROR_REFUSED),
	COPIES("nothing foreign", build_foreign_fine, "missing"),
	FAILS("foreign wanted", build_foreign_wanted, ERROR_UNSUPPORTED),
	FAILS("foreign wanted, vaguely", build_foreign_wanted_vaguely, ERROR_UNSUPPORTED),
	COPIES("overwrite", build_overwrite, "differs"),
	FAILS("fail", build_change_fail, ERROR_IMMUTABLE),
	SKIPS("skip", build_change_skip, "differs"),
	COPIES("retag", build_retag, "differs"),
	SKIPS("retagged", build_retagged, "in-sync"),
	FAILS("retag taken", build_retag_taken, ERROR_IMMUTABLE),
	COPIES("guarded", build_guarded, "missing"),
	COPIES("guarded, denied", build_guarded_denied, "missing"),
	FAILS("guarded, hidden", build_guarded_hidden, ERROR_DENIED),
	FAILS("fixed tags", build_fixed, ERROR_IMMUTABLE),
	COPIES("required", build_required, "missing"),
	FAILS("required, missing", build_required_missing, ERROR_PLATFORM),
	FAILS("required, alone", build_required_alone, ERROR_PLATFORM),
	COPIES("size", build_size, "missing"),
	FAILS("size, over", build_size_over, ERROR_REFUSED),
	COPIES("size, filtered", build_size_filtered, "missing"),
	COPIES("filtered", build_filtered, "missing"),
	COPIES("filtered, nested", build_filtered_nested, "missing"),
	COPIES("filtered, all", build_filtered_all, "missing"),
	SKIPS("filtered, nothing", build_filtered_nothing, "no-platform"),
	COPIES("filtered image", build_filtered_image, "missing"),
	SKIPS("filtered image, out", build_filtered_image_out, "no-platform"),
	FAILS("filtered, to a digest", build_filtered_to_digest, ERROR_UNSUPPORTED),
	COPIES("filtered later", build_filtered_late, "differs"),
	SKIPS("filtered, the same", build_filtered_same, "in-sync"),
	COPIES("filtered, damaged", build_filtered_damaged, "differs"),
	COPIES("companions", build_companions, "missing"),
	COPIES("companions to tags", build_companions_to_tags, "missing"),
	COPIES("companions to a list", build_companions_listed, "missing"),
	COPIES("companions from tags", build_companions_from_tags, "missing"),
	COPIES("companions without types", build_companions_untyped, "missing"),
	COPIES("companions, indexes", build_companions_indexes, "missing"),
	COPIES("companions, misnamed", build_companions_misnamed, "missing"),
	COPIES("companions late", build_companions_late, "companions"),
	REPEATS("companions dry", build_companions_dry, OUTCOME_WOULD_COPY, "missing"),
	COPIES("some companions", build_companions_some, "missing"),
	COPIES("companions, filtered", build_companions_filtered, "missing"),
	COPIES("no companions", build_companions_none, "missing"),
	COPIES("companions, many tags", build_companions_long, "missing"),
	FAILS("companions, blocked", build_companions_blocked, ERROR_CORRUPT),
	COPIES("companions outside", build_outside, "missing"),
	COPIES("companions outside, from tags", build_outside_from_tags, "missing"),
	COPIES("companions in both places", build_outside_both, "missing"),
	COPIES("companions outside, filtered", build_outside_filtered, "missing"),
	REPEATS("companions outside, dry", build_outside_dry, OUTCOME_WOULD_COPY, "missing"),
	COPIES("companions outside, late", build_outside_late, "companions"),
	FAILS("demanded, missing", build_demanded_missing, ERROR_REFERRER),
	FAILS("demanded, misnamed", build_demanded_misnamed, ERROR_REFERRER),
	COPIES("signed outside", build_signed_outside, "missing"),
	COPIES("signed", build_signed, "missing"),
	COPIES("signed for it", build_signed_for, "missing"),
	FAILS("signed for another", build_signed_for_other, ERROR_UNSIGNED),
	FAILS("signed by another", build_signed_by_other, ERROR_UNSIGNED),
	FAILS("unsigned", build_unsigned, ERROR_UNSIGNED),
	COPIES("bad bundles", build_bad_bundles, "missing"),
	COPIES_ONCE("moving", build_moving, "missing"),
	FAILS("a layer is gone", build_layer_gone, ERROR_MISSING),
	FAILS_ONCE("raced", build_raced, ERROR_IMMUTABLE),
	FAILS_ONCE("raced, companions", build_raced_companions, ERROR_IMMUTABLE),
	COPIES_ONCE("raced, retag", build_raced_retag, "differs"),
	COPIES_ONCE("long", build_long, "missing"),
	COPIES("planned", build_planned, "missing"),
	COPIES("planned, differs", build_planned_update, "differs"),
	SKIPS("planned, nothing", build_planned_none, "in-sync"),
	FAILS("planned, moved", build_planned_moved, ERROR_MOVED),
	FAILS("planned, moved again", build_planned_moved_again, ERROR_MOVED),
	FAILS("planned, nothing, moved", build_planned_none_moved, ERROR_MOVED),
	FAILS("planned, gone", build_planned_gone, ERROR_MOVED),
	COPIES("planned, overwritten", build_planned_overwritten, "differs"),
	SKIPS("planned, let be", build_planned_let_be, "moved"),
	COPIES("planned, retagged", build_planned_retagged, "differs"),
	SKIPS("planned, skipped", build_planned_skipped, "no-platform"),
	FAILS("planned, refused", build_planned_refused, ERROR_UNSIGNED),
	FAILS("planned, otherwise", build_planned_otherwise, ERROR_REJECTED),
	FAILS_ONCE("planned, raced", build_planned_raced, ERROR_MOVED),
	REPEATS("surveyed", build_surveyed, OUTCOME_WOULD_COPY, "missing"),
	REPEATS("surveyed, foreign", build_surveyed_foreign, OUTCOME_WOULD_COPY, "missing"),
};

/* --- what must hold ------------------------------------------------------------------------- */

static void start(struct world *world, const struct scenario *scenario, unsigned width,
		  struct arena *arena)
{
	memory_start(world->memory);
	world->memory->ctx = world;
	*world->run = (struct copy_run){.world = world->memory, .width = width, .arena = arena};
	world->from = memory_repository(world->memory, "from.test", "app");
	world->to = memory_repository(world->memory, "to.test", "app");
	scenario->build(world);
}

static struct memory_repository *target_of(struct world *world, const struct task *task)
{
	return memory_repository(world->memory, task->destination.host,
				 task->destination.repository);
}

/* Whatever happened: no tag of a target names something incomplete. */
static void check_tags(struct world *world, struct arena *arena, const char *what)
{
	for (size_t i = 0; i < world->run->count && !world->broken; i++) {
		const struct memory_repository *at = target_of(world, &world->run->tasks[i]);
		for (size_t j = 0; j < at->tags.count; j++) {
			const char *digest = at->tags.entries[j].value;
			const char *missing = memory_missing(at, arena, digest, false);
			if (missing)
				fail_msg("%s: the tag %s misses %s", what, at->tags.entries[j].key,
					 missing);
		}
	}
	if (world->memory->violation)
		fail_msg("%s: %s", what, world->memory->violation);
}

/* No client finds the image without its companions. */
static void check_companions(struct world *world, const char *what)
{
	const struct map *all[] = {&world->from->manifests,
				   world->outside ? &world->outside->manifests : NULL};
	bool tagged = world->accompanied && memory_find(world->to, "v1");
	for (size_t j = 0; j < array_count(all); j++)
		for (size_t i = 0; tagged && all[j] && i < all[j]->count; i++)
			if (all[j]->entries[i].value &&
			    !memory_read(world->to, all[j]->entries[i].key))
				fail_msg("%s: the tag is there, but not %s", what,
					 all[j]->entries[i].key);
}

/* Nobody's entry in a list gets lost, unless the registry denies that there is a list. */
static void check_list(struct world *world, const char *what)
{
	char tag[COMPANION_TAG_SIZE];
	if (!world->kept || world->memory->fail_with == ERROR_MISSING)
		return;
	companion_fallback_tag(memory_find(world->from, "v1"), tag);
	const char *list = memory_find(world->to, tag);
	if (!list || !strstr(memory_read(world->to, list)->bytes.at, world->kept))
		fail_msg("%s: the list has lost %s", what, world->kept);
}

/* What is called copied is there, under the tag of the outcome; what failed says why. */
static void check_outcome(struct world *world, const struct task *task,
			  const struct outcome *outcome, const char *what)
{
	const char *tag = outcome->tag ? outcome->tag : reference_target(&task->destination);
	if (outcome->status == OUTCOME_FAILED) {
		if (!outcome->error_text || !*outcome->error_text || !outcome->error_kind)
			fail_msg("%s: it failed without a word", what);
		return;
	}
	if (!outcome->reason)
		fail_msg("%s: no reason", what);
	if (outcome->status == OUTCOME_COPIED && !memory_find(target_of(world, task), tag))
		fail_msg("%s: copied, but %s is not there", what, tag);
}

static void check(struct world *world, const char *what)
{
	scoped(arena_free) struct arena *arena = arena_new();
	for (size_t i = 0; i < world->run->count; i++)
		check_outcome(world, &world->run->tasks[i], &world->run->outcomes[i], what);
	check_tags(world, arena, what);
	check_companions(world, what);
	check_list(world, what);
}

/* The digest that the first task's destination holds in the end; NULL: none. */
static inline const char *result(struct world *world, struct arena *arena)
{
	const struct task *task = &world->run->tasks[0];
	const struct outcome *outcome = &world->run->outcomes[0];
	const char *tag = outcome->tag ? outcome->tag : reference_target(&task->destination);
	const char *digest = memory_find(target_of(world, task), tag);
	return digest ? arena_string(arena, digest) : NULL;
}

static inline void expect(const struct scenario *scenario, const struct outcome *outcome,
			  enum outcome_status status, const char *what)
{
	if (outcome->status != status)
		fail_msg("%s, %s: status %d and not %d: %s", scenario->name, what, outcome->status,
			 status, outcome->error_text ? outcome->error_text : outcome->reason);
}
