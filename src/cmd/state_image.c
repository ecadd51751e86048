/*
 * Registries have no conditional push. So the tag is looked up immediately before it is written:
 * if another run has stored its state since, that is read first. And it is looked up once more
 * after some time, longer than another run probably needs from its look to its push: if that has
 * written over ours, ours is added to it and stored again.
 */
#include "cmd/state_image.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/retry.h"
#include "copy/fetch.h"
#include "doc/json_writer.h"
#include "registry/creation.h"

#include <string.h>
#include <sys/random.h>

enum { TRIES = 24, WINDOWS = 3, PAUSE_MIN_MS = 50, PAUSE_SPAN_MS = 50, PAUSE_MAX_MS = 2000 };

#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define EMPTY_TYPE "application/vnd.oci.empty.v1+json"
#define LAYER_TYPE "application/vnd.image-syncer.state.v1+json"

static const struct creation creation;

static bool open_store(const struct state_image *at, struct arena *arena, const struct store **out,
		       struct error *err)
{
	return store_at(at->stores, at->name, &creation, arena, out, err);
}

static void print_name(const struct state_image *at, struct buf *out)
{
	reference_print(at->name, out);
}

static bool failed(const struct state_image *at, const char *what, struct error *err)
{
	scoped(buf_finish) struct buf name = {0};
	print_name(at, &name);
	return error_wrap(err, "%s %s", what, buf_string(&name));
}

/* --- reading -------------------------------------------------------------------------------- */

/* The layer of a manifest that is a state's; NULL: it is none. */
static const struct descriptor *find_layer(const struct manifest *manifest)
{
	bool ours =
		str_is(node_string(node_get(manifest->document, "artifactType")), STATE_IMAGE_TYPE);
	for (size_t i = 0; ours && i < manifest->blob_count; i++)
		if (strcmp(manifest->blobs[i].media_type, LAYER_TYPE) == 0)
			return &manifest->blobs[i];
	return NULL;
}

/* Keeps what makes no sense under another tag, for whoever wants to know why. */
static bool put_aside(const struct state_image *at, const struct store *store, struct arena *arena,
		      const struct manifest *manifest, const char *digest)
{
	struct error ignored;
	struct push_answer answer;
	const char *tag =
		arena_printf(arena, "%.*s.damaged", REFERENCE_TAG_MAX - (int)sizeof(".damaged") + 1,
			     at->name->tag);
	const struct push push = {.reference = tag,
				  .digest = digest,
				  .media_type = manifest->media_type,
				  .bytes = manifest->bytes};
	return tag && store_put(store, &push, &answer, &ignored);
}

static bool take(struct state_image *at, const struct store *store, struct arena *arena,
		 const struct manifest_bytes *served, struct sync_state *state, bool keep,
		 bool *found, struct error *err)
{
	scoped(buf_finish) struct buf name = {0};
	struct manifest manifest;
	struct str text;
	const struct descriptor *layer = NULL;
	print_name(at, &name);
	if (manifest_parse(arena, served->bytes, str_of(served->content_type), &manifest, err))
		layer = find_layer(&manifest);
	else if (err->kind == ERROR_MEMORY)
		return false;
	if (!layer)
		return error_set(
			err, ERROR_CONFIG,
			"%s is there and is no state, so it is not replaced: name another tag",
			buf_string(&name));
	*found = fetch_blob(store, arena, layer, NODE_BYTES_MAX, &text, err) &&
		 state_read(state, text, clock_unix(), err);
	if (*found || (err->kind != ERROR_CONFIG && err->kind != ERROR_MISSING))
		return *found || failed(at, "state", err);
	bool kept = keep && put_aside(at, store, arena, &manifest, served->digest);
	log_warn("%s: %s: this run does without what earlier ones have stored%s", buf_string(&name),
		 err->text, kept ? "; the tag with .damaged holds it now" : "");
	return true;
}

/* Some registries answer 403 for what is not there; a list of tags tells. */
static bool is_absent(const struct state_image *at, const struct store *store, struct arena *arena,
		      struct error *err)
{
	struct tag_list tags;
	if (!store_tags(store, arena, 0, &tags, err))
		return err->kind == ERROR_MISSING;
	for (size_t i = 0; i < tags.count; i++)
		if (strcmp(tags.items[i], at->name->tag) == 0)
			return error_set(err, ERROR_DENIED,
					 "the login may not pull: it needs to pull and to push");
	return true;
}

bool state_image_read(struct state_image *at, struct sync_state *state, bool keep, bool *found,
		      struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct store *store;
	struct manifest_bytes served;
	*found = false;
	if (!arena)
		return error_memory(err);
	if (!open_store(at, arena, &store, err) ||
	    !store_look(store, arena, at->name->tag, found, &served, err))
		return failed(at, "state", err);
	if (!*found && served.denied && !is_absent(at, store, arena, err))
		return failed(at, "state", err);
	snprintf(at->held, sizeof(at->held), "%s", *found ? served.digest : "");
	return !*found || take(at, store, arena, &served, state, keep, found, err);
}

/* --- storing -------------------------------------------------------------------------------- */

/* A body in memory. */
struct text_reader {
	struct reader reader;
	struct str rest;
};

static bool read_text(struct reader *reader, void *at, size_t size, size_t *got, struct error *err)
{
	struct text_reader *text = (struct text_reader *)reader;
	struct str piece = str_head(text->rest, size);
	(void)err;
	memcpy(at, piece.at, piece.len);
	text->rest = str_from(text->rest, piece.len);
	*got = piece.len;
	return true;
}

