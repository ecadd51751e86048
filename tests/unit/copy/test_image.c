/*
 * The way of an image, from the comparison to the tag, in memory: what comes of each kind of task,
 * and what comes of it when any one call of a store fails.
 */
#include "test_copy_fixture.h"

#include "oci/filter.h"

#include <bearssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SRC "from.test/app:v1"
#define DST "to.test/app:v1"

/* Threads that copy, and the part of the faults that each call meets. */
#ifdef __SANITIZE_THREAD__
enum { WIDTH = 4, STEP = 31 };
#else
enum { WIDTH = 1, STEP = 4 };
#endif

struct world {
	struct memory_world *memory;
	struct copy_run *run;
	struct memory_repository *from, *to;
	bool broken; /* the target was before anything happened */
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
	((struct rule *)(uintptr_t)world->run->tasks[0].rule)->terms.pinned_tag = "v1";
}

static void build_pinned_gone(struct world *world)
{
	build_by_digest(world);
	((struct rule *)(uintptr_t)world->run->tasks[0].rule)->terms.pinned_tag = "v9";
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

/* The source knows its image by another algorithm. */
static void build_sha512(struct world *world)
{
	struct digest_hash hash;
	char text[DIGEST_TEXT_SIZE];
	const char *digest = copy_image(world->memory, world->from, "v1", "one", "amd64", "");
	struct memory_content *content = memory_read(world->from, digest);
	digest_start(&hash, STR("sha512:"));
	digest_update(&hash, content->bytes.at, content->bytes.len);
	digest_finish(&hash, text);
	memory_put_named(world->memory, &world->from->manifests, text, content->bytes,
			 content->type);
	map_put(&world->from->tags, STR("v1"), arena_string(world->memory->arena, text));
	copy_task(world->run, SRC, DST);
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
	((struct rule *)(uintptr_t)world->run->tasks[0].rule)->terms.foreign = FOREIGN_FAIL;
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
	((struct rule *)(uintptr_t)world->run->tasks[0].rule)->terms.on_change = CHANGE_FAIL;
}

static void build_guarded_denied(struct world *world)
{
	build_guarded(world);
	world->to->party->denies = true;
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
	return &((struct rule *)(uintptr_t)world->run->tasks[0].rule)->terms;
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
}

static void build_companions_to_tags(struct world *world)
{
	build_accompanied(world, true, false);
	world->run->verify = true;
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

/* --- signatures ----------------------------------------------------------------------------- */

/* The private key 1: whoever wants to sign these images may. */
static unsigned char secret[32] = {[31] = 1};
static struct signer signer, stranger;

static void make_signer(struct signer *out, unsigned char number)
{
	secret[31] = number;
	const br_ec_private_key key = {BR_EC_secp256r1, secret, sizeof(secret)};
	unsigned char buffer[BR_EC_KBUF_PUB_MAX_SIZE];
	br_ec_public_key public;
	assert_int_equal(br_ec_compute_pub(br_ec_get_default(), &public, buffer, &key),
			 PUBLIC_KEY_POINT_SIZE);
	*out = (struct signer){.key = {.place = "key.pub"}};
	memcpy(out->key.point, public.q, public.qlen);
}

/* The signature of text by the key with that number, in base64. */
static const char *sign(struct arena *arena, struct str text, unsigned char number)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char hash[32], bytes[96] = {0};
	br_sha256_context sha;
	secret[31] = number;
	const br_ec_private_key key = {BR_EC_secp256r1, secret, sizeof(secret)};
	br_sha256_init(&sha);
	br_sha256_update(&sha, text.at, text.len);
	br_sha256_out(&sha, hash);
	size_t len =
		br_ecdsa_i31_sign_asn1(br_ec_get_default(), &br_sha256_vtable, hash, &key, bytes);
	char *out = arena_alloc(arena, 200);
	for (size_t i = 0, at = 0; i < len; i += 3) {
		unsigned group = (unsigned)(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
		for (size_t j = 0; j < 4; j++)
			out[at++] = i + j <= len ? letters[group >> (18 - 6 * j) & 63] : '=';
	}
	return out;
}

/* One of cosign's signatures by the key with that number, for the repository named. */
static void add_signature(struct world *world, unsigned char number, const char *repository)
{
	struct memory_world *memory = world->memory;
	char tag[COMPANION_TAG_SIZE];
	const char *digest = memory_find(world->from, "v1");
	const char *text =
		arena_printf(memory->arena,
			     "{\"critical\":{\"identity\":{\"docker-reference\":\"%s\"},\"image\":"
			     "{\"docker-manifest-digest\":\"%s\"},"
			     "\"type\":\"cosign container image signature\"},\"optional\":null}",
			     repository, digest);
	const char *layer = copy_descriptor(
		memory, "application/vnd.dev.cosign.simplesigning.v1+json",
		memory_blob(memory, world->from, str_of(text)), strlen(text),
		arena_printf(memory->arena,
			     ",\"annotations\":{\"dev.cosignproject.cosign/signature\":\"%s\"}",
			     sign(memory->arena, str_of(text), number)));
	const char *config = copy_config(memory, world->from, "", "");
	companion_tag(digest, COMPANION_SIG, tag);
	memory_manifest(memory, world->from,
			arena_printf(memory->arena,
				     "{\"schemaVersion\":2,\"mediaType\":\"" IMAGE_TYPE "\","
				     "\"config\":%s,\"layers\":[%s]}",
				     config, layer),
			IMAGE_TYPE, tag);
}

static void build_signed(struct world *world)
{
	build_image(world);
	add_signature(world, 1, "from.test/app");
	terms_of(world)->signer = &signer;
}

static void build_signed_for(struct world *world)
{
	build_signed(world);
	static struct signer named;
	named = signer;
	named.source = true;
	terms_of(world)->signer = &named;
}

static void build_signed_for_other(struct world *world)
{
	build_image(world);
	add_signature(world, 1, "from.test/other");
	static struct signer named;
	named = signer;
	named.source = true;
	terms_of(world)->signer = &named;
}

static void build_signed_by_other(struct world *world)
{
	build_signed(world);
	terms_of(world)->signer = &stranger;
}

static void build_unsigned(struct world *world)
{
	build_image(world);
	terms_of(world)->signer = &signer;
}

/* A bundle among the referrers that cannot be read, and one that is about something else. */
static void build_bad_bundles(struct world *world)
{
	const char *bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
	build_signed(world);
	world->from->party->api = true;
	const char *digest = memory_find(world->from, "v1");
	copy_referrer(world->memory, world->from, digest, bundle, "{}");
	copy_referrer(world->memory, world->from, digest, BOM, "{}");
}

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

static void build_raced_retag(struct world *world)
{
	build_index(world);
	terms_of(world)->on_change = CHANGE_RETAG;
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
	COPIES("an empty blob", build_empty_blob, "missing"),
	COPIES("an index in an index", build_nested, "missing"),
	FAILS("too deep", build_deep, ERROR_UNSUPPORTED),
	COPIES("unknown types", build_untyped, "missing"),
	COPIES("unknown types, verified", build_untyped_verified, "missing"),
	COPIES("half there", build_half, "differs"),
	COPIES("half there, vague", build_half_vague, "differs"),
	FAILS("no such type", build_no_type, ERROR_UNSUPPORTED),
	COPIES("sha512", build_sha512, "missing"),
	COPIES("mounted", build_mounted, "missing"),
	COPIES("not mounted", build_unmounted, "missing"),
	COPIES("two images", build_two, "missing"),
	COPIES("three destinations", build_fanout, "missing"),
	FAILS("no room", build_full, ERROR_FULL),
	COPIES("a lax registry", build_lax, "missing"),
	COPIES("a forgetful registry", build_forgetful, "missing"),
	COPIES("foreign left out", build_left_out, "missing"),
	COPIES("foreign copied", build_foreign_copied, "missing"),
	COPIES("foreign elsewhere", build_foreign_elsewhere, "missing"),
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
	FAILS("fixed tags", build_fixed, ERROR_IMMUTABLE),
	COPIES("required", build_required, "missing"),
	FAILS("required, missing", build_required_missing, ERROR_PLATFORM),
	FAILS("required, alone", build_required_alone, ERROR_PLATFORM),
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
	COPIES("companions from tags", build_companions_from_tags, "missing"),
	COPIES("companions, misnamed", build_companions_misnamed, "missing"),
	COPIES("companions late", build_companions_late, "companions"),
	REPEATS("companions dry", build_companions_dry, OUTCOME_WOULD_COPY, "missing"),
	COPIES("some companions", build_companions_some, "missing"),
	COPIES("companions, filtered", build_companions_filtered, "missing"),
	COPIES("no companions", build_companions_none, "missing"),
	COPIES("companions, many tags", build_companions_long, "missing"),
	FAILS("companions, blocked", build_companions_blocked, ERROR_CORRUPT),
	COPIES("signed", build_signed, "missing"),
	COPIES("signed for it", build_signed_for, "missing"),
	FAILS("signed for another", build_signed_for_other, ERROR_UNSIGNED),
	FAILS("signed by another", build_signed_by_other, ERROR_UNSIGNED),
	FAILS("unsigned", build_unsigned, ERROR_UNSIGNED),
	COPIES("bad bundles", build_bad_bundles, "missing"),
	COPIES_ONCE("moving", build_moving, "missing"),
	FAILS("a layer is gone", build_layer_gone, ERROR_MISSING),
	FAILS_ONCE("raced", build_raced, ERROR_IMMUTABLE),
	COPIES_ONCE("raced, retag", build_raced_retag, "differs"),
	COPIES_ONCE("long", build_long, "missing"),
};

/* --- what must hold ------------------------------------------------------------------------- */

static void start(struct world *world, const struct scenario *scenario, struct arena *arena)
{
	memory_start(world->memory);
	world->memory->ctx = world;
	*world->run = (struct copy_run){.world = world->memory, .width = WIDTH, .arena = arena};
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
}

/* The digest that the first task's destination holds in the end; NULL: none. */
static const char *result(struct world *world, struct arena *arena)
{
	const struct task *task = &world->run->tasks[0];
	const struct outcome *outcome = &world->run->outcomes[0];
	const char *tag = outcome->tag ? outcome->tag : reference_target(&task->destination);
	const char *digest = memory_find(target_of(world, task), tag);
	return digest ? arena_string(arena, digest) : NULL;
}

static void expect(const struct scenario *scenario, const struct outcome *outcome,
		   enum outcome_status status, const char *what)
{
	if (outcome->status != status)
		fail_msg("%s, %s: status %d and not %d: %s", scenario->name, what, outcome->status,
			 status, outcome->error_text ? outcome->error_text : outcome->reason);
}

/* Each scenario once, and a second time on what the first has left. */
static void test_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(scenarios); i++) {
		const struct scenario *scenario = &scenarios[i];
		scoped(arena_free) struct arena *arena = arena_new();
		struct memory_world memory;
		struct copy_run run;
		struct world world = {.memory = &memory, .run = &run};
		start(&world, scenario, arena);
		copy_run(&run);
		expect(scenario, &run.outcomes[0], scenario->status, "first");
		if (scenario->reason)
			assert_string_equal(run.outcomes[0].reason, scenario->reason);
		if (scenario->status == OUTCOME_FAILED)
			assert_int_equal(run.outcomes[0].error_kind, scenario->error);
		check(&world, scenario->name);
		assert_int_equal(memory.open, 0);
		memory.hook = NULL;
		copy_run(&run);
		if (!scenario->once)
			expect(scenario, &run.outcomes[0], scenario->again, "again");
		check(&world, scenario->name);
		memory_finish(&memory);
	}
}

