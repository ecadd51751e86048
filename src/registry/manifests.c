/*
 * HEAD saves the body and, at Docker Hub, the quota. But some registries refuse HEAD, fail, leave
 * out the digest or do not find what exists, and errors on HEAD have no text. In all these cases a
 * GET follows and decides, and from then on only GET is used. A source's 404 on HEAD is believed
 * only if an earlier one was right: the image fails because of it, which is worth one more request.
 *
 * At a target a 403 does not say much: Artifact Registry, ECR and JFrog answer 403 for a manifest
 * that does not exist. There it counts as absent, and the push that follows gets the answer that
 * matters.
 */
#include "registry/manifests.h"

#include "base/retry.h"
#include "oci/digest.h"
#include "oci/manifest.h"
#include "oci/media.h"
#include "registry/answer.h"
#include "registry/create.h"
#include "registry/facts.h"
#include "registry/host.h"
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

/* A request for a manifest. */
struct manifest_question {
	const struct repository *repository;
	struct arena *arena;
	const char *reference;
	bool fresh; /* no cache on the way may answer */
};

static bool get_once(const struct manifest_question *question, bool *found,
		     struct manifest_bytes *out, struct error *err)
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
	if (!host_pull(repository->access.host, repository->access.registry->options.keep_pulls,
		       err))
		return describe(repository, reference, err);
	bool sent = request_send(repository, &request, &answer, err);
	host_pulled(repository->access.host);
	/* Where its project is missing there is no manifest, however that is said. */
	if (create_lacks(repository, &answer))
		return true;
	if (!sent)
		return describe(repository, reference, err);
	*found = answer.status == 200;
	out->denied = answer.status == 403;
	if (answer.status == 404 || (answer.status == 403 && repository->access.target))
		return true;
	if (!*found) {
		request_refused(repository, &request, &answer, err);
		return describe(repository, reference, err);
	}
	if (!answer_no_page(&answer, "a manifest", err))
		return describe(repository, reference, err);
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

/* Sends a GET; *found false for a 404. Bytes that do not match their digest are fetched again. */
static bool get(const struct manifest_question *question, bool *found, struct manifest_bytes *out,
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

/* Gets the status of the manifest by GET. */
static bool ask_by_get(const struct manifest_question *question, struct manifest_status *out,
		       struct error *err)
{
	struct manifest_bytes bytes;
	if (!get(question, &out->found, &bytes, err))
		return false;
	out->digest = bytes.digest;
	out->denied = !out->found && bytes.denied;
	return true;
}

/* True when the answer to HEAD is complete, and no GET is needed. */
static bool is_decisive(const struct manifest_question *question, const struct http_answer *answer)
{
	const struct repository *repository = question->repository;
	bool source = !repository->access.target && !repository->mirror;
	switch (answer->status) {
	case 200:
		return digest_valid(http_header(answer, "Docker-Content-Digest"));
	case 404:
		return !source || facts_hold(&repository->access, FACT_HEAD_TRUE, repository->name);
	case 403:
		return repository->access.target && repository->access.host->profile->hides_missing;
	default:
		return false;
	}
}

/*
 * Learns from the GET that followed a HEAD. missing: HEAD was answered 404. accident: HEAD failed,
 * perhaps by chance.
 */
static void learn_from_get(const struct repository *repository, bool missing, bool accident,
			   const struct manifest_status *got)
{
	bool again = facts_hold(&repository->access, FACT_HEAD_FAILS, repository->name);
	if (missing && !got->found)
		facts_learn(&repository->access, FACT_HEAD_TRUE, repository->name);
	else if (accident && !again)
		facts_learn(&repository->access, FACT_HEAD_FAILS, repository->name);
	else if (!got->denied)
		facts_learn(&repository->access, FACT_HEAD_WRONG, repository->name);
}

static void take_answer(const struct manifest_question *question, const struct http_answer *answer,
			struct manifest_status *out)
{
	struct str digest = http_header(answer, "Docker-Content-Digest");
	out->found = answer->status == 200;
	out->denied = answer->status == 403;
	out->digest = out->found ? arena_copy(question->arena, digest.at, digest.len) : NULL;
}

bool manifests_head(const struct repository *repository, struct arena *arena, const char *reference,
		    struct manifest_status *out, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	const struct manifest_question question = {repository, arena, reference, false};
	struct request request = {.method = "HEAD",
				  .path = manifest_path(repository, arena, reference),
				  .accept = media_accept,
				  .otherwise = true};
	*out = (struct manifest_status){0};
	if (!request.path)
		return error_memory(err);
	if (facts_hold(&repository->access, FACT_HEAD_WRONG, repository->name))
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

bool manifests_look(const struct repository *repository, struct arena *arena, const char *reference,
		    bool *found, struct manifest_bytes *out, struct error *err)
{
	const struct manifest_question question = {repository, arena, reference, true};
	return get(&question, found, out, err);
}

bool manifests_get(const struct repository *repository, struct arena *arena, const char *reference,
		   struct manifest_bytes *out, struct error *err)
{
	const struct manifest_question question = {repository, arena, reference, false};
	bool found = false;
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
	bool by_get = facts_hold(&repository->access, FACT_HEAD_WRONG, repository->name);
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
	/* distribution answers 500 to a digest that is not a manifest's */
	return ok || err->http_status >= 500;
}

static bool same_algorithm(const char *a, const char *b)
{
	return strcspn(a, ":") == strcspn(b, ":") && strncmp(a, b, strcspn(a, ":")) == 0;
}

bool manifests_holds(const struct repository *repository, struct arena *arena,
		     const char *reference, const char *digest, bool *same, struct error *err)
{
	struct manifest_status status;
	struct manifest_bytes bytes;
	struct error ignored;
	*same = false;
	if (!manifests_head(repository, arena, reference, &status, err))
		return false;
	if (!status.found || same_algorithm(status.digest, digest)) {
		*same = status.found && strcmp(status.digest, digest) == 0;
		return true;
	}
	if (!manifests_look(repository, arena, reference, &status.found, &bytes, err))
		return false;
	*same = status.found && digest_verify(bytes.bytes, str_of(digest), &ignored);
	return true;
}
