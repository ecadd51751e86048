/* Tasks whose rules say more: policies, platforms, companions. */
#pragma once

#include "test_copy_ways.h"

/* --- policies ------------------------------------------------------------------------------- */

static struct terms *build_change(struct world *world, enum change_policy policy)
{
	copy_index(world->memory, world->from, "v1", "one");
	copy_image(world->memory, world->to, "v1", "old", "amd64", "");
	struct terms *terms = copy_task(world->run, SRC, DST);
	terms->on_change = policy;
	return terms;
}

static void build_overwrite(struct world *world)
{
	build_change(world, CHANGE_OVERWRITE);
}

static void build_change_fail(struct world *world)
{
	build_change(world, CHANGE_FAIL);
}

static void build_change_skip(struct world *world)
{
	build_change(world, CHANGE_SKIP);
}

static void build_retag(struct world *world)
{
	build_change(world, CHANGE_RETAG);
}

/* The name of the tag that RETAG makes. */
static const char *retagged(struct world *world)
{
	const char *digest = map_get(&world->from->tags, STR("v1"));
	return arena_printf(world->memory->arena, "v1-%.12s", digest + 7);
}

static void build_retagged(struct world *world)
{
	build_retag(world);
	const char *digest = map_get(&world->from->tags, STR("v1"));
	const char *old = map_get(&world->to->tags, STR("v1"));
	give(world, digest);
	map_put(&world->to->tags, STR("v1"), (void *)(uintptr_t)old);
	map_put(&world->to->tags, str_of(retagged(world)), (void *)(uintptr_t)digest);
}

static void build_retag_taken(struct world *world)
{
	build_retag(world);
	copy_image(world->memory, world->to, retagged(world), "third", "amd64", "");
}

/* Nothing is there yet, and the policy wants to be sure of that. */
static void build_guarded(struct world *world)
{
	build_index(world);
	((struct terms *)(uintptr_t)rule_terms(world->run->tasks[0].rule))->on_change = CHANGE_FAIL;
}

static void build_guarded_denied(struct world *world)
{
	build_guarded(world);
	world->to->party->denies = true;
}

/* The list of tags has the tag that the target does not show. */
static void build_guarded_hidden(struct world *world)
{
	build_guarded_denied(world);
	map_put(&world->to->tags, STR("v1"),
		(void *)(uintptr_t)map_get(&world->from->tags, STR("v1")));
	copy_image(world->memory, world->to, "v0", "old", "amd64", "");
	world->broken = true;
}

/* A target whose tags may not change refuses the push. */
static void build_fixed(struct world *world)
{
	build_change(world, CHANGE_OVERWRITE);
	world->to->party->fixed = true;
}

static struct platform_filter for_amd64, for_windows, for_both;
static const struct platform both[] = {{.os = {"linux", 5}, .architecture = {"amd64", 5}},
				       {.os = {"linux", 5}, .architecture = {"arm64", 5}}};
static const struct platform windows[] = {{.os = {"windows", 7}}};

static void make_filters(void)
{
	for_amd64 = (struct platform_filter){.platforms = both, .platform_count = 1};
	for_both = (struct platform_filter){.platforms = both, .platform_count = 2};
	for_windows = (struct platform_filter){.platforms = windows, .platform_count = 1};
}

static struct terms *terms_of(struct world *world)
{
	return (struct terms *)(uintptr_t)rule_terms(world->run->tasks[0].rule);
}

static const struct placed name_v1[] = {{.text = "v1"}, {.text = "/^w/"}};
static struct picks v1_or_w = {.items = name_v1, .count = 2};

static void build_held(struct world *world)
{
	build_index(world);
	terms_of(world)->hold = &v1_or_w;
}

/* Neither a list of the source nor a state says how old it is. */
static void build_undated(struct world *world)
{
	build_index(world);
	terms_of(world)->min_age = 60;
}

static void build_released(struct world *world)
{
	build_undated(world);
	terms_of(world)->release = &v1_or_w;
}

static void build_required(struct world *world)
{
	build_nested(world);
	terms_of(world)->required = &for_both;
}

static void build_required_missing(struct world *world)
{
	build_index(world);
	terms_of(world)->required = &for_windows;
}

