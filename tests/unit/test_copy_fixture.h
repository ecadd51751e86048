/*
 * Images in memory, and copies of them: what the tests of copy/ share.
 *
 * Waits take no time: cancel_sleep() is replaced, and moves a clock that otherwise stands still
 * (tests/tests.mk).
 */
#pragma once

#include "test_memory_store.h"

#include "base/clock.h"
#include "base/log.h"
#include "copy/copier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define IMAGE_TYPE "application/vnd.oci.image.manifest.v1+json"
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define CONFIG_TYPE "application/vnd.oci.image.config.v1+json"
#define LAYER_TYPE "application/vnd.oci.image.layer.v1.tar+gzip"
#define FOREIGN_TYPE "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

/* --- time ----------------------------------------------------------------------------------- */

static _Atomic int64_t copy_slept;

int64_t __wrap_clock_ms(void);
int64_t __wrap_clock_ms(void)
{
	return 1000000 + atomic_load(&copy_slept);
}

bool __wrap_cancel_sleep(unsigned milliseconds);
bool __wrap_cancel_sleep(unsigned milliseconds)
{
	atomic_fetch_add(&copy_slept, milliseconds);
	return !cancel_requested();
}

/* --- images --------------------------------------------------------------------------------- */

/* The text of a descriptor; more: further members, each after a comma. */
static inline const char *copy_descriptor(struct memory_world *world, const char *type,
					  const char *digest, size_t size, const char *more)
{
	return arena_printf(world->arena, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu%s}",
			    type, digest, size, more);
}

/* A blob of size bytes that depend on seed, and its descriptor. */
static inline const char *copy_layer(struct memory_world *world,
				     struct memory_repository *repository, const char *type,
				     const char *seed, size_t size, const char *more)
{
	char *bytes = arena_alloc(world->arena, size + 1);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(seed[i % strlen(seed)] + (char)(i / 251));
	const char *digest = memory_blob(world, repository, (struct str){bytes, size});
	return copy_descriptor(world, type, digest, size, more);
}

static inline const char *copy_config(struct memory_world *world,
				      struct memory_repository *repository, const char *os,
				      const char *architecture)
{
	const char *text = arena_printf(world->arena,
					"{\"os\":\"%s\",\"architecture\":\"%s\","
					"\"created\":\"2026-01-02T03:04:05Z\"}",
					os, architecture);
	const char *digest = memory_blob(world, repository, str_of(text));
	return copy_descriptor(world, CONFIG_TYPE, digest, strlen(text), "");
}

/*
 * An image for linux/architecture of a config and two layers, one that all images share and one
 * that depends on seed. more: further members of the manifest.
 */
static inline const char *copy_image(struct memory_world *world,
				     struct memory_repository *repository, const char *tag,
				     const char *seed, const char *architecture, const char *more)
{
	const char *config = copy_config(world, repository, "linux", architecture);
	const char *base = copy_layer(world, repository, LAYER_TYPE, "base", 3000, "");
	const char *own = copy_layer(world, repository, LAYER_TYPE, seed, 1000, "");
	const char *text = arena_printf(world->arena,
					"{\"schemaVersion\":2,\"mediaType\":\"" IMAGE_TYPE "\","
					"\"config\":%s,\"layers\":[%s,%s]%s}",
					config, base, own, more);
	return memory_manifest(world, repository, text, IMAGE_TYPE, tag);
}

/* The descriptor of a manifest that is there. */
static inline const char *copy_named(struct memory_world *world,
				     const struct memory_repository *repository, const char *digest,
				     const char *more)
{
	const struct memory_content *content = memory_read(repository, digest);
	return copy_descriptor(world, content->type, digest, content->bytes.len, more);
}

/* An index whose entries are given as one text. */
static inline const char *copy_index_of(struct memory_world *world,
					struct memory_repository *repository, const char *tag,
					const char *entries, const char *more)
{
	const char *text = arena_printf(world->arena,
					"{\"schemaVersion\":2,\"mediaType\":\"" INDEX_TYPE "\","
					"\"manifests\":[%s]%s}",
					entries, more);
	return memory_manifest(world, repository, text, INDEX_TYPE, tag);
}

