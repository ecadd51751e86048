/* Tasks whose companions are in another repository as well, and those that demand companions. */
#pragma once

#include "test_copy_signatures.h"

static struct terms *open_outside(struct world *world, bool api)
{
	world->outside = memory_repository(world->memory, "proofs.test", "all/app");
	world->outside->party->api = api;
	struct terms *terms = terms_of(world);
	terms->referrers_from = "proofs.test/all/{path}";
	return terms;
}

/* A referrer outside of what the source has. */
static const char *refer_outside(struct world *world, const char *subject, const char *type)
{
	struct map *manifests = &world->outside->manifests;
	const struct memory_content *held = memory_read(world->from, subject);
	memory_put_named(world->memory, manifests, subject, held->bytes, held->type);
	const char *document = arena_printf(world->memory->arena, "{\"of\":\"%s\"}", type);
	const char *digest = copy_referrer(world->memory, world->outside, subject, type, document);
	map_put(manifests, str_of(subject), NULL);
	return digest;
}

/* Of an index, a bill of materials and a signature of cosign's are outside, a note is not. */
static struct terms *build_split(struct world *world, bool api)
{
	struct memory_world *memory = world->memory;
	char tag[COMPANION_TAG_SIZE];
	const char *index = copy_index(memory, world->from, "v1", "one");
	copy_referrer(memory, world->from, index, "application/vnd.test.note", "{\"note\":1}");
	world->from->party->api = true;
	copy_task(world->run, SRC, DST);
	struct terms *terms = open_outside(world, api);
	const char *bom = refer_outside(world, index, BOM);
	if (!api)
		list_referrers(world, world->outside, index,
			       copy_named(memory, world->outside, bom, ""));
	companion_tag(index, COMPANION_SIG, tag);
	copy_image(memory, world->outside, tag, "signature", "amd64", "");
	terms->companions = &every;
	terms->demanded = &boms;
	world->accompanied = api;
	return terms;
}

static void build_outside(struct world *world)
{
	build_split(world, true);
}

static void build_outside_from_tags(struct world *world)
{
	build_split(world, false);
}

/* Of one tag of cosign's there are two, the other place's is left out. */
static void build_outside_both(struct world *world)
{
	char tag[COMPANION_TAG_SIZE];
	build_split(world, true);
	const char *index = memory_find(world->from, "v1");
	companion_tag(index, COMPANION_SIG, tag);
	copy_image(world->memory, world->from, tag, "own signature", "amd64", "");
	copy_referrer(world->memory, world->from, index, BOM, "{\"of\":\"" BOM "\"}");
	world->accompanied = false;
}

static void build_outside_filtered(struct world *world)
{
	struct terms *terms = build_split(world, true);
	terms->platforms = &for_amd64;
	terms->demanded = NULL;
	world->accompanied = false;
}

static void build_outside_dry(struct world *world)
{
	build_split(world, true);
	world->run->dry_run = true;
}

/* The target has the image, which is not judged. */
static void build_outside_late(struct world *world)
{
	build_split(world, true);
	give(world, memory_find(world->from, "v1"));
	world->accompanied = false;
}

static void build_demanded_missing(struct world *world)
{
	static const struct companion_filter both_kinds = {.signatures = true, .sboms = true};
	static const struct str type = STR("application/vnd.test.note");
	static struct companion_filter more;
	more = both_kinds;
	more.types[more.type_count++] = type;
	build_split(world, true)->demanded = &more;
	map_put(&world->outside->manifests,
		str_of(refer_outside(world, memory_find(world->from, "v1"), BOM)), NULL);
}

/* What the list calls a bill of materials is about another image. */
static void build_demanded_misnamed(struct world *world)
{
	const char *index = copy_index(world->memory, world->from, "v1", "one");
	const char *other = copy_image(world->memory, world->from, NULL, "other", "amd64", "");
	copy_task(world->run, SRC, DST);
	struct terms *terms = open_outside(world, false);
	const char *bom = refer_outside(world, other, BOM);
	list_referrers(
		world, world->outside, index,
		copy_named(world->memory, world->outside, bom, ",\"artifactType\":\"" BOM "\""));
	terms->companions = terms->demanded = &boms;
}

/* The signature is in another repository than the image. */
static void build_signed_outside(struct world *world)
{
	build_image(world);
	terms_of(world)->signer = &signer;
	open_outside(world, false);
	struct memory_repository *from = world->from;
	const char *digest = memory_find(from, "v1");
	const struct memory_content *held = memory_read(from, digest);
	memory_put_named(world->memory, &world->outside->manifests, digest, held->bytes,
			 held->type);
	map_put(&world->outside->tags, STR("v1"), (void *)(uintptr_t)digest);
	world->from = world->outside;
	add_signature(world, 1, "from.test/app");
	world->from = from;
}
