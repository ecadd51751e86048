/*
 * Registries refuse the same manifest in many ways: with a code, a status, or a sentence. How that
 * is understood decides whether its parts are sent again, whether the next image is tried at all,
 * and what the user reads.
 */
#include "registry/push.h"

#include "base/percent.h"
#include "base/retry.h"
#include "oci/media.h"
#include "registry/answer.h"
#include "registry/create.h"
#include "registry/facts.h"
#include "registry/manifests.h"
#include "registry/request.h"
#include "registry/wording.h"

#include <string.h>

/* --- what a refusal says --------------------------------------------------------------------- */

static bool has_any(struct str text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (wording_has(text, words[i]))
			return true;
	return false;
}

/* Trow answers MANIFEST_INVALID, "Blob asset not found". */
static bool says_missing(struct str text)
{
	static const char *const things[] = {"blob*", "layer*"};
	static const char *const states[] = {"not found", "unknown", "does not exist",
					     "do not exist", "missing"};
	return has_any(text, things, array_count(things)) &&
	       has_any(text, states, array_count(states));
}

static bool says_type(struct str text)
{
	static const char *const things[] = {"media type*", "mediatype*", "media-type",
					     "content type", "content-type"};
	static const char *const states[] = {"unsupported",  "not supported", "unknown",
					     "unrecognized", "not allowed",   "not accepted"};
	return has_any(text, things, array_count(things)) &&
	       has_any(text, states, array_count(states));
}

/* Finds the first digest in text that is not the manifest's own. */
static void find_digest(struct str text, const char *own, char out[DIGEST_TEXT_SIZE])
{
	static const char *const algorithms[] = {"sha256:", "sha512:"};
	static const size_t lengths[] = {7 + 64, 7 + 128};
	out[0] = '\0';
	for (; text.len; text = str_from(text, 1))
		for (size_t i = 0; i < array_count(algorithms); i++) {
			struct str digest = str_head(text, lengths[i]);
			if (!str_starts(text, algorithms[i]) || !digest_valid(digest) ||
			    str_is(digest, own))
				continue;
			memcpy(out, digest.at, digest.len);
			out[digest.len] = '\0';
			return;
		}
}

void push_read_refusal(const struct http_answer *answer, const char *digest,
		       struct push_answer *out)
{
	struct str body = buf_str(&answer->body);
	int status = answer->status;
	*out = (struct push_answer){0};
	if (status < 400)
		return;
	bool coded = answer_has_code(answer, "MANIFEST_BLOB_UNKNOWN") ||
		     answer_has_code(answer, "BLOB_UNKNOWN") ||
		     answer_has_code(answer, "MANIFEST_UNKNOWN");
	out->login = answer_has_code(answer, "DENIED") || answer_has_code(answer, "UNAUTHORIZED");
	out->type = status == 415 || (status < 500 && !coded && says_type(body));
	out->vague = !coded && !out->login && !out->type && status != 401 && status != 403 &&
		     says_missing(body);
	out->incomplete = coded || out->vague;
	if (out->incomplete)
		find_digest(body, digest, out->missing);
}

/* --- one push -------------------------------------------------------------------------------- */

static bool is_digest(const char *reference)
{
	return strchr(reference, ':') != NULL;
}

static bool describe(const struct repository *repository, const char *reference, struct error *err)
{
	return error_wrap(err, "manifest %s/%s%c%s", registry_host_name(repository),
			  repository->name, is_digest(reference) ? '@' : ':', reference);
}

/* True when the tag cannot be set by its own name: the registry would hash with sha256. */
static bool tags_by_digest(const struct push *push)
{
	return !is_digest(push->reference) && strncmp(push->digest, "sha256:", 7) != 0;
}

static const char *push_path(const struct repository *repository, const struct push *push,
			     struct arena *arena)
{
	scoped(buf_finish) struct buf path = {0};
	bool by_digest = tags_by_digest(push);
	buf_printf(&path, "/v2/%s/manifests/%s", repository->name,
		   by_digest ? push->digest : push->reference);
	if (by_digest) {
		buf_add_string(&path, "?tag=");
		percent_encode(str_of(push->reference), &path);
	}
	return buf_ok(&path) ? arena_string(arena, path.at) : NULL;
}

/* True when the registry says that it set the tag (distribution-spec 1.2, OCI-Tag). */
static bool has_tagged(const struct http_answer *answer, const char *tag)
{
	struct str value, one;
	size_t at = 0;
	while (http_header_next(answer, "OCI-Tag", &at, &value))
		while (str_cut(&value, ',', &one))
			if (str_is(str_trim(one), tag))
				return true;
	return false;
}

