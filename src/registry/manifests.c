/*
 * HEAD saves the body and, at Docker Hub, the quota; but registries exist that refuse it, fail,
 * leave the digest out or miss what is there, and errors on HEAD have no words. In all these cases
 * GET is asked and decides, and is asked at once from then on. That a source has no such manifest
 * is taken from HEAD only where HEAD has been right before: the image fails then, and one request
 * is not too much for that.
 *
 * At a target a 403 says nothing yet: Artifact Registry, ECR and JFrog answer so for what does not
 * exist. It counts as absent there, and the push that follows gets the answer that matters.
 */
#include "registry/manifests.h"

#include "base/retry.h"
#include "oci/digest.h"
#include "oci/manifest.h"
#include "oci/media.h"
#include "registry/answer.h"
#include "registry/facts.h"
#include "registry/host.h"
#include "registry/known.h"
#include "registry/mirror.h"
#include "registry/registry_private.h"
#include "registry/request.h"

#include <string.h>

static const char *manifest_path(const struct repository *repository, struct arena *arena,
				 const char *reference)
{
	return arena_printf(arena, "/v2/%s/manifests/%s", repository->name, reference);
}

static bool is_digest(const char *reference)
{
	return strchr(reference, ':') != NULL;
}

static bool describe(const struct repository *repository, const char *reference, struct error *err)
{
	return error_wrap(err, "manifest %s/%s%c%s", registry_host_name(repository),
			  repository->name, is_digest(reference) ? '@' : ':', reference);
}

/* A manifest that is asked for. */
struct question {
	const struct repository *repository;
	struct arena *arena;
	const char *reference;
	bool fresh; /* no cache on the way may answer */
};

static bool get_once(const struct question *question, bool *found, struct manifest_bytes *out,
		     struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	const struct repository *repository = question->repository;
	struct arena *arena = question->arena;
	const char *reference = question->reference;
	char digest[DIGEST_TEXT_SIZE];
	struct request request = {.method = "GET",
				  .path = manifest_path(repository, arena, reference),
				  .accept = media_accept,
				  .answer_max = MANIFEST_BYTES_MAX,
				  .fresh = question->fresh};
	if (!request.path)
		return error_memory(err);
	if (!host_pull(repository->host, repository->registry->options.keep_pulls, err))
		return describe(repository, reference, err);
	bool sent = request_send(repository, &request, &answer, err);
	host_pulled(repository->host);
	if (!sent)
		return describe(repository, reference, err);
	*found = answer.status == 200;
	out->denied = answer.status == 403;
	if (answer.status == 404 || (answer.status == 403 && repository->target))
		return true;
	if (!*found) {
		request_refused(repository, &request, &answer, err);
		return describe(repository, reference, err);
	}
	struct str type = http_header(&answer, "Content-Type");
	out->bytes =
		(struct str){arena_copy(arena, answer.body.at, answer.body.len), answer.body.len};
	out->content_type = arena_copy(arena, type.at, type.len);
	if (is_digest(reference) && !digest_verify(buf_str(&answer.body), str_of(reference), err))
		return describe(repository, reference, err);
	digest_of(buf_str(&answer.body), digest);
	out->digest = arena_string(arena, is_digest(reference) ? reference : digest);
	return (out->bytes.at && out->content_type && out->digest) || error_memory(err);
}

/* GET; *found false for a 404. Bytes that do not match their digest are fetched once more. */
static bool get(const struct question *question, bool *found, struct manifest_bytes *out,
		struct error *err)
{
	*out = (struct manifest_bytes){0};
	for (unsigned attempt = 0;; attempt++) {
		if (get_once(question, found, out, err))
			return true;
		if (!retry_wait(&retry_default, attempt, err))
			return false;
	}
}

/* The same question by GET. */
static bool ask_by_get(const struct question *question, struct manifest_status *out,
		       struct error *err)
{
	struct manifest_bytes bytes;
	if (!get(question, &out->found, &bytes, err))
		return false;
	out->digest = bytes.digest;
	out->denied = !out->found && bytes.denied;
	return true;
}

