/*
 * Registries refuse to remove a tag by its name in many ways: 405, UNSUPPORTED, or an invalid
 * digest, since they take the tag for one. A request whose answer got lost is sent again: then
 * it is gone, which is just as well.
 */
#include "registry/remove.h"

#include "doc/json_writer.h"
#include "registry/answer.h"
#include "registry/ecr.h"
#include "registry/ghcr.h"
#include "registry/hub.h"
#include "registry/registry_private.h"
#include "registry/request.h"
#include "registry/wording.h"

#include <string.h>

enum { ANSWER_MAX = 64 * 1024 };

static bool says_immutable(const struct http_answer *answer)
{
	struct str text = buf_str(&answer->body);
	return answer->status >= 400 &&
	       (wording_has(text, "immutable") || wording_has(text, "immutability") ||
		wording_has(text, "ImageTagAlreadyExistsException") ||
		answer_has_code(answer, "TAG_IMMUTABLE"));
}

/* True when another reference would be taken, or nothing is removed at all. */
static bool says_unsupported(const struct http_answer *answer)
{
	return answer->status == 405 || answer->status == 501 ||
	       answer_has_code(answer, "UNSUPPORTED") ||
	       answer_has_code(answer, "DIGEST_INVALID") || answer_has_code(answer, "TAG_INVALID");
}

/* True when the registry keeps a manifest for the sake of another one, or of a tag. */
static bool says_needed(const struct http_answer *answer)
{
	return answer_has_code(answer, "GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE") ||
	       answer_has_code(answer, "GOOGLE_MANIFEST_DANGLING_TAG") ||
	       answer_has_code(answer, "GOOGLE_MANIFEST_REFERRING_MANIFEST") ||
	       answer_has_code(answer, "VIOLATE_FOREIGN_KEY_CONSTRAINT");
}

/* --- Amazon ECR ------------------------------------------------------------------------------ */

static bool is_digest(const char *reference)
{
	return strchr(reference, ':') != NULL;
}

static bool write_image(const struct repository *repository, const struct ecr_name *name,
			const char *reference, struct buf *out)
{
	char account[ECR_HOST_SIZE];
	struct json_writer writer = {.out = out, .compact = true};
	snprintf(account, sizeof(account), "%.*s", STR_ARGS(name->account));
	json_writer_open_object(&writer);
	json_writer_name(&writer, "registryId");
	json_writer_string(&writer, account);
	json_writer_name(&writer, "repositoryName");
	json_writer_string(&writer, repository->name);
	json_writer_name(&writer, "imageIds");
	json_writer_open_list(&writer);
	json_writer_open_object(&writer);
	json_writer_name(&writer, is_digest(reference) ? "imageDigest" : "imageTag");
	json_writer_string(&writer, reference);
	json_writer_close_object(&writer);
	json_writer_close_list(&writer);
	json_writer_close_object(&writer);
	return buf_ok(out);
}

/* What the answer says about the one image that was named: its failure, or that it is gone. */
static bool read_amazon(const struct http_answer *answer, enum store_removal *out,
			struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root = NULL;
	if (!arena)
		return error_memory(err);
	if (!answer_json(arena, answer, "an answer about the image", &root, err))
		return false;
	const struct node *failures = node_get(root, "failures"),
			  *gone = node_get(root, "imageIds");
	if (failures && failures->kind == NODE_LIST && failures->count) {
		const struct node *first = failures->items[0];
		struct str code = node_string(node_get(first, "failureCode"));
		struct str why = node_string(node_get(first, "failureReason"));
		/* The last tag of an image takes it along, so it stays while an index has it. */
		*out = str_is(code, "ImageReferencedByManifestList") ? STORE_KEPT : STORE_GONE;
		return *out == STORE_KEPT || str_is(code, "ImageNotFound") ||
		       error_set(err, ERROR_REJECTED, "%.*s: %.*s", STR_ARGS(str_head(code, 100)),
				 STR_ARGS(str_head(why, 300)));
	}
	*out = STORE_REMOVED;
	return (gone && gone->kind == NODE_LIST && gone->count) ||
	       error_set(err, ERROR_CORRUPT, "the answer names no image");
}

/* Its registry API removes nothing. A tag goes alone, as long as its image has others. */
static bool remove_at_amazon(const struct repository *repository, const struct ecr_name *name,
			     const char *reference, enum store_removal *out, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(buf_finish) struct buf body = {0};
	if (!write_image(repository, name, reference, &body))
		return error_memory(err);
	const struct ecr_call call = {.action = "BatchDeleteImage",
				      .permission = "ecr:BatchDeleteImage",
				      .body = buf_str(&body),
				      .answer_max = ANSWER_MAX};
	return ecr_call(&repository->access, name, &call, &answer, err) &&
	       read_amazon(&answer, out, err);
}

/* --- the registry API ------------------------------------------------------------------------ */

bool remove_answered(const struct http_answer *answer, enum store_removal *out)
{
	int status = answer->status;
	if (status >= 200 && status < 300)
		*out = STORE_REMOVED;
	else if (status == 404)
		*out = STORE_GONE;
	else if (says_immutable(answer))
		*out = STORE_IMMUTABLE;
	else if (says_needed(answer))
		*out = STORE_KEPT;
	else if (says_unsupported(answer))
		*out = STORE_NOT_SO;
	else
		return false;
	return true;
}

static bool remove_plainly(const struct repository *repository, const char *reference,
			   enum store_removal *out, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	struct request request = {.method = "DELETE", .answer_max = ANSWER_MAX};
	if (arena)
		request.path =
			arena_printf(arena, "/v2/%s/manifests/%s", repository->name, reference);
	if (!request.path)
		return error_memory(err);
	bool sent = request_send(repository, &request, &answer, err);
	/* zot's words for a part of an index, which goes by digest alone. */
	if (sent && is_digest(reference) && answer.status == 405 &&
	    answer_has_code(&answer, "DENIED")) {
		*out = STORE_KEPT;
		return true;
	}
	if (sent)
		return remove_answered(&answer, out) ||
		       request_refused(repository, &request, &answer, err);
	*out = STORE_NOT_SO;
	return err->http_status == 501;
}

bool remove_manifest(const struct repository *repository, const char *reference,
		     enum store_removal *out, struct error *err)
{
	struct ecr_name amazon;
	const char *host = registry_host_name(repository);
	if (ecr_has_keys(&repository->access, &amazon))
		return remove_at_amazon(repository, &amazon, reference, out, err);
	if (strcmp(host, "docker.io") == 0)
		return hub_remove(repository, reference, out, err);
	if (strcmp(host, "ghcr.io") == 0)
		return ghcr_remove(repository, reference, out, err);
	return remove_plainly(repository, reference, out, err);
}