/* --- one call fails ------------------------------------------------------------------------- */

/* How one call fails. */
struct fault {
	enum error_kind kind;
	bool late, on;
};

static const struct fault faults[] = {
	{ERROR_DENIED, false, false},      {ERROR_MISSING, false, false},
	{ERROR_NETWORK, false, false},     {ERROR_NETWORK, true, false},
	{ERROR_UNAVAILABLE, false, true},  {ERROR_UNREACHABLE, false, true},
	{ERROR_CORRUPT, false, false},     {ERROR_MEMORY, false, false},
	{ERROR_LIMITED, false, false},     {ERROR_CANCELED, false, false},
	{ERROR_CANCELED, true, false},     {ERROR_FULL, false, false},
	{ERROR_IMMUTABLE, false, false},   {ERROR_REJECTED, false, false},
	{ERROR_UNSUPPORTED, false, false},
};

/* A run in which the call with that number fails. False: there was none. */
static bool run_with(const struct scenario *scenario, const struct fault *fault, unsigned call,
		     const char *wanted)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct memory_world memory;
	struct copy_run run;
	struct world world = {.memory = &memory, .run = &run};
	char what[160];
	start(&world, scenario, arena);
	memory.fail_at = call;
	memory.fail_with = fault->kind;
	memory.fail_late = fault->late;
	memory.fail_on = fault->on;
	copy_run(&run);
	bool failed = memory.has_failed;
	snprintf(what, sizeof(what), "%s, call %u of kind %d fails with %d%s%s", scenario->name,
		 call, (int)memory.failed, (int)fault->kind, fault->late ? " late" : "",
		 fault->on ? " for good" : "");
	check(&world, what);
	/* What a dead target has open cannot be given up. */
	if (memory.open && fault->kind != ERROR_UNREACHABLE)
		fail_msg("%s: %u uploads stay open", what, memory.open);
	/* Nothing stands in the way of the next run. */
	memory.fail_at = 0;
	memory.has_failed = false;
	memory.hook = NULL;
	copy_run(&run);
	check(&world, what);
	if (!scenario->once && scenario->status != OUTCOME_FAILED) {
		if (run.outcomes[0].status == OUTCOME_FAILED)
			fail_msg("%s: the next run fails, too: %s", what,
				 run.outcomes[0].error_text);
		const char *got = result(&world, arena);
		if (wanted && (!got || strcmp(got, wanted) != 0))
			fail_msg("%s: the next run leaves %s and not %s", what,
				 got ? got : "nothing", wanted);
	}
	memory_finish(&memory);
	return failed;
}