/* True when HEAD's answer, with a status of status, says all. */
static bool is_decisive(const struct question *question, const struct http_answer *answer)
{
	const struct repository *repository = question->repository;
	bool source = !repository->target && !repository->mirror;
	switch (answer->status) {
	case 200:
		return digest_valid(http_header(answer, "Docker-Content-Digest"));
	case 404:
		return !source || facts_hold(repository, FACT_HEAD_TRUE, repository->name);
	case 403:
		return repository->target && repository->host->profile->hides_missing;
	default:
		return false;
	}
}

/* GET was asked after HEAD, and said more. accident: what HEAD met may have been one. */
static void learn_from_get(const struct repository *repository, bool missing, bool accident,
			   const struct manifest_status *got)
{
	bool again = facts_hold(repository, FACT_HEAD_FAILS, repository->name);
	if (missing && !got->found)
		facts_learn(repository, FACT_HEAD_TRUE, repository->name);
	else if (accident && !again)
		facts_learn(repository, FACT_HEAD_FAILS, repository->name);
	else if (!got->denied)
		facts_learn(repository, FACT_HEAD_WRONG, repository->name);
}

static void take_answer(const struct question *question, const struct http_answer *answer,
			struct manifest_status *out)
{
	const struct repository *repository = question->repository;
	struct str digest = http_header(answer, "Docker-Content-Digest");
	out->found = answer->status == 200;
	out->denied = answer->status == 403;
	out->digest = out->found ? arena_copy(question->arena, digest.at, digest.len) : NULL;
	if (out->found && !repository->target &&
	    !facts_hold(repository, FACT_HEAD_TRUE, repository->name))
		facts_learn(repository, FACT_HEAD_TRUE, repository->name);
}

static bool head(const struct repository *repository, struct arena *arena, const char *reference,
		 struct manifest_status *out, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	const struct question question = {repository, arena, reference, false};
	struct request request = {.method = "HEAD",
				  .path = manifest_path(repository, arena, reference),
				  .accept = media_accept,
				  .otherwise = true};
	*out = (struct manifest_status){0};
	if (!request.path)
		return error_memory(err);
	if (facts_hold(repository, FACT_HEAD_WRONG, repository->name))
		return ask_by_get(&question, out, err);
	bool sent = request_send(repository, &request, &answer, err);
	if (!sent &&
	    (err->kind != ERROR_UNAVAILABLE || err->http_status < 500 || err->http_status == 503))
		return describe(repository, reference, err);
	if (sent && is_decisive(&question, &answer)) {
		take_answer(&question, &answer, out);
		return !out->found || out->digest || error_memory(err);
	}
	if (!ask_by_get(&question, out, err))
		return false;
	learn_from_get(repository, answer.status == 404, !sent, out);
	return true;
}

bool manifests_head(const struct repository *repository, struct arena *arena, const char *reference,
		    struct manifest_status *out, struct error *err)
{
	struct repository mirror;
	for (size_t i = 0; mirror_at(repository, i, &mirror); i++) {
		struct error failure;
		bool ok = head(&mirror, arena, reference, out, &failure);
		if (ok && out->found)
			return true;
		mirror_passed(&mirror, ok ? NULL : &failure);
	}
	return head(repository, arena, reference, out, err);
}

bool manifests_head_listed(const struct repository *repository, struct arena *arena,
			   const char *reference, struct manifest_status *out, struct error *err)
{
	enum known_answer answer = KNOWN_NOTHING;
	*out = (struct manifest_status){0};
	if (!is_digest(reference))
		answer = known_take(repository, arena, reference, &out->digest);
	out->found = answer == KNOWN_DIGEST;
	return answer != KNOWN_NOTHING || manifests_head(repository, arena, reference, out, err);
}

bool manifests_look(const struct repository *repository, struct arena *arena, const char *reference,
		    bool *found, struct manifest_bytes *out, struct error *err)
{
	const struct question question = {repository, arena, reference, true};
	return get(&question, found, out, err);
}

bool manifests_get(const struct repository *repository, struct arena *arena, const char *reference,
		   struct manifest_bytes *out, struct error *err)
{
	struct repository mirror;
	struct question question = {&mirror, arena, reference, false};
	bool found = false;
	for (size_t i = 0; mirror_at(repository, i, &mirror); i++) {
		struct error failure;
		bool ok = get(&question, &found, out, &failure);
		if (ok && found)
			return true;
		mirror_passed(&mirror, ok ? NULL : &failure);
	}
	question.repository = repository;
	if (!get(&question, &found, out, err))
		return false;
	if (found)
		return true;
	error_set(err, ERROR_MISSING, "not found");
	return describe(repository, reference, err);
}