static bool refuse_tag(const struct repository *repository, const struct push *push,
		       struct error *err)
{
	return error_set(
		err, ERROR_UNSUPPORTED,
		"%s cannot tag a manifest whose digest is not sha256 (its answer has no OCI-Tag), "
		"so the tag %s was not written: give the destination the digest %s",
		registry_host_name(repository), push->reference, push->digest);
}

/* True when digest, as named by the registry, is the manifest's, in its algorithm or in sha256. */
static bool is_stored_right(const struct push *push, struct str digest)
{
	char plain[DIGEST_TEXT_SIZE];
	digest_of(push->bytes, plain);
	return str_is(digest, push->digest) || str_is(digest, plain);
}

/*
 * A registry that sets several tags with one push says of each push which tags it has set, also
 * where that was one and its name was in the path.
 */
static void learn_tagging(const struct repository *repository, const struct push *push,
			  const struct http_answer *answer)
{
	if (!is_digest(push->reference) && push_tagging(repository) == STORE_TAGS_UNKNOWN)
		facts_learn(&repository->access,
			    has_tagged(answer, push->reference) ? FACT_TAGS_MANY : FACT_TAGS_ONE,
			    "");
}

/* Checks a positive answer. If it names no digest, the registry is asked what it holds. */
static bool confirm(const struct repository *repository, const struct push *push,
		    struct arena *arena, const struct http_answer *answer, struct error *err)
{
	struct str digest = http_header(answer, "Docker-Content-Digest");
	bool same = false;
	if (digest.len && !is_stored_right(push, digest))
		return error_set(err, ERROR_CORRUPT, "the registry stored it as %.*s instead of %s",
				 STR_ARGS(digest), push->digest);
	if (tags_by_digest(push) && !has_tagged(answer, push->reference))
		return refuse_tag(repository, push, err);
	if (digest.len && !tags_by_digest(push))
		return true;
	/* Without a digest there is no proof: a web server may answer yes to everything. */
	if (!manifests_holds(repository, arena, push->reference, push->digest, &same, err))
		return false;
	return same || error_set(err, ERROR_CORRUPT, "accepted, but the registry does not hold it");
}

static bool refuse_type(const struct repository *repository, const char *media_type,
			const char *words, struct error *err)
{
	bool docker = str_starts(str_of(media_type), "application/vnd.docker.");
	return error_set(err, ERROR_UNSUPPORTED, "%s does not accept manifests of type %s%s%s (%s)",
			 registry_host_name(repository), media_type, words ? ": " : "",
			 words ? words : "",
			 docker ? "zot does with \"compat\": [\"docker2s2\"] in the section "
				  "\"http\" of its configuration"
				: "is the registry older than this type?");
}

bool push_accepts(const struct repository *repository, const char *media_type, struct error *err)
{
	return !facts_hold(&repository->access, FACT_NO_TYPE, media_type) ||
	       refuse_type(repository, media_type, NULL, err);
}

/* The registry has refused the push: fills err. Always false. */
static bool refused(const struct repository *repository, const struct push *push,
		    const struct request *request, const struct http_answer *answer,
		    struct push_answer *out, struct error *err)
{
	struct error words;
	push_read_refusal(answer, push->digest, out);
	request_refused(repository, request, answer, err);
	answer_error(answer, &words);
	if (out->type) {
		facts_learn(&repository->access, FACT_NO_TYPE, push->media_type);
		return refuse_type(repository, push->media_type, words.text, err);
	}
	if (answer_has_code(answer, "DIGEST_INVALID") && strncmp(push->digest, "sha256:", 7) != 0)
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s does not accept %.*s digests of manifests: %s",
				 registry_host_name(repository), (int)strcspn(push->digest, ":"),
				 push->digest, words.text);
	return false;
}

static bool put_once(const struct repository *repository, const struct push *push,
		     struct arena *arena, struct push_answer *out, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	struct request request = {.method = "PUT",
				  .path = push_path(repository, push, arena),
				  .content_type = push->media_type,
				  .body = push->bytes};
	*out = (struct push_answer){0};
	if (!request.path)
		return error_memory(err);
	bool sent = create_send(repository, &request, request_send_once, &answer, err);
	if (!sent && (err->kind != ERROR_UNAVAILABLE || answer.status < 500))
		return false;
	if (!sent) {
		push_read_refusal(&answer, push->digest, out);
		/* Another try does not help if parts are reported missing. */
		if (out->incomplete)
			err->kind = ERROR_REJECTED;
		return false;
	}
	out->subject = http_header(&answer, "OCI-Subject").len > 0;
	if (answer.status < 200 || answer.status >= 300)
		return refused(repository, push, &request, &answer, out, err);
	learn_tagging(repository, push, &answer);
	return confirm(repository, push, arena, &answer, err);
}