static void build_required_alone(struct world *world)
{
	build_image(world);
	terms_of(world)->required = &for_both;
}

/* Two images that share their layers, which count once, are just small enough. */
static void build_size(struct world *world)
{
	const struct map *blobs = &world->from->blobs;
	build_index(world);
	for (size_t i = 0; i < blobs->count; i++) {
		const struct memory_content *blob = blobs->entries[i].value;
		terms_of(world)->max_bytes += (int64_t)blob->bytes.len;
	}
}

static void build_size_over(struct world *world)
{
	build_size(world);
	terms_of(world)->max_bytes--;
}

/* Without the other platform it fits. */
static void build_size_filtered(struct world *world)
{
	build_size_over(world);
	terms_of(world)->platforms = &for_amd64;
}

/* --- filters -------------------------------------------------------------------------------- */

static void build_filtered(struct world *world)
{
	build_index(world);
	terms_of(world)->platforms = &for_amd64;
}

static void build_filtered_nested(struct world *world)
{
	build_nested(world);
	terms_of(world)->platforms = &for_amd64;
}

static void build_filtered_all(struct world *world)
{
	build_nested(world);
	terms_of(world)->platforms = &for_both;
}

static void build_filtered_nothing(struct world *world)
{
	build_nested(world);
	terms_of(world)->platforms = &for_windows;
}

static void build_filtered_image(struct world *world)
{
	build_image(world);
	terms_of(world)->platforms = &for_amd64;
}

static void build_filtered_image_out(struct world *world)
{
	build_image(world);
	terms_of(world)->platforms = &for_windows;
}

static void build_filtered_to_digest(struct world *world)
{
	build_to_digest(world);
	terms_of(world)->platforms = &for_amd64;
}

/* The target holds the whole index. */
static void build_filtered_late(struct world *world)
{
	build_in_sync(world);
	terms_of(world)->platforms = &for_amd64;
}

/* The target holds an image that is no index, the source's own. */
static void build_filtered_same(struct world *world)
{
	give(world, copy_image(world->memory, world->from, "v1", "one", "amd64", ""));
	copy_task(world->run, SRC, DST);
	terms_of(world)->platforms = &for_windows;
}

/* What the target holds cannot be read. */
static void build_filtered_damaged(struct world *world)
{
	build_filtered_late(world);
	world->broken = true;
	const char *digest = map_get(&world->to->tags, STR("v1"));
	memory_put_named(world->memory, &world->to->manifests, digest, STR("{"), INDEX_TYPE);
}

/* --- companions ----------------------------------------------------------------------------- */

static const struct companion_filter every = {.all = true};
static const struct companion_filter boms = {.sboms = true};

#define BOM "application/spdx+json"

/* An index with a bill of materials, which is signed itself, and one of cosign's signatures. */
static struct terms *build_accompanied(struct world *world, bool from_api, bool to_api)
{
	struct memory_world *memory = world->memory;
	char tag[COMPANION_TAG_SIZE];
	const char *index = copy_index(memory, world->from, "v1", "one");
	const char *bom = copy_referrer(memory, world->from, index, BOM, "{\"bom\":1}");
	copy_referrer(memory, world->from, bom, "application/vnd.test.note", "{\"note\":1}");
	companion_tag(index, COMPANION_SIG, tag);
	copy_image(memory, world->from, tag, "signature", "amd64", "");
	world->from->party->api = from_api;
	world->to->party->api = world->to->party->subjects = to_api;
	struct terms *terms = copy_task(world->run, SRC, DST);
	terms->companions = &every;
	return terms;
}

/* Keeps the list of referrers of subject under its fallback tag. */
static void list_referrers(struct world *world, struct memory_repository *at, const char *subject,
			   const char *entries)
{
	char tag[COMPANION_TAG_SIZE];
	companion_fallback_tag(subject, tag);
	copy_index_of(world->memory, at, tag, entries, "");
}

static void build_companions(struct world *world)
{
	build_accompanied(world, true, true);
	world->accompanied = true;
}

static void build_companions_to_tags(struct world *world)
{
	build_accompanied(world, true, false);
	world->accompanied = true;
	world->run->verify = true;
}