static bool send_once(const struct store *store, struct arena *arena, struct str bytes,
		      const char *digest, struct error *err)
{
	struct text_reader body = {.reader.read = read_text, .rest = bytes};
	const struct blob_offer offer = {.digest = digest, .size = (int64_t)bytes.len};
	struct blob_upload upload = {0};
	if (!store_offer(store, arena, &offer, &upload, err))
		return false;
	if (upload.present || store_send(store, &upload, &body.reader, err))
		return true;
	store_cancel(store, &upload);
	return false;
}

static bool send_blob(const struct store *store, struct arena *arena, struct str bytes,
		      const char *digest, struct error *err)
{
	for (unsigned attempt = 0;; attempt++) {
		if (cancel_requested())
			return error_canceled(err);
		if (send_once(store, arena, bytes, digest, err))
			return true;
		if (!retry_wait(&retry_default, attempt, err))
			return false;
	}
}

static void write_descriptor(struct json_writer *json, const char *type, const char *digest,
			     size_t size)
{
	json_writer_open_object(json);
	json_writer_name(json, "mediaType");
	json_writer_string(json, type);
	json_writer_name(json, "digest");
	json_writer_string(json, digest);
	json_writer_name(json, "size");
	json_writer_int(json, (int64_t)size);
	json_writer_close_object(json);
}

static void write_manifest(const char *config, const char *layer, size_t size, struct buf *out)
{
	struct json_writer json = {.out = out, .compact = true};
	json_writer_open_object(&json);
	json_writer_name(&json, "schemaVersion");
	json_writer_int(&json, 2);
	json_writer_name(&json, "mediaType");
	json_writer_string(&json, MANIFEST_TYPE);
	json_writer_name(&json, "artifactType");
	json_writer_string(&json, STATE_IMAGE_TYPE);
	json_writer_name(&json, "config");
	write_descriptor(&json, EMPTY_TYPE, config, 2);
	json_writer_name(&json, "layers");
	json_writer_open_list(&json);
	write_descriptor(&json, LAYER_TYPE, layer, size);
	json_writer_close_list(&json);
	json_writer_close_object(&json);
}

/* Looks up the tag. *same: it holds what at->held says. */
static bool look_up(const struct state_image *at, const struct store *store, bool *same,
		    struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest_status status;
	if (!arena)
		return error_memory(err);
	if (!store_head(store, arena, at->name->tag, &status, err))
		return false;
	*same = strcmp(status.found ? status.digest : "", at->held) == 0;
	return true;
}

/* Sends the blobs of the state as it is now, and writes its manifest. */
static bool send_blobs(const struct store *store, struct arena *arena, struct sync_state *state,
		       struct buf *manifest, struct error *err)
{
	static const struct str empty = {"{}", 2};
	scoped(buf_finish) struct buf text = buf_limit(NODE_BYTES_MAX);
	char config[DIGEST_TEXT_SIZE], layer[DIGEST_TEXT_SIZE];
	state_write(state, &text);
	if (!buf_ok(&text))
		return error_memory(err);
	digest_of(empty, config);
	digest_of(buf_str(&text), layer);
	write_manifest(config, layer, text.len, manifest);
	if (!buf_ok(manifest))
		return error_memory(err);
	return send_blob(store, arena, empty, config, err) &&
	       send_blob(store, arena, buf_str(&text), layer, err);
}

/* A stop makes it shorter. */
static void wait_a_little(int64_t took_ms)
{
	unsigned random = 0;
	int64_t pause = took_ms * WINDOWS;
	(void)!getrandom(&random, sizeof(random), 0);
	pause = (pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS) + PAUSE_MIN_MS;
	cancel_sleep((unsigned)pause + random % PAUSE_SPAN_MS);
}

/* Replaces what at->held says by the state. *done false: another run has written the tag. */
static bool replace(struct state_image *at, const struct store *store, struct arena *arena,
		    struct sync_state *state, bool *done, struct error *err)
{
	scoped(buf_finish) struct buf manifest = {0};
	struct push push = {.reference = at->name->tag, .media_type = MANIFEST_TYPE};
	char digest[DIGEST_TEXT_SIZE];
	struct push_answer answer;
	if (!send_blobs(store, arena, state, &manifest, err))
		return false;
	int64_t start = clock_ms();
	if (!look_up(at, store, done, err))
		return false;
	if (!*done)
		return true;
	digest_of(buf_str(&manifest), digest);
	push.digest = digest;
	push.bytes = buf_str(&manifest);
	if (!store_put(store, &push, &answer, err))
		return false;
	memcpy(at->held, digest, sizeof(digest));
	wait_a_little(clock_ms() - start);
	return look_up(at, store, done, err);
}

bool state_image_store(struct state_image *at, struct sync_state *state, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct store *store;
	bool done = false, found;
	if (!arena)
		return error_memory(err);
	if (!open_store(at, arena, &store, err))
		return failed(at, "state", err);
	for (int tries = 0; tries < TRIES; tries++) {
		if (!replace(at, store, arena, state, &done, err))
			return failed(at, "state", err);
		if (done) {
			state_stored(state);
			return true;
		}
		if (!state_image_read(at, state, true, &found, err))
			return false;
	}
	error_set(err, ERROR_UNAVAILABLE,
		  "other runs replace it again and again: give each of them a tag of its own");
	return failed(at, "state", err);
}