bool manifests_probe(const struct repository *repository, const char *digest, bool *found,
		     struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	bool by_get = facts_hold(repository, FACT_HEAD_WRONG, repository->name);
	struct request request = {.method = by_get ? "GET" : "HEAD",
				  .accept = media_accept,
				  .answer_max = MANIFEST_BYTES_MAX};
	request.path = arena ? manifest_path(repository, arena, digest) : NULL;
	if (!request.path)
		return error_memory(err);
	bool ok = request_send_once(repository, &request, &answer, err);
	*found = ok && answer.status == 200;
	if (ok && (answer.status == 401 || answer.status == 403))
		ok = request_refused(repository, &request, &answer, err);
	/* distribution answers 500 to the digest of what is no manifest */
	return ok || err->http_status >= 500;
}

static bool says_incomplete(const struct http_answer *answer)
{
	return answer->status >= 400 && answer->status < 500 &&
	       (answer_has_code(answer, "MANIFEST_BLOB_UNKNOWN") ||
		answer_has_code(answer, "BLOB_UNKNOWN") ||
		answer_has_code(answer, "MANIFEST_UNKNOWN"));
}

static bool put_once(const struct repository *repository, const struct manifest_push *push,
		     struct arena *arena, struct manifest_answer *told, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	struct request request = {.method = "PUT",
				  .path = manifest_path(repository, arena, push->reference),
				  .content_type = push->media_type,
				  .body = push->bytes};
	if (!request.path)
		return error_memory(err);
	if (!request_send_once(repository, &request, &answer, err))
		return false;
	told->incomplete = says_incomplete(&answer);
	told->login =
		answer_has_code(&answer, "DENIED") || answer_has_code(&answer, "UNAUTHORIZED");
	told->subject = http_header(&answer, "OCI-Subject").len > 0;
	if (answer.status < 200 || answer.status >= 300)
		return request_refused(repository, &request, &answer, err);
	struct str digest = http_header(&answer, "Docker-Content-Digest");
	if (digest.len && !str_is(digest, push->digest))
		return error_set(err, ERROR_CORRUPT, "the registry stored it as %.*s instead of %s",
				 STR_ARGS(digest), push->digest);
	if (digest.len)
		return true;
	/* No digest, no proof: a web server that says yes to everything is no registry. */
	struct manifest_status status;
	if (!head(repository, arena, push->reference, &status, err))
		return false;
	if (status.found && strcmp(status.digest, push->digest) == 0)
		return true;
	return error_set(err, ERROR_CORRUPT, "accepted, but the registry does not hold it");
}

/* True when the manifest is there although the answer to its PUT never came. */
static bool arrived(const struct repository *repository, const struct manifest_push *push,
		    struct arena *arena)
{
	struct error ignored;
	struct manifest_status status;
	return head(repository, arena, push->reference, &status, &ignored) && status.found &&
	       strcmp(status.digest, push->digest) == 0;
}

/* The statuses and codes with which registries refuse to move a tag. */
static bool may_be_immutable(const struct manifest_push *push, const struct error *err)
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
 * A push of a tag was refused: true when the registry holds the same there. Where it holds another
 * image, that is the reason, unless it is our login that is refused.
 */
static bool settle_refusal(const struct repository *repository, const struct manifest_push *push,
			   bool login, struct arena *arena, struct error *err)
{
	struct error ignored;
	struct manifest_status status;
	if (!head(repository, arena, push->reference, &status, &ignored) || !status.found)
		return false;
	if (strcmp(status.digest, push->digest) == 0)
		return true;
	if (!login) {
		err->kind = ERROR_IMMUTABLE;
		error_wrap(err, "the tag holds %s and the registry does not let it become %s",
			   status.digest, push->digest);
	}
	return false;
}

bool manifests_put(const struct repository *repository, const struct manifest_push *push,
		   struct manifest_answer *answer, struct error *err)
{
	*answer = (struct manifest_answer){0};
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
