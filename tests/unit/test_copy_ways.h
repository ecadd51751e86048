/*
 * Tasks of all kinds, each with the world that it finds: images and indexes, blobs that are there
 * or not, foreign layers. test_copy_terms.h has those that are about the terms of a rule.
 */
#pragma once

#include "test_copy_fixture.h"

#define SRC "from.test/app:v1"
#define DST "to.test/app:v1"

struct world {
	struct memory_world *memory;
	struct copy_run *run;
	struct memory_repository *from, *to;
	bool broken;      /* the target was before anything happened */
	const char *kept; /* a list of referrers at the target keeps this one; NULL: no list */
	bool accompanied; /* all manifests of the source come before the tag, */
	struct memory_repository *outside; /* and those of this repository; NULL: there is none */
};

/* A task, and what comes of it when nothing fails. */
struct scenario {
	const char *name;
	void (*build)(struct world *world);
	enum outcome_status status;
	const char *reason;        /* NULL: any */
	enum error_kind error;     /* with OUTCOME_FAILED */
	enum outcome_status again; /* of a second run */
	bool once; /* what it looks at changes on the way, so a second run is another story */
};
/* --- the ordinary ways ---------------------------------------------------------------------- */

static void build_image(struct world *world)
{
	copy_image(world->memory, world->from, "v1", "one", "amd64", "");
	copy_task(world->run, SRC, DST);
}

static void build_index(struct world *world)
{
	copy_index(world->memory, world->from, "v1", "one");
	copy_task(world->run, SRC, DST);
}

/* The manifest and all below it, as they are at the source. */
static void give(struct world *world, const char *digest)
{
	struct map *into[] = {&world->to->manifests, &world->to->blobs};
	struct map *from[] = {&world->from->manifests, &world->from->blobs};
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < from[i]->count; j++) {
			const struct map_entry *each = &from[i]->entries[j];
			map_put(into[i], (struct str){each->key, each->len}, each->value);
		}
	map_put(&world->to->tags, STR("v1"), (void *)(uintptr_t)digest);
}

static void build_in_sync(struct world *world)
{
	give(world, copy_index(world->memory, world->from, "v1", "one"));
	copy_task(world->run, SRC, DST);
}

static void build_forced(struct world *world)
{
	build_in_sync(world);
	world->run->force = true;
}

static void build_dry(struct world *world)
{
	build_index(world);
	world->run->dry_run = true;
}

static void build_verified(struct world *world)
{
	build_index(world);
	world->run->verify = true;
}

static void build_verified_in_sync(struct world *world)
{
	build_in_sync(world);
	world->run->verify = true;
}

/* The target answers with a digest, but has other bytes under it. */
static void build_damaged(struct world *world)
{
	build_in_sync(world);
	world->broken = world->run->verify = true;
	struct memory_content *wrong = memory_keep(world->memory, STR("wrong"), "");
	struct map *blobs = &world->to->blobs;
	map_put(blobs, (struct str){blobs->entries[0].key, blobs->entries[0].len}, wrong);
}

/* It lists a child that is not there at all. */
static void build_lost(struct world *world)
{
	build_in_sync(world);
	world->broken = world->run->verify = true;
	struct map *manifests = &world->to->manifests;
	map_put(manifests, (struct str){manifests->entries[0].key, manifests->entries[0].len},
		NULL);
}

static void build_absent(struct world *world)
{
	copy_image(world->memory, world->from, "v2", "one", "amd64", "");
	copy_task(world->run, SRC, DST);
}

static void build_by_digest(struct world *world)
{
	const char *digest = copy_index(world->memory, world->from, "v1", "one");
	copy_task(world->run, arena_printf(world->memory->arena, "from.test/app@%s", digest), DST);
}

static void build_to_digest(struct world *world)
{
	const char *digest = copy_index(world->memory, world->from, "v1", "one");
	copy_task(world->run, SRC, arena_printf(world->memory->arena, "to.test/app@%s", digest));
}

static void build_to_other_digest(struct world *world)
{
	build_index(world);
	world->run->count = 0;
	copy_task(world->run, SRC,
		  "to.test/app@sha256:"
		  "1111111111111111111111111111111111111111111111111111111111111111");
}

/* The tag beside a digest has gone on to another image. */
static void build_pinned(struct world *world)
{
	build_by_digest(world);
	copy_image(world->memory, world->from, "v1", "two", "amd64", "");
	((struct terms *)(uintptr_t)rule_terms(world->run->tasks[0].rule))->pinned_tag = "v1";
}

static void build_pinned_gone(struct world *world)
{
	build_by_digest(world);
	((struct terms *)(uintptr_t)rule_terms(world->run->tasks[0].rule))->pinned_tag = "v9";
}