/* What the scenario leaves when nothing fails. */
static const char *clean_result(const struct scenario *scenario, struct arena *arena)
{
	struct memory_world memory;
	struct copy_run run;
	struct world world = {.memory = &memory, .run = &run};
	start(&world, scenario, arena);
	copy_run(&run);
	const char *wanted = result(&world, arena);
	memory_finish(&memory);
	return wanted;
}

/*
 * Every call fails, each in some of the ways, which change from call to call; with EVERY_FAULT in
 * the environment in all of them, which takes minutes.
 */
static void test_each_call_fails(void **state)
{
	const size_t step = getenv("EVERY_FAULT") ? 1 : STEP;
	(void)state;
	for (size_t i = 0; i < array_count(scenarios); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		const char *wanted = clean_result(&scenarios[i], arena);
		bool failed = true;
		for (unsigned call = 1; failed; call++)
			for (size_t j = (call + i) % step; j < array_count(faults); j += step)
				failed = run_with(&scenarios[i], &faults[j], call, wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_each_call_fails),
	};
	FILE *nowhere = fopen("/dev/null", "w");
	log_open(nowhere, LOG_DEBUG);
	make_filters();
	make_signer(&signer, 1);
	make_signer(&stranger, 2);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fclose(nowhere);
	return failed;
}