/* An index of images for linux/amd64 and linux/arm64. */
static inline const char *copy_index(struct memory_world *world,
				     struct memory_repository *repository, const char *tag,
				     const char *seed)
{
	const char *amd = copy_image(world, repository, NULL, seed, "amd64", "");
	const char *arm = copy_image(world, repository, NULL, seed, "arm64", "");
	const char *entries = arena_printf(
		world->arena, "%s,%s",
		copy_named(world, repository, amd,
			   ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}"),
		copy_named(world, repository, arm,
			   ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}"));
	return copy_index_of(world, repository, tag, entries, "");
}

/* An artifact of that type about subject, a referrer. */
static inline const char *copy_referrer(struct memory_world *world,
					struct memory_repository *repository, const char *subject,
					const char *type, const char *document)
{
	const char *empty = memory_blob(world, repository, STR("{}"));
	const char *digest = memory_blob(world, repository, str_of(document));
	const char *text = arena_printf(
		world->arena,
		"{\"schemaVersion\":2,\"mediaType\":\"" IMAGE_TYPE "\",\"artifactType\":\"%s\","
		"\"config\":%s,\"layers\":[%s],\"subject\":%s}",
		type, copy_descriptor(world, "application/vnd.oci.empty.v1+json", empty, 2, ""),
		copy_descriptor(world, type, digest, strlen(document), ""),
		copy_named(world, repository, subject, ""));
	return memory_manifest(world, repository, text, IMAGE_TYPE, NULL);
}

/* --- copies --------------------------------------------------------------------------------- */

enum { COPY_TASKS = 4 };

/* One run over a few tasks. */
struct copy_run {
	struct memory_world *world;
	struct task tasks[COPY_TASKS];
	size_t count;
	unsigned width; /* of the pool, and blobs in flight; 0: 1 */
	bool force, dry_run, verify;
	bool survey;         /* as for a plan */
	struct arena *arena; /* of the outcomes; the caller's */
	struct outcome outcomes[COPY_TASKS];
};

struct copy_loop {
	struct copy_run *run;
	struct copier *copier;
	struct arena *arenas[COPY_TASKS];
};

/* Copies what the outcome says to where it outlives the copy. */
static inline void copy_keep(struct arena *arena, struct outcome *outcome)
{
	const char **texts[] = {&outcome->digest, &outcome->tag, &outcome->warning,
				&outcome->error_text};
	for (size_t i = 0; i < array_count(texts); i++)
		if (*texts[i])
			*texts[i] = arena_string(arena, *texts[i]);
}

/* An image's arena goes with it, while others may still be under way. */
static inline void copy_one(void *ctx, size_t index)
{
	struct copy_loop *loop = ctx;
	struct copy_run *run = loop->run;
	copier_run(loop->copier, loop->arenas[index], &run->tasks[index], &run->outcomes[index]);
	spared++;
	pthread_mutex_lock(&run->world->lock);
	copy_keep(run->arena, &run->outcomes[index]);
	pthread_mutex_unlock(&run->world->lock);
	arena_free(&loop->arenas[index]);
	spared--;
}

/* Without memory for the copier every task fails. */
static inline void copy_run(struct copy_run *run)
{
	unsigned width = run->width ? run->width : 1;
	spared++;
	struct pool *pool = pool_new(width);
	struct progress *progress = progress_new();
	struct survey *survey = run->survey ? survey_new() : NULL;
	const struct copier_options options = {.pool = pool,
					       .stores = memory_stores(run->world),
					       .progress = progress,
					       .survey = survey,
					       .blobs_in_flight = width,
					       .force = run->force,
					       .dry_run = run->dry_run,
					       .verify = run->verify};
	struct copy_loop loop = {.run = run};
	const struct task *list[COPY_TASKS];
	size_t numbers[COPY_TASKS];
	struct cancel cancel = {0};
	cancel_open(&cancel, 0);
	struct cancel *before = cancel_enter(&cancel);
	for (size_t i = 0; i < run->count; i++) {
		list[i] = &run->tasks[i];
		numbers[i] = i;
		loop.arenas[i] = arena_new();
		run->outcomes[i] = (struct outcome){.status = OUTCOME_FAILED,
						    .error_kind = ERROR_MEMORY,
						    .error_text = "no memory for the copier"};
	}
	spared--;
	loop.copier = copier_new(&options);
	if (loop.copier && copier_expect(loop.copier, list, numbers, run->count))
		pool_each(pool, run->count, copy_one, &loop);
	copier_free(&loop.copier);
	spared++;
	for (size_t i = 0; i < run->count; i++)
		arena_free(&loop.arenas[i]);
	/* The display promises nothing that does not come. */
	struct progress_view view = {0};
	progress_view(progress, &view);
	assert_true(!view.left && !view.sized && !view.transfers);
	progress_free(&progress);
	survey_free(&survey);
	pool_free(&pool);
	cancel_enter(before);
	cancel_close(&cancel);
	spared--;
}

/* Adds a task "host/repository:tag" to another one; returns its terms, to be changed. */
static inline struct terms *copy_task(struct copy_run *run, const char *source,
				      const char *destination)
{
	struct arena *arena = run->world->arena;
	struct task *task = &run->tasks[run->count++];
	struct rule *rule = arena_new_of(arena, struct rule);
	struct terms *terms = arena_new_of(arena, struct terms);
	struct error err;
	*terms = (struct terms){.on_change = CHANGE_OVERWRITE, .foreign = FOREIGN_SKIP};
	*rule = (struct rule){.source = source,
			      .destination = destination,
			      .source_place = "images.yaml:1:1",
			      .terms = terms};
	if (!reference_parse(arena, str_of(source), &task->source, &err) ||
	    !reference_parse(arena, str_of(destination), &task->destination, &err))
		abort();
	task->rule = rule;
	return rule_terms(rule);
}