/* --- several tags ---------------------------------------------------------------------------- */

enum store_tagging push_tagging(const struct repository *repository)
{
	const struct access *access = &repository->access;
	if (facts_hold(access, FACT_TAGS_ONE, ""))
		return STORE_TAGS_ONE;
	return facts_hold(access, FACT_TAGS_MANY, "") ? STORE_TAGS_MANY : STORE_TAGS_UNKNOWN;
}

static const char *tags_path(const struct repository *repository, const struct push *push,
			     const char *const *tags, size_t count, struct arena *arena)
{
	scoped(buf_finish) struct buf path = {0};
	buf_printf(&path, "/v2/%s/manifests/%s", repository->name, push->digest);
	for (size_t i = 0; i < count; i++) {
		buf_add_string(&path, i ? "&tag=" : "?tag=");
		percent_encode(str_of(tags[i]), &path);
	}
	return buf_ok(&path) ? arena_string(arena, path.at) : NULL;
}

bool push_tags(const struct repository *repository, const struct push *push,
	       const char *const *tags, size_t count, bool *set, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	if (!arena)
		return error_memory(err);
	struct request request = {.method = "PUT",
				  .path = tags_path(repository, push, tags, count, arena),
				  .content_type = push->media_type,
				  .body = push->bytes};
	if (!request.path)
		return error_memory(err);
	if (!create_send(repository, &request, request_send_once, &answer, err))
		return false;
	struct str digest = http_header(&answer, "Docker-Content-Digest");
	if (answer.status < 200 || answer.status >= 300) {
		facts_learn(&repository->access, FACT_TAGS_ONE, "");
		return request_refused(repository, &request, &answer, err);
	}
	if (digest.len && !is_stored_right(push, digest))
		return error_set(err, ERROR_CORRUPT, "the registry stored it as %.*s instead of %s",
				 STR_ARGS(digest), push->digest);
	for (size_t i = 0; i < count; i++)
		set[i] = digest.len && has_tagged(&answer, tags[i]);
	return true;
}

/* --- why it was refused ---------------------------------------------------------------------- */

/* True when the registry holds the manifest although the answer to its PUT was lost. */
static bool arrived(const struct repository *repository, const struct push *push,
		    struct arena *arena)
{
	struct error ignored;
	bool same = false;
	return manifests_holds(repository, arena, push->reference, push->digest, &same, &ignored) &&
	       same;
}

/* True for the statuses and codes with which registries refuse to move a tag. */
static bool may_be_immutable(const struct push *push, const struct error *err)
{
	if (is_digest(push->reference))
		return false;
	switch (err->http_status) {
	case 403:
		return err->kind == ERROR_DENIED || err->kind == ERROR_IMMUTABLE;
	case 405:
	case 409:
		return !retry_helps(err->kind);
	default:
		return err->kind == ERROR_IMMUTABLE;
	}
}

/*
 * A push of a tag was refused: true when the tag already holds the manifest. If it holds another
 * image, that is the reason, unless the login was refused.
 */
static bool settle_refusal(const struct repository *repository, const struct push *push, bool login,
			   struct arena *arena, struct error *err)
{
	struct error ignored;
	struct manifest_status status;
	if (!manifests_head(repository, arena, push->reference, &status, &ignored) || !status.found)
		return false;
	if (strcmp(status.digest, push->digest) == 0)
		return true;
	if (!login) {
		err->kind = ERROR_IMMUTABLE;
		error_wrap(err,
			   "the tag holds %s and the registry does not allow changing it to %s",
			   status.digest, push->digest);
	}
	return false;
}

bool push_manifest(const struct repository *repository, const struct push *push,
		   struct push_answer *answer, struct error *err)
{
	*answer = (struct push_answer){0};
	for (unsigned attempt = 0;; attempt++) {
		scoped(arena_free) struct arena *arena = arena_new();
		if (!arena)
			return error_memory(err);
		if (put_once(repository, push, arena, answer, err))
			return true;
		if (!answer->incomplete && may_be_immutable(push, err))
			return settle_refusal(repository, push, answer->login, arena, err) ||
			       describe(repository, push->reference, err);
		if (answer->incomplete || !retry_wait(&retry_default, attempt, err))
			return describe(repository, push->reference, err);
		if ((err->kind == ERROR_NETWORK || err->http_status >= 500) &&
		    arrived(repository, push, arena))
			return true;
	}
}