/* Digests of tags that came with a list. */
static void build_listed(struct world *world)
{
	build_index(world);
	world->from->party->lists = world->to->party->lists = true;
}

static void build_empty_blob(struct world *world)
{
	const char *layer = copy_layer(world->memory, world->from, LAYER_TYPE, "x", 0, "");
	const char *config = copy_config(world->memory, world->from, "linux", "amd64");
	const char *text =
		arena_printf(world->memory->arena,
			     "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}", config, layer);
	memory_manifest(world->memory, world->from, text, IMAGE_TYPE, "v1");
	copy_task(world->run, SRC, DST);
}

/* --- indexes of all kinds ------------------------------------------------------------------- */

static void build_nested(struct world *world)
{
	struct memory_world *memory = world->memory;
	const char *inner = copy_index(memory, world->from, NULL, "one");
	copy_index_of(memory, world->from, "v1", copy_named(memory, world->from, inner, ""), "");
	copy_task(world->run, SRC, DST);
}

/* An index within an index, nine times. */
static void build_deep(struct world *world)
{
	struct memory_world *memory = world->memory;
	const char *inner = copy_index(memory, world->from, NULL, "one");
	for (int i = 0; i < MANIFEST_DEPTH_MAX + 1; i++)
		inner = copy_index_of(memory, world->from, "v1",
				      copy_named(memory, world->from, inner, ""), "");
	copy_task(world->run, SRC, DST);
}

/* Entries of unknown types: one is a manifest, the other, and the layer, are blobs. */
static void build_untyped(struct world *world)
{
	struct memory_world *memory = world->memory;
	const char *image = copy_image(memory, world->from, NULL, "one", "amd64", "");
	const char *entries = arena_printf(
		memory->arena, "%s,%s,%s",
		copy_descriptor(memory, "application/x.unknown", image,
				memory_read(world->from, image)->bytes.len, ""),
		copy_layer(memory, world->from, "application/x.cache", "cache", 500, ""),
		copy_layer(memory, world->from, LAYER_TYPE, "layer", 700, ""));
	copy_index_of(memory, world->from, "v1", entries, "");
	copy_task(world->run, SRC, DST);
}

static void build_untyped_verified(struct world *world)
{
	build_untyped(world);
	world->run->verify = true;
}

/* The target has a child of the index, but nothing of what it names. */
static void build_half(struct world *world)
{
	build_index(world);
	const struct map *all = &world->from->manifests;
	for (size_t i = 0; i < 2; i++)
		map_put(&world->to->manifests,
			(struct str){all->entries[i].key, all->entries[i].len},
			all->entries[i].value);
	copy_image(world->memory, world->to, "v1", "old", "amd64", "");
}

static void build_half_vague(struct world *world)
{
	build_half(world);
	world->to->party->vague = true;
}

static void build_no_type(struct world *world)
{
	build_index(world);
	world->to->party->no_type = INDEX_TYPE;
}

/* The repository knows what v1 names by another algorithm. */
static void rename_digest(struct world *world, struct memory_repository *at)
{
	struct digest_hash hash;
	char text[DIGEST_TEXT_SIZE];
	struct memory_content *content = memory_read(at, memory_find(at, "v1"));
	digest_start(&hash, STR("sha512:"));
	digest_update(&hash, content->bytes.at, content->bytes.len);
	digest_finish(&hash, text);
	memory_put_named(world->memory, &at->manifests, text, content->bytes, content->type);
	map_put(&at->tags, STR("v1"), arena_string(world->memory->arena, text));
}

static void build_target_sha512(struct world *world)
{
	build_in_sync(world);
	rename_digest(world, world->to);
}

static void build_sha512(struct world *world)
{
	build_image(world);
	rename_digest(world, world->from);
}

/* --- blobs ---------------------------------------------------------------------------------- */

/* Source and destination are one registry. */
static void build_mounted(struct world *world)
{
	build_index(world);
	world->run->count = 0;
	copy_task(world->run, SRC, "from.test/copy:v1");
	world->to = memory_repository(world->memory, "from.test", "copy");
}

static void build_unmounted(struct world *world)
{
	build_mounted(world);
	world->from->party->unmounted = true;
}

/* Two images of one registry share a layer. */
static void build_two(struct world *world)
{
	build_image(world);
	copy_image(world->memory, memory_repository(world->memory, "from.test", "other"), "v1",
		   "two", "amd64", "");
	copy_task(world->run, "from.test/other:v1", "to.test/other:v1");
}

/* Two repositories of a registry get the same index; each needs its images for itself. */
static void build_twice(struct world *world)
{
	build_index(world);
	copy_task(world->run, SRC, "to.test/other:v1");
	world->to->party->lax = true;
}