/* The list at the target names another artifact, which only the target has. */
static void build_companions_listed(struct world *world)
{
	struct memory_world *memory = world->memory;
	build_accompanied(world, true, false);
	const char *index = memory_find(world->from, "v1");
	const struct memory_content *held = memory_read(world->from, index);
	memory_put_named(memory, &world->to->manifests, index, held->bytes, held->type);
	world->kept = copy_referrer(memory, world->to, index, BOM, "{\"theirs\":1}");
	map_put(&world->to->manifests, str_of(index), NULL);
	list_referrers(world, world->to, index, copy_named(memory, world->to, world->kept, ""));
}

static void build_companions_from_tags(struct world *world)
{
	struct memory_world *memory = world->memory;
	const char *digest = NULL;
	build_accompanied(world, false, true);
	const char *index = memory_find(world->from, "v1");
	/* The second manifest from the end but one is the bill of materials. */
	for (size_t i = 0; i < world->from->manifests.count && !digest; i++) {
		const struct memory_content *each = world->from->manifests.entries[i].value;
		if (strstr(each->bytes.at, BOM))
			digest = arena_copy(memory->arena, world->from->manifests.entries[i].key,
					    world->from->manifests.entries[i].len);
	}
	list_referrers(world, world->from, index, copy_named(memory, world->from, digest, ""));
}

/* The list does not say of which type they are. */
static void build_companions_untyped(struct world *world)
{
	build_companions_from_tags(world);
	terms_of(world)->companions = &boms;
}

/* A tag of cosign's names an index, and the image is an index within an index. */
static void build_companions_indexes(struct world *world)
{
	struct memory_world *memory = world->memory;
	char tag[COMPANION_TAG_SIZE];
	const char *inner = copy_index(memory, world->from, NULL, "one");
	const char *index = copy_index_of(memory, world->from, "v1",
					  copy_named(memory, world->from, inner, ""), "");
	companion_tag(index, COMPANION_ATT, tag);
	copy_index(memory, world->from, tag, "attestation");
	world->from->party->api = world->to->party->api = world->to->party->subjects = true;
	copy_task(world->run, SRC, DST)->companions = &every;
}

/* A list of referrers names an artifact that is about something else. */
static void build_companions_misnamed(struct world *world)
{
	build_accompanied(world, false, false);
	const char *index = memory_find(world->from, "v1");
	const char *other = copy_image(world->memory, world->from, NULL, "other", "amd64", "");
	list_referrers(world, world->from, index,
		       copy_named(world->memory, world->from, other, ""));
}

static void build_companions_late(struct world *world)
{
	build_accompanied(world, true, true);
	const char *index = memory_find(world->from, "v1");
	build_in_sync(world);
	world->run->count = 1;
	map_put(&world->to->tags, STR("v1"), (void *)(uintptr_t)index);
	for (size_t i = 0; i < world->to->manifests.count; i++) {
		const struct memory_content *each = world->to->manifests.entries[i].value;
		if (each && strstr(each->bytes.at, "vnd.test.note"))
			map_put(&world->to->manifests,
				(struct str){world->to->manifests.entries[i].key,
					     world->to->manifests.entries[i].len},
				NULL);
	}
}

static void build_companions_dry(struct world *world)
{
	build_accompanied(world, true, true);
	world->run->dry_run = true;
}

static void build_companions_some(struct world *world)
{
	build_accompanied(world, true, true)->companions = &boms;
}

static void build_companions_filtered(struct world *world)
{
	build_accompanied(world, true, true)->platforms = &for_amd64;
}

static void build_companions_none(struct world *world)
{
	build_index(world);
	terms_of(world)->companions = &every;
}

static void build_companions_long(struct world *world)
{
	build_accompanied(world, false, false);
	world->from->party->long_tags = true;
}

/* The fallback tag at the target names something that is no index. */
static void build_companions_blocked(struct world *world)
{
	char tag[COMPANION_TAG_SIZE];
	build_accompanied(world, true, false);
	companion_fallback_tag(memory_find(world->from, "v1"), tag);
	copy_image(world->memory, world->to, tag, "odd", "amd64", "");
}
