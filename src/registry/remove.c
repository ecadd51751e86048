/*
 * Registries refuse to remove a tag by its name in many ways: 405, UNSUPPORTED, or an invalid
 * digest, since they take the tag for one. A request whose answer got lost is sent again: then
 * it is gone, which is just as well.
 */
#include "registry/remove.h"

#include "registry/answer.h"
#include "registry/request.h"
#include "registry/wording.h"

#include <string.h>

static bool says_immutable(const struct http_answer *answer)
{
	struct str text = buf_str(&answer->body);
	return answer->status >= 400 &&
	       (wording_has(text, "immutable") || wording_has(text, "immutability") ||
		wording_has(text, "ImageTagAlreadyExistsException"));
}

/* True when another reference would be taken, or nothing is removed at all. */
static bool says_unsupported(const struct http_answer *answer)
{
	return answer->status == 405 || answer->status == 501 ||
	       answer_has_code(answer, "UNSUPPORTED") ||
	       answer_has_code(answer, "DIGEST_INVALID") || answer_has_code(answer, "TAG_INVALID");
}

bool remove_manifest(const struct repository *repository, const char *reference,
		     enum store_removal *out, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	struct request request = {.method = "DELETE", .answer_max = 64 * 1024};
	if (arena)
		request.path =
			arena_printf(arena, "/v2/%s/manifests/%s", repository->name, reference);
	if (!request.path)
		return error_memory(err);
	bool sent = request_send(repository, &request, &answer, err);
	int status = sent ? answer.status : err->http_status;
	if (sent && status >= 200 && status < 300)
		*out = STORE_REMOVED;
	else if (sent && status == 404)
		*out = STORE_GONE;
	else if (sent && says_immutable(&answer))
		*out = STORE_IMMUTABLE;
	else if (status == 501 || (sent && says_unsupported(&answer)))
		*out = STORE_NOT_SO;
	else if (sent)
		return request_refused(repository, &request, &answer, err);
	else
		return false;
	return true;
}