/* One source, three destinations at two registries. */
static void build_fanout(struct world *world)
{
	build_index(world);
	copy_task(world->run, SRC, "too.test/app:v1");
	copy_task(world->run, SRC, "to.test/app:v2");
}

static void build_full(struct world *world)
{
	build_two(world);
	world->to->party->full = true;
}

static void build_lax(struct world *world)
{
	build_nested(world);
	world->to->party->lax = true;
}

/* The target holds another image, so it is asked for each child. */
static void build_lax_differs(struct world *world)
{
	build_lax(world);
	copy_image(world->memory, world->to, "v1", "old", "amd64", "");
}

/* A mirror has all of it. */
static void build_mirrored(struct world *world)
{
	build_index(world);
	world->from->party->mirror = "near.test";
	struct memory_repository *near = memory_repository(world->memory, "near.test", "app");
	copy_index(world->memory, near, "v1", "one");
}

/* The blobs of the mirror are of the right size, and wrong. */
static void build_mirrored_damaged(struct world *world)
{
	build_mirrored(world);
	struct map *blobs = &memory_repository(world->memory, "near.test", "app")->blobs;
	for (size_t i = 0; i < blobs->count; i++)
		((char *)(uintptr_t)((struct memory_content *)blobs->entries[i].value)
			 ->bytes.at)[0] ^= 1;
}

/* What caches have is damaged, on both sides. */
static void build_stale(struct world *world)
{
	build_index(world);
	world->from->party->stale = world->to->party->stale = world->run->verify = true;
}

static void build_forgetful(struct world *world)
{
	build_image(world);
	world->to->party->forgets = world->from->party->whole = true;
}

/* --- foreign layers ------------------------------------------------------------------------- */

static struct terms *build_foreign(struct world *world, bool held, const char *more)
{
	struct memory_world *memory = world->memory;
	const char *config = copy_config(memory, world->from, "windows", "amd64");
	const char *foreign = copy_layer(memory, world->from, FOREIGN_TYPE, "base", 3000, more);
	const char *own = copy_layer(memory, world->from, LAYER_TYPE, "own", 1000, "");
	const char *text =
		arena_printf(memory->arena,
			     "{\"schemaVersion\":2,\"mediaType\":\"" IMAGE_TYPE "\",\"config\":%s,"
			     "\"layers\":[%s,%s]}",
			     config, foreign, own);
	struct map *blobs = &world->from->blobs;
	const struct map_entry *layer = &blobs->entries[1];
	map_put(&memory->elsewhere, STR("https://there.test/layer"), layer->value);
	if (!held)
		map_put(blobs, (struct str){layer->key, layer->len}, NULL);
	memory_manifest(memory, world->from, text, IMAGE_TYPE, "v1");
	return copy_task(world->run, SRC, DST);
}

#define URLS ",\"urls\":[\"https://nowhere.test/layer\",\"https://there.test/layer\"]"

static void build_left_out(struct world *world)
{
	build_foreign(world, true, URLS);
	world->run->verify = true;
}

static void build_foreign_copied(struct world *world)
{
	build_foreign(world, true, URLS)->foreign = FOREIGN_COPY;
	world->run->verify = true;
}

static void build_foreign_elsewhere(struct world *world)
{
	build_foreign(world, false, URLS)->foreign = FOREIGN_COPY;
}

/* The registry of both serves an image whose foreign layer it does not hold. */
static void build_foreign_mounted(struct world *world)
{
	build_foreign(world, false, URLS);
	world->run->count = 0;
	copy_task(world->run, SRC, "from.test/copy:v1")->foreign = FOREIGN_COPY;
	world->to = memory_repository(world->memory, "from.test", "copy");
}

static void build_foreign_nowhere(struct world *world)
{
	build_foreign(world, false, "")->foreign = FOREIGN_COPY;
}

static void build_foreign_refused(struct world *world)
{
	build_foreign(world, true, URLS)->foreign = FOREIGN_FAIL;
}

/* The same in an index, where it is found before anything is written. */
static void build_foreign_in_index(struct world *world)
{
	build_foreign(world, true, URLS)->foreign = FOREIGN_FAIL;
	const char *image = memory_find(world->from, "v1");
	copy_index_of(world->memory, world->from, "v1",
		      copy_named(world->memory, world->from, image, ""), "");
}

static void build_foreign_fine(struct world *world)
{
	build_index(world);
	((struct terms *)(uintptr_t)rule_terms(world->run->tasks[0].rule))->foreign = FOREIGN_FAIL;
}

static void build_foreign_wanted(struct world *world)
{
	build_foreign(world, true, URLS);
	world->to->party->strict = true;
}

static void build_foreign_wanted_vaguely(struct world *world)
{
	build_foreign_wanted(world);
	world->to->party->vague = true;
}
